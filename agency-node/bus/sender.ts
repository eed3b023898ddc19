/**
 * Sends the outbox to the member's own stream, in order, as often as it takes: NATS acknowledging a message means nothing but that
 * it may be sent on (protocol section 8). Rows go when the broker's receipt comes, see `receiver.ts`.
 */
import { toHex } from "../../shared/core/bytes.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import type { Log } from "../../shared/platform/log.ts";
import type { NatsBus } from "../../shared/platform/nats.ts";
import { pause } from "../../shared/platform/retry.ts";
import type { Outbox, OutboxRow } from "../store/outbox.ts";
import { Wake } from "../wake.ts";

/** Rows on their way at once: enough to hide the server's fsync, few enough that a broken connection repeats little. */
const WINDOW_ROWS = 16;
/** Without a receipt after this long, everything that waits is sent again. */
const RESEND_MS = 10_000;
const OFFLINE_POLL_MS = 250;

export class Sender {
  readonly #bus: NatsBus;
  readonly #outbox: Outbox;
  readonly #log: Log;
  readonly #wake = new Wake();
  /** Rows up to here are on their way. */
  #position = 0;

  constructor(of: { readonly bus: NatsBus; readonly outbox: Outbox; readonly log: Log }) {
    this.#bus = of.bus;
    this.#outbox = of.outbox;
    this.#log = of.log;
  }

  /** There is something to send. */
  wake(): void {
    this.#wake.set();
  }

  /** The broker lacks the row at this position and knows nothing of those behind it. */
  resendFrom(position: number): void {
    this.#position = Math.min(this.#position, position - 1);
    this.#wake.set();
  }

  /** Sends until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (!this.#bus.connected) {
        await this.#wake.wait(OFFLINE_POLL_MS, signal);
        continue;
      }
      const rows = this.#outbox.pending(this.#position, WINDOW_ROWS);
      if (rows.length > 0) {
        await this.#send(rows, signal);
      } else if (!(await this.#wake.wait(RESEND_MS, signal)) && this.#outbox.length > 0) {
        this.#log.info("outbox.resend", { rows: this.#outbox.length });
        this.#position = 0;
      }
    }
  }

  async #send(rows: readonly OutboxRow[], signal: AbortSignal): Promise<void> {
    const last = rows.at(-1);
    if (last === undefined) return;
    this.#position = last.position;
    // One connection keeps the order of these calls; awaiting them together hides the server's fsync.
    const results = await Promise.allSettled(rows.map((row) => this.#publish(row)));
    const failed = results.findIndex((result) => result.status === "rejected");
    const row = rows[failed];
    if (row === undefined) return;
    const { reason } = results[failed] as PromiseRejectedResult;
    if (!isCausewayError(reason, "UNAVAILABLE")) throw reason;
    this.#log.error("outbox.waiting", reason);
    this.resendFrom(row.position);
    await pause(OFFLINE_POLL_MS, signal);
  }

  async #publish({ subject, message }: OutboxRow): Promise<void> {
    await this.#bus.publish(subject, message, toHex(blake2b(32, message)));
  }
}
