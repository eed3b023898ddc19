/** The stores of one node in a directory of its own, and the broker's keys to read what it sends. All values are invented. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Line } from "../../agency-node/bus/line.ts";
import { Erasure } from "../../agency-node/erasure.ts";
import { Retries } from "../../agency-node/retries.ts";
import { StrayStore } from "../../agency-node/store/strays.ts";
import { Preparer } from "../../agency-node/publishing/preparer.ts";
import type { PreparerParts } from "../../agency-node/publishing/preparer.ts";
import { Acts } from "../../agency-node/publishing/acts.ts";
import { Inbox } from "../../agency-node/store/inbox.ts";
import { ActivityLog } from "../../agency-node/store/activity.ts";
import { NODE_DATABASE } from "../../agency-node/store/node-schema.ts";
import { Database } from "../../shared/store/database.ts";
import { HardenedStore } from "../../agency-node/store/hardened.ts";
import { LoanStore } from "../../agency-node/store/loans.ts";
import { Outbox } from "../../agency-node/store/outbox.ts";
import { RecordStore } from "../../agency-node/store/records.ts";
import type { StoredRecord } from "../../agency-node/store/records.ts";
import { StandingStore } from "../../agency-node/store/standings.ts";
import type { Version } from "../../agency-node/store/publications.ts";
import { Vault } from "../../agency-node/store/vault.ts";
import type { Comparison } from "../../agency-node/comparison.ts";
import type { Actor, Asking } from "../../agency-node/core/actor.ts";
import type { Layout } from "../../agency-node/core/publication.ts";
import { domainOf } from "../../agency-node/core/record.ts";
import type { DeconflictionRecord } from "../../agency-node/core/record.ts";
import { contentHash } from "../../agency-node/intake/content-hash.ts";
import { SCHEME } from "../../agency-node/linkage/scheme.ts";
import { fromHex, toHex, utf8 } from "../../shared/core/bytes.ts";
import { byClass } from "../../shared/core/data-plane.ts";
import type { Delivery, Receipt, Submission, SubmissionBody, Upsert } from "../../shared/core/data-plane.ts";
import { digestItem, digestKey } from "../../shared/core/digest.ts";
import type { Domain } from "../../shared/core/domain.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Handle, MemberId } from "../../shared/core/ids.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import type { HashKey } from "../../shared/crypto/hash.ts";
import { saltKey } from "../../shared/crypto/token.ts";
import { silentLog } from "../../shared/world/log.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { recipientKeyOf, sealingKeyPair } from "../../shared/crypto/seal.ts";
import { keyId, signingKeyPair } from "../../shared/crypto/sign.ts";
import { noticeHash, openDelivery, openSubmission, signDelivery } from "../../shared/wire/data-plane.ts";
import { sealMessage, signMessage } from "../../shared/wire/envelope.ts";
import { Delivery as WireDelivery } from "../../shared/wire/gen/causeway/v1/data_plane.ts";
import { invented } from "../crypto/support.ts";
import { laterKind } from "../support/later-kind.ts";
import { x25519PublicKey } from "../../shared/crypto/x25519.ts";

export const FEDERATION = invented("federation", 16);
export const MEMBER = toId<MemberId>("0d".repeat(16));
export const NODE_SIGNER = signingKeyPair(invented("node signer", 32));
const NODE_SEALING = sealingKeyPair(invented("node sealing", 32));
const BROKER_SIGNER = signingKeyPair(invented("broker signer", 32));
const BROKER_SEALING = sealingKeyPair(invented("broker sealing", 32));

/** Who acts in these tests. */
export const OFFICER: Actor = { kind: "person", known: "stated", name: "Quillon Overbeck-Test", uid: 4711 };
/** What services say of how far silence can be relied on, where that is not looked at. */
export const ALL_COMPARED = {
  reasonOf: () => undefined,
  report: { records: 0, hindrance: undefined, notCompared: [], overlapsWithoutRecord: 0 },
} as unknown as Comparison;
/** As a node derives it from its secret. */
export const handleOf = (domain: Domain, reference: string): Handle =>
  toId<Handle>(toHex(blake2b(16, utf8(`${domain} ${reference}`))));
export const because = (reason: string): Asking => ({ actor: OFFICER, reason });

export type Sent = { readonly submission: Submission; readonly hash: Uint8Array; readonly position: number };

