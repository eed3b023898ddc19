/** An invented federation with a chain that really holds, and a broker that says what a test wants it to say. */
import type { Alarm } from "../../broker/core/alarm.ts";
import type {
  BrokerStatus,
  ConsoleData,
  MemberHealth,
  Proposal,
  ReceivedEnrolment,
  Spending,
} from "../../broker/console/console-data.ts";
import { concat } from "../../shared/core/bytes.ts";
import { directiveHash, foldDirective } from "../../shared/core/chain.ts";
import type { PurgeAttestation } from "../../shared/core/board.ts";
import type { EpochHealth } from "../../shared/core/data-plane.ts";
import { isOpen, openEpochs } from "../../shared/core/decisions.ts";
import type {
  Admission,
  Directive,
  DirectiveBody,
  DomainSalt,
  EpochOpen,
  EpochSalt,
  Federation,
  Freshness,
  SignedDirective,
} from "../../shared/core/directive.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { generateKeyShare, publicKeyOf } from "../../shared/crypto/oprf.ts";
import { sealingKeyPair } from "../../shared/crypto/seal.ts";
import { keyId, signPayload } from "../../shared/crypto/sign.ts";
import { decodeDirective, encodeDirective } from "../../shared/wire/directive.ts";
import {
  NOW_MS,
  bytesOf,
  signerOf,
  seatOf,
  BOARD,
  memberId,
  admission,
  sealed,
  healthIn,
} from "./invented-federation.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What a test wants the broker to say. Everything may be changed; `changed()` tells the console. */
export class InventedBroker implements ConsoleData {
  nowMs = NOW_MS;
  state: Federation;
  readonly signed: SignedDirective[] = [];
  statusNow: BrokerStatus = {
    version: "0.2.0",
    natsConnected: true,
    journal: { storedAtMs: NOW_MS, refused: undefined },
    records: 0,
    tokens: 0,
    matchesOpened: 0,
    matchesOpen: 0,
  };
  statement: Freshness | undefined;
  proposed: Proposal[] = [];
  invited: { readonly note: string; readonly validUntilMs: number }[] = [];
  enrolled: ReceivedEnrolment[] = [];
  readonly healthOf = new Map<MemberId, MemberHealth>();
  purged: PurgeAttestation[] = [];
  spent: Spending[] = [];
  raised: Alarm[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(board: readonly string[] = BOARD, foundedAtMs = NOW_MS - 265 * DAY) {
    const share = (name: string): Uint8Array =>
      publicKeyOf(generateKeyShare(concat(bytesOf(`${name} share 1`), bytesOf(`${name} share 2`))));
    const broker = signerOf("broker").publicKey;
    const body: DirectiveBody = {
      type: "found",
      name: "Lakeside federation",
      board: board.map(seatOf),
      quorum: 2,
      broker: { name: "broker", signingKey: broker, address: "broker.example:7400" },
      evaluators: [
        { name: "broker", address: "broker.example:7400", signingKey: broker, sharePublicKey: share("broker") },
        {
          name: "key-office",
          address: "key-office.example:7410",
          signingKey: signerOf("key-office").publicKey,
          sharePublicKey: share("key-office"),
        },
      ],
      generation: 1,
      // Longer than a key, as a certificate is.
      tlsRoots: [concat(bytesOf("certificate"), bytesOf("of the root"))],
      freshnessKey: signerOf("freshness").publicKey,
    };
    const signed = this.#sign(this.#directive(body, foundedAtMs, undefined), board.slice(0, 2));
    this.state = foldDirective(undefined, signed, {
      pinnedFingerprint: directiveHash(signed.payload),
      nowMs: foundedAtMs,
    });
    this.signed.push(signed);
  }

  chain() {
    return { federation: this.state, directives: this.signed };
  }
  freshness() {
    return this.statement;
  }
  status() {
    return this.statusNow;
  }
  proposals() {
    return this.proposed;
  }
  invitations() {
    return this.invited;
  }
  enrolments() {
    return this.enrolled;
  }
  health() {
    return this.healthOf;
  }
  attestations() {
    return this.purged;
  }
  spending() {
    return this.spent;
  }
  alarms() {
    return this.raised;
  }

  acknowledge(id: number, of: { readonly by: string; readonly note: string }): boolean {
    const index = this.raised.findIndex((alarm) => alarm.id === id && alarm.acknowledged === undefined);
    const found = this.raised[index];
    if (found === undefined) return false;
    this.raised[index] = { ...found, acknowledged: { ...of, atMs: this.nowMs } };
    this.changed();
    return true;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** How many wait to be told. */
  get listeners(): number {
    return this.#listeners.size;
  }

  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** The board decides, and the broker learns of it. */
  decide(body: DirectiveBody, signers: readonly string[] = BOARD.slice(0, 2), atMs = this.nowMs): SignedDirective {
    const signed = this.#sign(this.#directive(body, atMs, this.state), signers);
    const pinnedFingerprint = directiveHash((this.signed[0] as SignedDirective).payload);
    this.state = foldDirective(this.state, signed, { pinnedFingerprint, nowMs: atMs });
    this.signed.push(signed);
    this.changed();
    return signed;
  }

  admit(slug: string, name: string, changes: Partial<Admission> = {}, atMs = this.nowMs): void {
    const admit = admission(slug, name, changes);
    this.decide({ type: "admit", ...admit, salts: this.saltsFor(admit) }, undefined, atMs);
  }

  /** The salts of all open epochs, sealed to a member; what is in the boxes is for nodes to prove. */
  saltsFor({ domains, slug }: Pick<Admission, "domains" | "slug">): EpochSalt[] {
    return openEpochs(this.state).flatMap(({ epoch, salts }) =>
      salts
        .filter(({ domain }) => domains.includes(domain))
        .map(({ domain }) => ({ epoch, domain, sealed: sealed(`${slug} ${epoch} ${domain}`) })),
    );
  }

  opening(epoch: number, atMs: number, scheme = "causeway-3"): DirectiveBody & EpochOpen {
    const { generation } = this.state.found;
    const domains = [...new Set([...this.state.members.values()].flatMap((member) => member.domains))];
    return {
      type: "epochOpen",
      epoch,
      salts: domains.map((domain) => this.#salt(epoch, domain)),
      scheme,
      generation,
      brokerSealingKey: sealingKeyPair(bytesOf(`broker sealing ${epoch}`)).publicKey,
      opensAtMs: atMs,
      retiresAtMs: atMs + 365 * DAY,
      evaluators: [],
      memberKeys: [],
    };
  }

  /** The board gives the first seat to somebody else. */
  replaceFirstSeat(name: string): void {
    const board = [seatOf(name), ...this.state.found.board.slice(1)];
    const shares = openEpochs(this.state).flatMap(({ epoch, salts }) =>
      salts.map(({ domain }) => ({
        epoch,
        domain,
        shares: board.map((seat) => ({
          administratorKeyId: keyId(seat.signingKey),
          sealed: sealed(`${seat.name} ${epoch} ${domain}`),
        })),
      })),
    );
    this.decide({ type: "boardChange", board, quorum: 2, shares, reason: "Retirement." }, BOARD.slice(1));
  }

  /** Puts a proposal before the board. */
  propose(body: DirectiveBody, signers: readonly string[], changes: Partial<Proposal> = {}): Proposal {
    const signed = this.#sign(this.#directive(body, this.nowMs - 2 * HOUR, this.state), signers);
    const proposal = { signed, state: "waiting" as const, proposedAtMs: this.nowMs - 2 * HOUR, ...changes };
    this.proposed = [...this.proposed, proposal];
    return proposal;
  }

  /** A node that is well, but for what is said. */
  hear(
    slug: string,
    changes: { readonly statement?: Partial<MemberHealth["statement"]> } & Partial<
      Omit<MemberHealth, "statement">
    > = {},
  ): void {
    const { head, epochs } = this.state;
    const { statement, ...rest } = changes;
    const open = [...epochs.values()].filter(isOpen);
    const told = statement?.epochs ?? open.map(({ epoch }): EpochHealth => healthIn(epoch, 12_000, this.nowMs));
    this.healthOf.set(memberId(slug), {
      receivedAtMs: this.nowMs - 40_000,
      lastAppliedMs: this.nowMs - 3 * MINUTE,
      held: told.map(({ epoch, published }) => ({ epoch, records: published, tokens: published * 24 })),
      streamsRefused: false,
      isQuarantined: false,
      ...rest,
      statement: {
        version: "0.2.0",
        nodeTimeMs: this.nowMs - 40_000,
        outboxSinceMs: 0,
        capabilities: [],
        skippedNotices: 0,
        recordsNotCompared: 0,
        clockSkewMs: 0,
        heldStrays: 0,
        contestedExpiries: 0,
        canariesUnprovenSinceMs: 0,
        directiveNumber: head.number,
        directiveHash: head.hash,
        epochs: told,
        ...statement,
      },
    });
  }

  fresh(validForMs = 20 * HOUR): void {
    const { id, head } = this.state;
    const issuedAtMs = this.nowMs - HOUR;
    this.statement = {
      federation: id,
      number: head.number,
      headHash: head.hash,
      issuedAtMs,
      validUntilMs: this.nowMs + validForMs,
    };
  }

  #directive(body: DirectiveBody, issuedAtMs: number, state: Federation | undefined): Directive {
    const number = (state?.head.number ?? 0) + 1;
    return {
      federation: state?.id ?? bytesOf("federation", 16),
      number,
      prevHash: state?.head.hash ?? new Uint8Array(32),
      issuedAtMs,
      notAfterMs: issuedAtMs + 7 * DAY,
      nonce: bytesOf(`nonce ${number} ${body.type}`, 16),
      body,
    };
  }

  #sign(directive: Directive, signers: readonly string[]): SignedDirective {
    const payload = encodeDirective(directive);
    const { federation } = directive;
    const signatures = signers.map((name) => {
      const { publicKey, secretKey } = signerOf(name);
      return { keyId: keyId(publicKey), signature: signPayload({ type: "directive", federation, payload, secretKey }) };
    });
    return { payload, directive: decodeDirective(payload), signatures };
  }

  #salt(epoch: number, domain: Domain): DomainSalt {
    const { board, quorum } = this.state.found;
    const entitled = [...this.state.members.values()].filter((member) => member.domains.includes(domain));
    const word = `${epoch} ${domain}`;
    return {
      domain,
      commitment: bytesOf(`commitment ${word}`),
      contributions: board
        .slice(0, quorum)
        .map((seat) => ({ administratorKeyId: keyId(seat.signingKey), commitment: bytesOf(`${seat.name} ${word}`) })),
      boxes: entitled.map(({ member, slug }) => ({ member, sealed: sealed(`${slug} ${word}`) })),
      shares: board.map((seat) => ({
        administratorKeyId: keyId(seat.signingKey),
        sealed: sealed(`${seat.name} ${word}`),
      })),
    };
  }
}
