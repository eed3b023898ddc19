/**
 * What the broker tells this member: receipts, gaps and notices (protocol sections 7 and 8). Every byte comes through servers that may
 * repeat, drop and re-order; every notice is by the broker's own signature and chained to the one before. Acknowledged to NATS only
 * when the change it makes is on disk.
 */
import { equalBytes } from "../../shared/core/bytes.ts";
import { CAPABILITIES } from "../../shared/core/capabilities.ts";
import type { Capabilities } from "../../shared/core/capabilities.ts";
import type {
  Delivery,
  DigestAnswer,
  Gap,
  Notice,
  Receipt,
  SubmissionBody,
  UnknownNotice,
} from "../../shared/core/data-plane.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import type { BusMessage, Bus } from "../../shared/bus/bus.ts";
import { pause } from "../../shared/world/wait.ts";
import { deliveryStream, NODE_CONSUMER } from "../../shared/wire/subjects.ts";
import type { Database } from "../../shared/store/database.ts";
import type { Inbox } from "../store/inbox.ts";
import type { Outbox } from "../store/outbox.ts";
import type { StandingStore } from "../store/standings.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { CallOff, World } from "../../shared/world/world.ts";
import { events } from "../events.ts";

export type ReceiverParts = {
  readonly bus: Pick<Bus, "consume">;
  readonly db: Database;
  readonly standings: StandingStore;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly member: MemberId;
  readonly world: World;
  /** Of this program, told to the broker. */
  readonly version: string;
  /** What the broker states to understand. */
  broker(): Capabilities;
  readonly faults: BrokerFaults;
  /** Opens and verifies; throws UNPROVEN or INVALID. */
  open(sealed: Uint8Array): { readonly delivery: Delivery; readonly hash: Uint8Array };
  /** Carries a notice out, inside the transaction that stores it. */
  apply(notice: Notice): void;
  /** Carries out what the broker says of a digest, inside a transaction. */
  takeDigestAnswer(answer: DigestAnswer): void;
  /** Receipts have been taken: there is room in the outbox, and records stand. */
  onReceipt(): void;
  /** The broker may hold something else than we sent. */
  onDoubt(): void;
  /** The broker lacks the row at this position. */
  resendFrom(position: number): void;
};

/** What the broker went back on since this program started; for the status, so that it is not only in a log. */
export class BrokerFaults {
  /** Submissions that it gave a receipt for and then asked for again. */
  lostSubmissions = 0;
  /** Notices that do not follow from those before. */
  brokenNotices = 0;
}

/** Notice receipts are gathered for this long. */
const RECEIPT_DELAY_MS = 200;
/** After asking for missing notices, wait this long before asking again. */
const ASK_AGAIN_MS = 2_000;
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
  #callOffReceipt: CallOff | undefined;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  /** The last notice that the broker was told we have. */
  #receipted = 0;
  #loss: Loss | undefined;
  readonly #directive: Wake;
  /** Until then no directive is waited for. */
  #noWaitUntilMs = Number.NEGATIVE_INFINITY;

  constructor(parts: ReceiverParts) {
    this.#parts = parts;
    this.#directive = new Wake(parts.world);
  }

  /** "The last notice I hold is this one": the broker sends what lacks. */
  connect(): void {
    const { version } = this.#parts;
    const capabilities = this.#parts.broker().has("capabilities") ? CAPABILITIES : [];
    this.#state(({ number, hash }) => ({
      kind: "connected",
      noticeNumber: number,
      noticeHash: hash,
      version,
      capabilities,
    }));
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
      this.#callOffReceipt?.();
    }
  }

  /** False when the signal aborted before it was carried out: NATS will deliver it again. */
  async #take(message: BusMessage, signal: AbortSignal): Promise<boolean> {
    const opened = await this.#open(message.data, signal);
    if (opened === undefined) return !signal.aborted;
    for (;;) {
      try {
        this.#carryOut(opened.delivery.body, opened.hash, message.streamSequence);
        return true;
      } catch (error) {
        if (!isCausewayError(error)) throw error;
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
        return this.#takeNotice(body, hash);
      case "digestAnswer":
        return this.#parts.db.transaction(() => this.#parts.takeDigestAnswer(body));
      case "unknown":
        return events.delivery.kindUnknown(this.#parts.world.log, { field: body.field });
    }
  }

  #settle(receipt: Receipt): void {
    const { db, outbox, standings, world, onReceipt } = this.#parts;
    const reasons = new Map(receipt.rejections.map(({ index, reason }) => [index, reason]));
    db.transaction(() => {
      const handles = outbox.settle(receipt, receipt.submissionHash);
      if (handles !== undefined) standings.settleAll(handles, receipt, reasons);
    });
    onReceipt();
    if (reasons.size > 0)
      events.submission.rejected(world.log, { entries: reasons.size, reason: firstOf(reasons.values()) });
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

  #takeNotice(notice: Notice | UnknownNotice, hash: Uint8Array): void {
    const { db, inbox } = this.#parts;
    const head = inbox.head();
    if (notice.number > head.number + 1) return this.#askForMissing();
    if (notice.number <= head.number) {
      // The broker repeats itself until it has our receipt.
      if (notice.number === head.number && !equalBytes(hash, head.hash)) return this.#breakChain(notice);
      this.#receipted = 0;
      return this.#confirmLater();
    }
    if (!equalBytes(notice.prevHash, head.hash)) return this.#breakChain(notice);
    db.transaction(() => {
      if (notice.kind === "notice") this.#parts.apply(notice);
      else this.#skip(notice);
      inbox.advance({ number: notice.number, hash });
    });
    this.#confirmLater();
  }

  /** Its place in the chain holds without what it says, so it holds up nothing behind it. Only another version of the node can read it. */
  #skip(notice: UnknownNotice): void {
    this.#parts.inbox.skip(notice);
    events.notice.kindUnknown(this.#parts.world.log, { number: notice.number, field: notice.field });
  }

  #breakChain({ number }: Notice | UnknownNotice): void {
    this.#parts.faults.brokenNotices += 1;
    events.notice.chainBroken(this.#parts.world.log, undefined, { number });
  }

  #askForMissing(): void {
    const now = this.#parts.world.elapsedMs();
    if (now - this.#askedAtMs < ASK_AGAIN_MS) return;
    this.#askedAtMs = now;
    this.connect();
  }

  #confirmLater(): void {
    this.#callOffReceipt ??= this.#parts.world.after(RECEIPT_DELAY_MS, () => {
      this.#callOffReceipt = undefined;
      if (this.#parts.inbox.head().number === this.#receipted) return;
      this.#state((head) => ({ kind: "noticeReceipt", noticeNumber: head.number, noticeHash: head.hash }));
    });
  }

  /** Tells the broker how far our notices go. Called from timers and events, so what cannot be said now is said another time. */
  #state(statement: (head: ReturnType<Inbox["head"]>) => SubmissionBody): void {
    const { inbox, outbox, world } = this.#parts;
    const head = inbox.head();
    try {
      outbox.append(statement(head));
      this.#receipted = head.number;
    } catch (error) {
      if (!isCausewayError(error)) throw error;
      events.notices.unconfirmed(world.log, error);
    }
  }
}

function firstOf<T>(values: Iterable<T>): T | undefined {
  for (const value of values) return value;
  return undefined;
}
