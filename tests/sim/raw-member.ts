/** A member on a bus, without a node: signs, seals and sends, and reads what it is sent. All keys are invented. */
import type { Bus } from "../../shared/bus/bus.ts";
import { equalBytes, toHex } from "../../shared/core/bytes.ts";
import type {
  Delivery,
  Entry,
  NoticeEvent,
  Receipt,
  Submission,
  SubmissionBody,
} from "../../shared/core/data-plane.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Incarnation, MatchId, MemberId } from "../../shared/core/ids.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import type { SealingKeyPair } from "../../shared/crypto/seal.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { openDelivery, signSubmission } from "../../shared/wire/data-plane.ts";
import { sealMessage } from "../../shared/wire/envelope.ts";
import { deliveryStream, NODE_CONSUMER, submissionSubject } from "../../shared/wire/subjects.ts";
import type { Randomness } from "../../shared/world/world.ts";
import { bound, lastMeeting, stateOn } from "../broker/support.ts";
import type { PublishedVersion } from "../broker/support.ts";
import { recipientKeyOf } from "../../shared/crypto/seal.ts";

export type RawMemberParts = {
  readonly member: MemberId;
  readonly signer: SigningKeyPair;
  readonly sealing: SealingKeyPair;
  readonly federation: () => Federation;
  readonly bus: Bus;
  readonly world: Randomness;
};

const EPOCH = 1;

export class RawMember {
  readonly received: Delivery[] = [];
  readonly #parts: RawMemberParts;
  readonly #incarnation: Incarnation;
  /** By handle and sequence. */
  readonly #published = new Map<string, PublishedVersion>();
  #sequence = 0;
  #prevHash: Uint8Array = new Uint8Array(32);

  constructor(parts: RawMemberParts) {
    this.#parts = parts;
    this.#incarnation = toId<Incarnation>(toHex(parts.world.randomBytes(16)));
  }

  /** Until the bus is left. */
  async listen(): Promise<void> {
    const { member, sealing, federation, bus } = this.#parts;
    for await (const message of bus.consume(deliveryStream(member), NODE_CONSUMER)) {
      const scope = {
        federation: federation().id,
        member,
        keyPair: sealing,
        brokerSigningKey: federation().found.broker.signingKey,
        isOwnKey: (key: Uint8Array) => equalBytes(key, recipientKeyOf(sealing.publicKey)),
      };
      this.received.push(openDelivery(message.data, scope).delivery);
      message.ack();
    }
  }

  async publish(...entries: readonly Entry[]): Promise<void> {
    const { federation, member } = this.#parts;
    const publisher = { federation: federation().id, member, epoch: EPOCH };
    const published = entries.map((entry) => bound(entry, publisher));
    for (const record of published) {
      if (record.operation === "upsert")
        this.#published.set(`${record.handle} ${this.#sequence + 1}`, { record, publisher });
    }
    await this.submit({ kind: "publication", entries: published });
  }

  /** States on the meetings that it was last told of these matches. */
  async state(...matchIds: readonly MatchId[]): Promise<void> {
    const { signer } = this.#parts;
    const statements = matchIds.map((matchId) => {
      const { handle, amendment, meeting } = lastMeeting(this.events, matchId);
      const version = this.#published.get(`${handle} ${meeting.sequence}`) as PublishedVersion;
      return stateOn({ ...version, signer, matchId, amendment, meeting });
    });
    await this.submit({ kind: "statements", statements });
  }

  /** Matches that were opened to it. */
  get matches(): MatchId[] {
    return this.events.flatMap((event) => (event.type === "matchOpened" ? [event.matchId] : []));
  }

  /** Sends the next submission of its chain. */
  async submit(body: SubmissionBody): Promise<void> {
    const { member, signer, federation, bus, world } = this.#parts;
    const sealingKey = federation().epochs.get(EPOCH)?.brokerSealingKey as Uint8Array;
    this.#sequence += 1;
    const submission: Submission = {
      recipientKey: recipientKeyOf(sealingKey),
      member,
      incarnation: this.#incarnation,
      sequence: this.#sequence,
      prevHash: this.#prevHash,
      epoch: EPOCH,
      body,
    };
    const { signed, hash } = signSubmission(submission, { federation: federation().id, signer });
    this.#prevHash = hash;
    const sealed = sealMessage(signed, sealingKey, world.randomBytes(32));
    await bus.publish(submissionSubject(member, EPOCH), sealed, toHex(blake2b(32, sealed)));
  }

  get receipts(): Receipt[] {
    return this.received.flatMap(({ body }) => (body.kind === "receipt" ? [body] : []));
  }

  get events(): NoticeEvent[] {
    return this.received.flatMap(({ body }) => (body.kind === "notice" ? [body.event] : []));
  }
}
