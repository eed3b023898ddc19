/**
 * What the broker tells this member: receipts, gaps and notices (protocol sections 7 and 8). Every byte comes through servers that may
 * repeat, drop and re-order; every notice is by the broker's own signature and chained to the one before. Acknowledged to NATS only
 * when the change it makes is on disk.
 */
import type {
  Beat,
  Delivery,
  DigestAnswer,
  Gap,
  Receipt,
  Receipts,
  RejectionReason,
} from "../../shared/core/data-plane.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import type { BusMessage, Bus } from "../../shared/bus/bus.ts";
import type { Line } from "./line.ts";
import { pause } from "../../shared/world/wait.ts";
import { deliveryStream, NODE_CONSUMER } from "../../shared/wire/subjects.ts";
import type { Retries } from "../retries.ts";
import type { Outbox, PositionRange } from "../store/outbox.ts";
import type { Version } from "../store/publications.ts";
import type { StandingStore } from "../store/standings.ts";
import { Wake } from "../../shared/world/wake.ts";
import { events } from "../events.ts";
import { NoticeLine } from "./notice-line.ts";
import type { NoticeLineParts } from "./notice-line.ts";

export type ReceiverParts = NoticeLineParts & {
  readonly bus: Pick<Bus, "consume">;
  readonly standings: StandingStore;
  readonly outbox: Outbox;
  readonly member: MemberId;
  readonly line: Line;
  readonly retries: Retries;
  /** Opens and verifies; throws UNPROVEN or INVALID. */
  open(sealed: Uint8Array): { readonly delivery: Delivery; readonly hash: Uint8Array };
  /** Carries out what the broker says of a digest, inside a transaction. */
  takeDigestAnswer(answer: DigestAnswer): void;
  /** Sends what was found of the meetings told, inside a transaction. */
  sendStatements(): void;
  /** Receipts have been taken: there is room in the outbox, and records stand. */
  onReceipt(): void;
  /** The broker may hold something else than we sent. */
  onDoubt(): void;
  /** The broker lacks the row at this position. */
  resendFrom(position: number): void;
  /** The broker lacks these. */
  resend(ranges: readonly PositionRange[]): void;
};

/** A delivery that cannot be carried out now is tried again after this long, and holds up those behind it. */
const TRY_AGAIN_MS = 1_000;
/**
 * A directive on its way may name the key that signed a delivery. Shorter than NATS waits for an acknowledgement before it delivers again.
 */
const DIRECTIVE_WITHIN_MS = 3_000;
/** After such a wait in vain: forgeries hold the others up no more often, however many there are. */
const NO_WAIT_MS = 60_000;
/** A gap for something receipted is believed when it is told anew this long after the first time: NATS may repeat an old one. */
const LOSS_CERTAIN_MS = 5_000;

type Loss = { readonly gap: Gap; readonly streamSequence: number; readonly atMs: number };

export class Receiver {
  readonly #parts: ReceiverParts;
  readonly #notices: NoticeLine;
  #loss: Loss | undefined;
  readonly #directive: Wake;
  /** Until then no directive is waited for. */
  #noWaitUntilMs = Number.NEGATIVE_INFINITY;

  constructor(parts: ReceiverParts) {
    this.#parts = parts;
    this.#directive = new Wake(parts.world);
    this.#notices = new NoticeLine(parts);
  }

  /** "The last notice I hold is this one": the broker sends what lacks. */
  connect(): void {
    this.#notices.connect();
  }

  /** It may name the key that signed what came, and open an epoch in which something can be said. */
  onDirective(): void {
    this.#directive.set();
    this.connect();
  }

  /** Receives until the bus ends or the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { bus, member } = this.#parts;
    try {
      for await (const message of bus.consume(deliveryStream(member), NODE_CONSUMER)) {
        if (!(await this.#take(message, signal))) return;
        message.ack();
      }
    } finally {
      this.#notices.end();
    }
  }

  /** False when the signal aborted before it was carried out: NATS will deliver it again. */
  async #take(message: BusMessage, signal: AbortSignal): Promise<boolean> {
    const opened = await this.#open(message.data, signal);
    if (opened === undefined) return !signal.aborted;
    for (;;) {
      try {
        this.#carryOut(opened.delivery.body, opened.hash, message.streamSequence);
        this.#parts.retries.done("delivery");
        return true;
      } catch (error) {
        if (!isCausewayError(error)) throw error;
        this.#parts.retries.failed("delivery", error);
        events.delivery.waiting(this.#parts.world.log, error, { kind: opened.delivery.body.kind });
      }
      await pause(this.#parts.world, TRY_AGAIN_MS, signal);
      if (signal.aborted) return false;
    }
  }

  /**
   * Undefined for what nobody can read, if not for lack of a directive that is on its way: it must not hold up what is behind it, and if
   * the broker meant to say something, it says it again.
   */
  async #open(sealed: Uint8Array, signal: AbortSignal): Promise<ReturnType<ReceiverParts["open"]> | undefined> {
    const cameMs = this.#parts.world.elapsedMs();
    const waitMs = cameMs < this.#noWaitUntilMs ? 0 : DIRECTIVE_WITHIN_MS;
    for (;;) {
      try {
        return this.#parts.open(sealed);
      } catch (error) {
        const unproven = isCausewayError(error, "UNPROVEN");
        if (!unproven && !isCausewayError(error, "INVALID")) throw error;
        const leftMs = unproven ? cameMs + waitMs - this.#parts.world.elapsedMs() : 0;
        if (leftMs <= 0 || signal.aborted) {
          if (unproven && waitMs > 0) this.#noWaitUntilMs = this.#parts.world.elapsedMs() + NO_WAIT_MS;
          events.delivery.refused(this.#parts.world.log, error);
          return undefined;
        }
        await this.#directive.wait(leftMs, signal);
      }
    }
  }

  #carryOut(body: Delivery["body"], hash: Uint8Array, streamSequence: number): void {
    switch (body.kind) {
      case "receipt":
        return this.#settle(body);
      case "gap":
        return this.#fillGap(body, streamSequence);
      case "notice":
      case "unknownNotice":
        return this.#notices.take(body, hash);
      case "beat":
        return this.#takeBeat(body, streamSequence);
      case "digestAnswer":
        return this.#parts.db.transaction(() => this.#parts.takeDigestAnswer(body));
      case "unknown":
        return events.delivery.kindUnknown(this.#parts.world.log, { field: body.field });
    }
  }

  /** All of a beat in one transaction, but for what is asked because of it. */
  #takeBeat(beat: Beat, streamSequence: number): void {
    const { db, world, takeDigestAnswer, sendStatements, onReceipt, onDoubt } = this.#parts;
    const { receipts, digestAnswers, notices, compare, issuedAtMs } = beat;
    this.#compareClocks(issuedAtMs);
    const rejected = db.transaction(() => {
      const found = receipts === undefined ? [] : this.#settleThrough(receipts);
      for (const answer of digestAnswers) takeDigestAnswer(answer);
      this.#notices.takeBatches(notices);
      sendStatements();
      return found;
    });
    if (receipts !== undefined) onReceipt();
    if (rejected.length > 0) events.submission.rejected(world.log, { entries: rejected.length, reason: rejected[0] });
    if (receipts !== undefined) this.#resend(receipts, streamSequence);
    if (!compare) return;
    this.connect();
    onDoubt();
  }