export class TestNode implements Disposable {
  readonly dir: string;
  db!: Database;
  vault!: Vault;
  outbox!: Outbox;
  acts!: Acts;
  records!: RecordStore;
  standings!: StandingStore;
  hardened!: HardenedStore;
  loans!: LoanStore;
  inbox!: Inbox;
  activity!: ActivityLog;
  erasure!: Erasure;
  strays!: StrayStore;
  readonly line = new Line({ clock: () => this.nowMs, elapsedMs: () => this.nowMs });
  readonly retries = new Retries(() => this.nowMs);
  nowMs = Date.UTC(2026, 10, 22, 12);
  /** That which counts. */
  epoch: number | undefined = 1;
  /** Other open ones. */
  otherEpochs: number[] = [];

  constructor() {
    this.dir = mkdtempSync(join(tmpdir(), "causeway-node-test-"));
    this.open();
  }

  get path(): string {
    return join(this.dir, "node.sqlite");
  }

  /** Also what a restart does: everything in memory is new, the file stays. */
  open(key = invented("database key", 32)): void {
    this.db = new Database(this.path, NODE_DATABASE);
    this.vault = new Vault(key, { randomBytes });
    this.records = new RecordStore(this.db, this.vault);
    this.standings = new StandingStore(this.db, this.vault);
    if (this.standings.joined().length === 0) this.join(1);
    this.outbox = new Outbox({
      db: this.db,
      vault: this.vault,
      world: { clock: () => this.nowMs, randomBytes },
      address: (epoch) => this.#address(epoch),
      isOpen: (epoch) => this.isOpen(epoch),
      onAppend: () => undefined,
      onSettled: () => undefined,
      onRenumbered: (upserts, moved) => this.standings.renumber(upserts, moved, keyOf(moved.epoch)),
    });
    const world = { ...systemWorld(silentLog), clock: () => this.nowMs };
    this.acts = new Acts({ db: this.db, outbox: this.outbox, world, beatMs: 0, onSent: () => undefined });
    this.hardened = new HardenedStore(this.db, this.vault);
    this.loans = new LoanStore(this.db, this.vault);
    this.inbox = new Inbox(this.db, this.vault);
    this.activity = new ActivityLog(this.db, this.vault);
    this.strays = new StrayStore(this.db);
    const { db, records: store, standings, hardened, activity } = this;
    this.erasure = new Erasure({ db, store, standings, hardened, activity, world, endedKeptDays: 30 });
  }

  restart(): void {
    this.db[Symbol.dispose]();
    this.open();
  }

  /** The node takes part in an epoch, and people are shown its states. */
  join(epoch: number, generation = 1): void {
    this.standings.join(epoch, generation, SCHEME.name);
    this.standings.show(epoch);
  }

  isOpen(epoch: number): boolean {
    return epoch === this.epoch || this.otherEpochs.includes(epoch);
  }

