/** An invented federation whose administrators sit at three machines, with an office in memory between them. Units say what tests let them say. */
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { stateFreshness } from "../../agency-node/registrar/statement.ts";
import type { Desk } from "../../agency-node/admin/desk.ts";
import type { BoardOffice } from "../../agency-node/admin/office.ts";
import { takeSeat } from "../../agency-node/admin/seat.ts";
import type { Seat } from "../../agency-node/admin/seat.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { directiveHash } from "../../shared/core/chain.ts";
import type { EpochHealth } from "../../shared/core/data-plane.ts";
import type { MemberKey } from "../../shared/core/directive.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Incarnation, MemberId } from "../../shared/core/ids.ts";
import { generateKeyShare, publicKeyOf } from "../../shared/crypto/oprf.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { keyId, signPayload } from "../../shared/crypto/sign.ts";
import { decodeChain } from "../../shared/party/chain-file.ts";
import { readSecret } from "../../shared/party/key-files.ts";
import { keyFile, partyFile } from "../../shared/party/files.ts";
import { prepareSealingKey, readSigningKeys } from "../../shared/party/keys.ts";
import { signEvaluatorOffer } from "../../shared/wire/board.ts";
import { signSubmission } from "../../shared/wire/data-plane.ts";
import { decodeSignedFreshness, encodeKeyOffer } from "../../shared/wire/directive.ts";
import { NOW_MS } from "../trust/sample-federation.ts";
import type { SampleFederation } from "../trust/sample-federation.ts";
import { MemoryOffice } from "./board-office.ts";

export type AdministratorName = "chair" | "deputy" | "clerk";

export type Shown = { readonly said: string[]; readonly objects: Record<string, unknown>[] };

export class BoardRoom implements Disposable {
  readonly sample: SampleFederation;
  readonly office: MemoryOffice;

  private constructor(sample: SampleFederation, office: MemoryOffice) {
    this.sample = sample;
    this.office = office;
    this.renewFreshness();
  }

  /** A room of its own in a copy of a founded federation: founding takes longer than most tests. */
  static open(template: SampleFederation): BoardRoom {
    const sample = copyOf(template);
    const chain = decodeChain(new Uint8Array(readFileSync(partyFile(sample.dir("broker"), "chain"))));
    const sealingKeyOf = (epoch: number): Uint8Array => prepareSealingKey(sample.dir("broker"), epoch);
    return new BoardRoom(sample, new MemoryOffice({ chain, nowMs: NOW_MS, sealingKeyOf }));
  }

  member(slug: string): MemberId {
    return this.sample.founded.members.get(slug) as MemberId;
  }

  async seat(name: AdministratorName, tamper: Partial<BoardOffice> = {}): Promise<Seat> {
    return await takeSeat(this.sample.dir(name), this.office.open(tamper), NOW_MS);
  }

  /** A seat with a screen. `answer`: what the person types when asked. */
  async desk(
    name: AdministratorName,
    { tamper = {}, answer }: { readonly tamper?: Partial<BoardOffice>; readonly answer?: string } = {},
  ): Promise<Desk & Shown> {
    const shown: Shown = { said: [], objects: [] };
    const output = {
      say: (text: string) => void shown.said.push(text),
      json: (value: unknown) => void shown.objects.push(value as Record<string, unknown>),
    };
    const ask = answer === undefined ? undefined : async () => answer;
    return { seat: await this.seat(name, tamper), output, ask, ...shown };
  }

  /** As the registrar does whenever the chain has grown. */
  renewFreshness(): void {
    const freshnessSeed = readSecret(keyFile(this.sample.founded.registrarDir, "freshness.key"), 32);
    const statement = stateFreshness({ federation: this.office.state, freshnessSeed, nowMs: NOW_MS });
    this.office.freshness = decodeSignedFreshness(statement);
  }

  /** The digest of the newest proposal, as its proposer reads it out. */
  get digest(): string {
    const { signed } = this.office.kept.at(-1) as (typeof this.office.kept)[number];
    return toHex(directiveHash(signed.payload));
  }

  /** A unit makes a sealing key for an epoch and offers it. */
  offerKey(slug: string, epoch: number): MemberKey {
    const dir = this.sample.dir(slug);
    const { publicKey, secretKey } = readSigningKeys(dir);
    const offer = { member: this.member(slug), epoch, sealingKey: prepareSealingKey(dir, epoch) };
    const payload = encodeKeyOffer(offer);
    const signature = signPayload({ type: "key-offer", federation: this.office.state.id, payload, secretKey });
    const key = { ...offer, payload, signature: { keyId: keyId(publicKey), signature } };
    this.office.memberKeys.push(key);
    return key;
  }

  /** Evaluators offer key shares of a generation. Returns the public ones, by name. */
  offerShares(generation: number): ReadonlyMap<string, Uint8Array> {
    const shares = new Map<string, Uint8Array>();
    for (const [party, name] of [
      ["broker", "broker"],
      ["key-office", "key-office"],
    ] as const) {
      const sharePublicKey = publicKeyOf(generateKeyShare(randomBytes(64)));
      const signer = readSigningKeys(this.sample.dir(party));
      const scope = { federation: this.office.state.id, signer };
      this.office.evaluatorOffers.push(signEvaluatorOffer({ name, generation, sharePublicKey }, scope));
      shares.set(name, sharePublicKey);
    }
    return shares;
  }

  /** A unit says how it is; `over` of its figures for the epoch. */
  report(slug: string, epoch: number, over: Partial<EpochHealth> = {}, nodeTimeMs = NOW_MS): void {
    const { state } = this.office;
    const member = this.member(slug);
    const figures = {
      records: 10,
      published: 10,
      digestAgreedMs: NOW_MS,
      canariesMet: 3,
      canariesExpected: 3,
      canariesMissing: [],
    };
    const { signed: statement } = signSubmission(
      {
        recipientKey: randomBytes(32),
        member,
        incarnation: toId<Incarnation>("11".repeat(16)),
        sequence: 1,
        prevHash: new Uint8Array(32),
        epoch,
        body: {
          kind: "health",
          version: "0.1.0",
          nodeTimeMs,
          outboxSinceMs: 0,
          capabilities: [],
          skippedNotices: 0,
          recordsNotCompared: 0,
          clockSkewMs: 0,
          heldStrays: 0,
          contestedExpiries: 0,
          canariesUnprovenSinceMs: 0,
          directiveNumber: state.head.number,
          directiveHash: state.head.hash,
          epochs: [{ epoch, ...figures, obstacle: "", ...over }],
        },
      },
      { federation: state.id, signer: readSigningKeys(this.sample.dir(slug)) },
    );
    const held = [{ epoch, records: 10, tokens: 160 }];
    const rest = this.office.health.filter((each) => each.member !== member);
    const entry = { member, statement, receivedAtMs: NOW_MS, lastAppliedMs: NOW_MS, held, streamsRefused: false };
    this.office.health = [...rest, entry];
  }

  [Symbol.dispose](): void {
    this.sample[Symbol.dispose]();
  }
}

function copyOf({ root: from, plan, founded }: SampleFederation): SampleFederation {
  const root = mkdtempSync(join(tmpdir(), "causeway-board-"));
  chmodSync(root, 0o700);
  cpSync(from, root, { recursive: true });
  return {
    root,
    plan,
    founded: { ...founded, registrarDir: join(root, relative(from, founded.registrarDir)) },
    dir: (party) => join(root, party),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}
