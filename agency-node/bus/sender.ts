/**
 * Sends the outbox to the member's own stream, in order, as often as it takes: NATS acknowledging a message means nothing but that
 * it may be sent on (protocol section 8). Rows go when the broker's receipt comes, see `receiver.ts`.
 *
 * How many are under way follows from how soon receipts come, see `core/pace.ts`. A row is sent again when the broker asks for it, when
 * the server has refused it, or when no receipt has come for long: then the first few only, and more as those are answered. If what was sent
 * before is answered after all, nothing else is repeated. Each attempt has an id of its own, so that NATS never takes what is sent again on
 * purpose for a copy of what it had.
 */
import { toHex } from "../../shared/core/bytes.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import { BusRefusal } from "../../shared/bus/bus.ts";
import type { Bus } from "../../shared/bus/bus.ts";
import { pause } from "../../shared/world/wait.ts";
import { againAfterMs, onLoss, onReceipt, onSilence, startPace } from "../core/pace.ts";
import type { Retries } from "../retries.ts";
import type { Outbox, OutboxRow, PositionRange } from "../store/outbox.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";
import { events } from "../events.ts";

/** Rows given to NATS at once: enough to hide the server's fsync, few enough that a broken connection repeats little. */
const PUBLISHING_MAX = 16;
/** However soon receipts come: what is under way also lies in the member's stream. */
const UNDER_WAY_BYTES_MAX = 16 * 1024 * 1024;
/** Sent again at first, when nothing was heard for long; twice as many each time that those are answered and nothing before them is. */
const PROBES = 4;
/** What was only late is answered this soon after what was sent before it. */
const ANSWERED_WITHIN_MS = 1_000;
const OFFLINE_POLL_MS = 250;
/** Before what was not stored is sent again: doubled up to the last while the server refuses it, since its disk or the stream may be full. */
const REFUSED_FIRST_MS = 250;
const REFUSED_LAST_MS = 10_000;
/** And while it does not answer, which is noticed after some seconds only: it may go on at any moment. */
const UNANSWERED_LAST_MS = 2_000;
const MESSAGE_ID_BYTES = 16;

export type SenderParts = {
  readonly bus: Pick<Bus, "connected" | "publish">;
  readonly outbox: Pick<Outbox, "pending" | "waitingAmong">;
  readonly world: World;
  readonly retries: Pick<Retries, "failed" | "done">;
  /** Smaller in tests. */
  readonly silenceMs?: number;
};

/** One row that was given to NATS and has no receipt. */
type UnderWay = {
  sentAtMs: number;
  attempts: number;
  /** Sent once, and somebody was heard all the while: its receipt will tell how soon they come. */
  isTimed: boolean;
  readonly bytes: number;
  /** Sent before the silence, and not again since: if it is answered, what was sent is not lost but late. */
  isDoubted: boolean;
};

/** What was sent and what of it again, since the sender began. */
export type SenderCount = { readonly bytes: number; readonly againBytes: number };