  #address(epoch = this.epoch) {
    if (epoch === undefined || !this.isOpen(epoch)) throw new CausewayError("UNAVAILABLE", "no such epoch is open");
    const brokerSealingKey = BROKER_SEALING.publicKey;
    return { federation: FEDERATION, member: MEMBER, signer: NODE_SIGNER, epoch, brokerSealingKey };
  }

  /** Records that are still to be hardened, in the order of their arrival. */
  hardening(): StoredRecord[] {
    return this.records.hardening(this.records.unprepared(0, { after: 0, upTo: 1_000_000 }));
  }

  /** What waits in the outbox after a beat, as the broker reads it. */
  sent(): Sent[] {
    this.acts.send();
    return this.outbox.pending(0, 1_000).map(({ position, message }) => {
      const { submission, hash } = openSubmission(message, {
        federation: FEDERATION,
        keyPair: BROKER_SEALING,
        signingKeyOf: (id) => (id === toHex(keyId(NODE_SIGNER.publicKey)) ? NODE_SIGNER.publicKey : undefined),
      });
      return { position, submission, hash };
    });
  }

  /** Stores a record as an import does. */
  put(record: DeconflictionRecord): Handle {
    this.records.put(record, contentHash(record), handleOf(domainOf(record.role), record.reference));
    return this.records.byReference(record.reference).handle;
  }

  /** Makes a stored record ready under these generations, as if it had no identifiers. */
  prepare(handle: Handle, ...generations: readonly number[]): void {
    const stored = this.records.byHandle(handle)!;
    const { role, handling } = stored.record;
    const prepared = { domain: domainOf(role), handling, conversationKey: invented("key", 32), identifiers: [] };
    for (const generation of generations) {
      this.records.savePrepared(stored, { generation, scheme: SCHEME.name, prepared });
    }
    this.records.setReady(stored, 3);
  }

  /** Publishes a stored record, by default with a layout of nothing but padding. */
  publish(handle: Handle, day = 21_000, epoch = 1, layout = NOTHING): Version {
    return this.db.transaction(() => {
      if (this.records.isStillHardening(this.records.byHandle(handle)!)) this.prepare(handle, 1);
      const version = this.outbox.next();
      const entry = upsert(handle, day);
      const item = digestItem(keyOf(epoch), { handle, sequence: version.sequence }, entry.tokens);
      const due = { ...this.records.byHandle(handle)!, sentBefore: true };
      this.standings.setWaiting({ due, version, publication: { epoch, domain: "target", layout }, item, day });
      return this.outbox.append({ kind: "publication", entries: [entry] }, [handle], epoch);
    });
  }

  [Symbol.dispose](): void {
    this.db[Symbol.dispose]();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

const keyOf = (epoch: number): HashKey => digestKey(FEDERATION, MEMBER, epoch);

const places = Array.from({ length: 8 }, () => null);
export const NOTHING: Layout = { single: places, opening: places, support: places };

function upsert(handle: Handle, reviewByDay: number): Upsert {
  const tokens = byClass(() => randomBytes(128));
  const tags = byClass(() => randomBytes(64));
  const conversationKey = x25519PublicKey(randomBytes(32));
  const about = { handle, domain: "target", handling: "open", reviewByDay, conversationKey } as const;
  return { operation: "upsert", ...about, tokens, tags, binder: randomBytes(32), blind: randomBytes(32) };
}

/** Over the node's stores, with evaluators that answer at once. */
export function preparerOf(
  { db, records, hardened, loans }: TestNode,
  over: Partial<PreparerParts> & Pick<PreparerParts, "world" | "onReady">,
): Preparer {
  return new Preparer({
    db,
    records,
    hardened,
    loans,
    harden: async ({ inputs }) => inputs.map((input) => blake2b(64, input)),
    terms: () => [{ epoch: 1, generation: 1, salts: new Map([["target", saltKey(invented("salt", 32))]]) }],
    conversationKey: () => invented("conversation", 32),
    isArriving: () => false,
    beatMs: 0,
    ...over,
  });
}

export function receiptOf({ submission, hash }: Sent, rejections: Receipt["rejections"] = []): Receipt {
  const { incarnation, sequence } = submission;
  return { kind: "receipt", incarnation, sequence, submissionHash: hash, appliedAtMs: 1, rejections };
}

/** A delivery as it comes from NATS, and the hash that the next notice names. */
export function delivered(body: Delivery["body"], signer = BROKER_SIGNER): { sealed: Uint8Array; hash: Uint8Array } {
  const delivery: Delivery = { recipientKey: recipientKeyOf(NODE_SEALING.publicKey), member: MEMBER, body };
  const { signed, hash } = signDelivery(delivery, { federation: FEDERATION, signer });
  return { sealed: sealMessage(signed, NODE_SEALING.publicKey, randomBytes(32)), hash };
}

/** A notice whose event a later version has added. */
export function deliveredNoticeOfLaterKind(number: number, prevHash: Uint8Array): ReturnType<typeof delivered> {
  const value = { number: BigInt(number), prevHash, issuedAtMs: 1n, event: undefined, ...laterKind(17) };
  return deliveredMessage({ body: { $case: "notice", value } });
}

export function deliveredOfLaterKind(): Uint8Array {
  return deliveredMessage({ body: undefined, ...laterKind(14) }).sealed;
}

function deliveredMessage(fields: Omit<WireDelivery, "recipientKey" | "member">): ReturnType<typeof delivered> {
  const recipientKey = recipientKeyOf(NODE_SEALING.publicKey);
  const payload = WireDelivery.encode({ recipientKey, member: fromHex(MEMBER), ...fields }).finish();
  const signed = signMessage(payload, { federation: FEDERATION, type: "delivery" }, BROKER_SIGNER);
  return { sealed: sealMessage(signed, NODE_SEALING.publicKey, randomBytes(32)), hash: noticeHash(payload) };
}

export function openAtNode(
  sealed: Uint8Array,
  brokerSigningKey = BROKER_SIGNER.publicKey,
): ReturnType<typeof openDelivery> {
  return openDelivery(sealed, {
    federation: FEDERATION,
    member: MEMBER,
    keyPair: NODE_SEALING,
    brokerSigningKey,
  });
}

export function person(reference: string, over: Partial<DeconflictionRecord> = {}): DeconflictionRecord {
  return {
    reference,
    subject: {
      kind: "person",
      names: [{ text: `Invented ${reference}`, strength: "full" }],
      birthDates: ["1984-03-12"],
    },
    role: "suspect",
    legalBasis: "Invented Act, section 1",
    caseReference: "CASE-INVENTED-1",
    handling: "open",
    reviewBy: "2027-03-31",
    ...over,
  };
}

export const kindsOf = (sent: readonly Sent[]): SubmissionBody["kind"][] =>
  sent.map(({ submission }) => submission.body.kind);