  /** In a transaction. Answers with the reasons of what did not stand. */
  #settleThrough({ incarnation, sequence, submissionHash, appliedAtMs, rejections }: Receipts): RejectionReason[] {
    const { outbox, standings, world } = this.#parts;
    this.#compareClocks(appliedAtMs, { incarnation, sequence });
    const bySequence = new Map(rejections.map((each) => [each.sequence, each.rejections]));
    const found: RejectionReason[] = [];
    for (const { version, handles } of outbox.settleThrough({ incarnation, sequence }, submissionHash) ?? []) {
      const reasons = new Map(bySequence.get(version.sequence)?.map(({ index, reason }) => [index, reason]));
      found.push(...reasons.values());
      standings.settleAll(handles, version, reasons, world.clock());
    }
    return found;
  }

  /** `answered`: for the receipt of a submission; it was written before, if it is here still. */
  #compareClocks(brokerMs: number, answered?: Version): void {
    const { outbox, line } = this.#parts;
    line.heardClock(brokerMs, answered === undefined ? undefined : outbox.writtenMsOf(answered));
  }

  /** What the broker lacks of what we still have; of what it had given a receipt for it has lost its memory. */
  #resend({ incarnation, missing }: Receipts, streamSequence: number): void {
    const { outbox, resend, world } = this.#parts;
    const ranges = missing.map((range) => ({ range, positions: outbox.positionsOf(incarnation, range) }));
    resend(ranges.flatMap(({ positions }) => positions ?? []));
    const lost = ranges.find(({ positions }) => positions === undefined)?.range;
    if (lost === undefined || incarnation !== outbox.incarnation) return;
    const gap: Gap = { kind: "gap", incarnation, expectedSequence: lost.first };
    this.#suspectLoss({ gap, streamSequence, atMs: world.elapsedMs() });
  }

  #settle(receipt: Receipt): void {
    const { db, outbox, standings, world, onReceipt } = this.#parts;
    const { submissionHash, rejections } = receipt;
    this.#compareClocks(receipt.appliedAtMs, receipt);
    const reasons = new Map(rejections.map(({ index, reason }) => [index, reason]));
    db.transaction(() => {
      const handles = outbox.settle(receipt, submissionHash);
      if (handles !== undefined) standings.settleAll(handles, receipt, reasons, world.clock());
    });
    onReceipt();
    const [first] = rejections;
    if (first !== undefined)
      events.submission.rejected(world.log, { entries: rejections.length, reason: first.reason });
  }

  #fillGap(gap: Gap, streamSequence: number): void {
    const { outbox, resendFrom } = this.#parts;
    const version = { incarnation: gap.incarnation, sequence: gap.expectedSequence };
    const position = outbox.positionOf(version);
    if (position !== undefined) return resendFrom(position);
    if (gap.incarnation === outbox.incarnation)
      this.#suspectLoss({ gap, streamSequence, atMs: this.#parts.world.elapsedMs() });
  }

  /**
   * The broker asks for what it gave a receipt for. If it asks anew, it has lost what it had promised to keep, and would wait for
   * ever: what still waits here goes out under a new incarnation. What it lost besides, a digest shows.
   */
  #suspectLoss(now: Loss): void {
    const { db, outbox, faults, world } = this.#parts;
    const before = this.#loss;
    if (before?.gap.incarnation !== now.gap.incarnation || before.gap.expectedSequence !== now.gap.expectedSequence) {
      this.#loss = now;
      return;
    }
    if (now.streamSequence <= before.streamSequence || now.atMs - before.atMs < LOSS_CERTAIN_MS) return;
    this.#loss = undefined;
    faults.lostSubmissions += 1;
    events.broker.submissionLost(world.log, undefined, { expected: now.gap.expectedSequence });
    db.transaction(() => {
      outbox.startOver();
      this.connect();
    });
    this.#parts.onDoubt();
  }
}
