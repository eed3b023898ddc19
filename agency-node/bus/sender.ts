/**
 * Sends the outbox to the member's own stream, in order, as often as it takes: NATS acknowledging a message means nothing but that
 * it may be sent on (protocol section 8). Rows go when the broker's receipt comes, see `receiver.ts`.
 *
 * Never more than `UNRECEIPTED_ROWS_MAX` are under way, so a broker that is slow or away costs the stream that many and no more;
 * they are sent again only while no receipt comes at all, ever less often.
 */
import { toHex, u32 } from "../../shared/core/bytes.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import type { Bus } from "../../shared/bus/bus.ts";
import { pause } from "../../shared/world/wait.ts";
import type { Outbox, OutboxRow } from "../store/outbox.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";
import { events } from "../events.ts";

/** Rows given to NATS at once: enough to hide the server's fsync, few enough that a broken connection repeats little. */
const WINDOW_ROWS = 16;
const UNRECEIPTED_ROWS_MAX = 64;
/** Without any receipt for this long, what is under way is sent again; doubled each time in vain. */
const RESEND_FIRST_MS = 10_000;
const RESEND_LAST_MS = 300_000;
const OFFLINE_POLL_MS = 250;
/** After the server has refused a message: its disk or the stream may be full. */
const REFUSED_FIRST_MS = 250;
const REFUSED_LAST_MS = 10_000;

export type SenderParts = {
  readonly bus: Pick<Bus, "connected" | "publish">;
  readonly outbox: Pick<Outbox, "pending" | "unreceipted">;
  readonly world: World;
  /** Smaller in tests. */
  readonly resendFirstMs?: number;
};

export class Sender {
  readonly #parts: SenderParts;
  readonly #wake: Wake;
  /** Rows up to here are under way. */
  #position = 0;
  readonly #resendFirstMs: number;
  #resendMs: number;
  /** Part of message ids: NATS keeps no copy of what it has had, also of what was purged there meanwhile. */
  #attempt = 0;
  #refusedMs = REFUSED_FIRST_MS;
  /** The oldest row under way, and since when it is: as long as it changes, receipts come. */
  #oldest: { readonly position: number; readonly sinceMs: number } | undefined;

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.#wake = new Wake(parts.world);
    this.#resendFirstMs = parts.resendFirstMs ?? RESEND_FIRST_MS;
    this.#resendMs = this.#resendFirstMs;
  }

  /** There is something to send, or room to send more. */
  wake(): void {
    this.#wake.set();
  }

  /** The broker lacks the row at this position and knows nothing of those behind it. */
  resendFrom(position: number): void {
    this.#attempt += 1;
    this.#returnTo(position);
  }

  #returnTo(position: number): void {
    this.#position = Math.min(this.#position, position - 1);
    this.#wake.set();
  }

  /** Sends until the signal aborts. Throws UNAUTHENTICATED when the server refuses this member. */
  async run(signal: AbortSignal): Promise<void> {
    const { bus, outbox } = this.#parts;
    while (!signal.aborted) {
      if (!bus.connected) {
        await pause(this.#parts.world, OFFLINE_POLL_MS, signal);
        continue;
      }
      const { rows: underWay, first } = outbox.unreceipted(this.#position);
      this.#resendIfStuck(first, underWay);
      const room = Math.min(WINDOW_ROWS, UNRECEIPTED_ROWS_MAX - underWay);
      const rows = room > 0 ? outbox.pending(this.#position, room) : [];
      if (rows.length > 0) await this.#send(rows, signal);
      else await this.#wake.wait(this.#resendMs, signal);
    }
  }

  #resendIfStuck(first: number | undefined, rows: number): void {
    const now = this.#parts.world.elapsedMs();
    if (first === undefined || first !== this.#oldest?.position) {
      this.#oldest = first === undefined ? undefined : { position: first, sinceMs: now };
      this.#resendMs = this.#resendFirstMs;
    } else if (now - this.#oldest.sinceMs >= this.#resendMs) {
      this.#oldest = { position: first, sinceMs: now };
      this.#resendMs = Math.min(2 * this.#resendMs, RESEND_LAST_MS);
      events.outbox.resent(this.#parts.world.log, { rows });
      this.resendFrom(first);
    }
  }

  async #send(rows: readonly OutboxRow[], signal: AbortSignal): Promise<void> {
    this.#position = rows.at(-1)?.position ?? this.#position;
    // One connection keeps the order of these calls; awaiting them together hides the server's fsync.
    const results = await Promise.allSettled(rows.map((row) => this.#publish(row)));
    const failed = results.findIndex((result) => result.status === "rejected");
    const row = rows[failed];
    if (row === undefined) {
      this.#refusedMs = REFUSED_FIRST_MS;
      return;
    }
    const { reason } = results[failed] as PromiseRejectedResult;
    if (!isCausewayError(reason, "UNAVAILABLE")) throw reason;
    if (signal.aborted) return;
    events.outbox.waiting(this.#parts.world.log, reason, { delayMs: this.#refusedMs });
    this.#returnTo(row.position);
    await pause(this.#parts.world, this.#refusedMs, signal);
    this.#refusedMs = Math.min(2 * this.#refusedMs, REFUSED_LAST_MS);
  }

  async #publish({ subject, message }: OutboxRow): Promise<void> {
    await this.#parts.bus.publish(subject, message, toHex(blake2b(32, u32(this.#attempt), message)));
  }
}