export class Sender {
  readonly #parts: SenderParts;
  readonly #wake: Wake;
  /** Rows up to here were given to NATS. */
  #position = 0;
  /** By position, in order. */
  readonly #underWay = new Map<number, UnderWay>();
  /** Positions that are to be sent again, as soon as `againAfterMs` allows. */
  readonly #again = new Set<number>();
  #pace;
  #publishing = 0;
  /** Rows sent again in this round, and when they have been answered for so long that what is still doubted is lost. */
  #round = PROBES;
  #roundEndsAtMs = Number.POSITIVE_INFINITY;
  readonly #refused = new Set<number>();
  #refusedMs = REFUSED_FIRST_MS;
  #resumesAtMs = Number.NEGATIVE_INFINITY;
  /** The last receipt, or the end of the last silence. */
  #heardAtMs: number;
  /** Since the last receipt there was a silence. */
  #isSilent = false;
  #failure: { readonly error: unknown } | undefined;
  #bytes = 0;
  #againBytes = 0;

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.#wake = new Wake(parts.world);
    this.#pace = startPace(parts.silenceMs);
    this.#heardAtMs = parts.world.elapsedMs();
  }

  get count(): SenderCount {
    return { bytes: this.#bytes, againBytes: this.#againBytes };
  }

  /** There is something to send, or receipts have made room for more. */
  wake(): void {
    this.#wake.set();
  }

  /** What was not stored over the connection before, and silence there, say nothing of the one that is here now. */
  onReconnect(): void {
    this.#refusedMs = REFUSED_FIRST_MS;
    this.#resumesAtMs = Number.NEGATIVE_INFINITY;
    this.#heardAtMs = this.#parts.world.elapsedMs();
    this.#pace = onLoss(this.#pace, this.#parts.silenceMs);
    this.#wake.set();
  }

  /** The broker lacks these. What has not been sent yet goes out in its turn, and what was sent just now is given time to arrive. */
  resend(ranges: readonly PositionRange[]): void {
    for (const position of this.#underWay.keys()) {
      if (ranges.some(({ first, last }) => first <= position && position <= last)) this.#again.add(position);
    }
    this.#wake.set();
  }

  /** The broker lacks the row at this position and knows nothing of those behind it. */
  resendFrom(position: number): void {
    this.resend([{ first: position, last: Number.MAX_SAFE_INTEGER }]);
  }

  /** Sends until the signal aborts. Throws UNAUTHENTICATED when the server refuses this member. */
  async run(signal: AbortSignal): Promise<void> {
    const { bus, world } = this.#parts;
    while (!signal.aborted) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (!bus.connected) {
        await pause(world, OFFLINE_POLL_MS, signal);
        continue;
      }
      this.#takeReceipts();
      this.#breakSilence();
      const rows = this.#next();
      for (const row of rows) void this.#send(row, signal);
      if (rows.length === 0) await this.#wake.wait(this.#idleMs(), signal);
    }
  }

  #takeReceipts(): void {
    const { outbox, world } = this.#parts;
    const [first] = this.#underWay.keys();
    if (first === undefined) return;
    const waiting = new Set(outbox.waitingAmong({ first, last: this.#position }));
    const settled = [...this.#underWay].filter(([position]) => !waiting.has(position));
    if (settled.length === 0) return;
    const now = world.elapsedMs();
    // If this program stood still itself, nobody has looked at the silence.
    if (now - this.#heardAtMs >= this.#pace.silenceMs) this.#endTiming();
    this.#heardAtMs = now;
    this.#isSilent = false;
    for (const [position, row] of settled) {
      this.#underWay.delete(position);
      this.#again.delete(position);
      this.#refused.delete(position);
      if (row.isTimed) this.#pace = onReceipt(this.#pace, now - row.sentAtMs, now, this.#parts.silenceMs);
    }
    this.#judge(settled.map(([, row]) => row));
  }

  #endTiming(): void {
    for (const row of this.#underWay.values()) row.isTimed = false;
  }

  /** After a silence: if anything sent before it is answered, what was sent is not lost but late. */
  #judge(settled: readonly UnderWay[]): void {
    const rows = [...this.#underWay.values()];
    const isAnswered = settled.some(({ isDoubted }) => isDoubted);
    if (isAnswered) for (const row of rows) row.isDoubted = false;
    const isRoundDone = !rows.some(({ attempts, isDoubted }) => attempts > 1 && !isDoubted);
    const isLost = isRoundDone && rows.some(({ isDoubted }) => isDoubted);
    this.#roundEndsAtMs = isLost ? this.#parts.world.elapsedMs() + ANSWERED_WITHIN_MS : Number.POSITIVE_INFINITY;
  }

  #breakSilence(): void {
    const now = this.#parts.world.elapsedMs();
    if (this.#underWay.size === 0) this.#heardAtMs = now;
    if (now >= this.#roundEndsAtMs) {
      this.#pace = onLoss(this.#pace, this.#parts.silenceMs);
      this.#sendDoubted(2 * this.#round);
    }
    if (now - this.#heardAtMs < this.#pace.silenceMs) return;
    this.#heardAtMs = now;
    this.#isSilent = true;
    this.#endTiming();
    this.#pace = onSilence(this.#pace);
    for (const row of this.#underWay.values()) row.isDoubted = true;
    this.#sendDoubted(PROBES);
  }

  #sendDoubted(count: number): void {
    const doubted = [...this.#underWay].filter(([, { isDoubted }]) => isDoubted).slice(0, count);
    for (const [position] of doubted) this.#again.add(position);
    this.#round = count;
    this.#roundEndsAtMs = Number.POSITIVE_INFINITY;
    events.outbox.resent(this.#parts.world.log, { rows: doubted.length });
  }

  /** What is asked for again first, then what follows. */
  #next(): OutboxRow[] {
    const { outbox, world } = this.#parts;
    const now = world.elapsedMs();
    const free = now < this.#resumesAtMs ? 0 : PUBLISHING_MAX - this.#publishing;
    if (free <= 0) return [];
    const again = [...this.#again].filter((position) => this.#mayGoAgain(position, now)).slice(0, free);
    if (again.length > 0) {
      for (const position of again) this.#again.delete(position);
      return again.flatMap((position) => outbox.pending(position - 1, 1).filter((row) => row.position === position));
    }
    const bytes = [...this.#underWay.values()].reduce((sum, row) => sum + row.bytes, 0);
    const room = bytes >= UNDER_WAY_BYTES_MAX ? 0 : Math.min(free, this.#pace.rows - this.#underWay.size);
    return room > 0 ? outbox.pending(this.#position, room) : [];
  }

  #mayGoAgain(position: number, now: number): boolean {
    const sentAtMs = this.#underWay.get(position)?.sentAtMs ?? Number.NEGATIVE_INFINITY;
    return now - sentAtMs >= againAfterMs(this.#pace);
  }

  /** Until something is due without anybody saying so. */
  #idleMs(): number {
    const now = this.#parts.world.elapsedMs();
    const silence = this.#heardAtMs + this.#pace.silenceMs - now;
    const resumes = this.#resumesAtMs > now ? this.#resumesAtMs - now : Number.POSITIVE_INFINITY;
    const again = this.#again.size > 0 ? againAfterMs(this.#pace) : Number.POSITIVE_INFINITY;
    return Math.max(1, Math.min(silence, resumes, again, this.#roundEndsAtMs - now));
  }

  async #send(row: OutboxRow, signal: AbortSignal): Promise<void> {
    this.#note(row);
    this.#publishing += 1;
    try {
      const messageId = toHex(this.#parts.world.randomBytes(MESSAGE_ID_BYTES));
      // One connection keeps the order of these calls; several at once hide the server's fsync.
      await this.#parts.bus.publish(row.subject, row.message, messageId);
      this.#refused.delete(row.position);
      if (this.#refused.size > 0) return;
      this.#refusedMs = REFUSED_FIRST_MS;
      this.#parts.retries.done("submissions");
    } catch (error) {
      if (!signal.aborted) this.#onRefused(row.position, error);
    } finally {
      this.#publishing -= 1;
      this.#wake.set();
    }
  }

  #note({ position, message }: OutboxRow): void {
    const before = this.#underWay.get(position);
    const sentAtMs = this.#parts.world.elapsedMs();
    this.#bytes += message.length;
    if (before === undefined) {
      const isTimed = !this.#isSilent;
      this.#underWay.set(position, { sentAtMs, attempts: 1, isTimed, bytes: message.length, isDoubted: false });
    } else {
      this.#againBytes += message.length;
      Object.assign(before, { sentAtMs, attempts: before.attempts + 1, isTimed: false, isDoubted: false });
    }
    this.#position = Math.max(this.#position, position);
  }

  #onRefused(position: number, error: unknown): void {
    if (!isCausewayError(error, "UNAVAILABLE")) {
      this.#failure ??= { error };
      return;
    }
    const row = this.#underWay.get(position);
    // It may have been stored all the same, so that its receipt comes.
    if (row !== undefined) Object.assign(row, { sentAtMs: Number.NEGATIVE_INFINITY, isTimed: false });
    this.#again.add(position);
    this.#refused.add(position);
    this.#parts.retries.failed("submissions", error);
    const now = this.#parts.world.elapsedMs();
    // Those that were under way together were refused together.
    if (now < this.#resumesAtMs) return;
    events.outbox.waiting(this.#parts.world.log, error, { delayMs: this.#refusedMs });
    this.#resumesAtMs = now + this.#refusedMs;
    const lastMs = error instanceof BusRefusal ? REFUSED_LAST_MS : UNANSWERED_LAST_MS;
    this.#refusedMs = Math.min(2 * this.#refusedMs, lastMs);
  }
}
