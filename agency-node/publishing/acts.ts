/**
 * What the broker is to be told of records besides their content: that they are withdrawn, or have a new review day. It waits for the next
 * beat and goes in an order drawn afresh (`core/order.ts`), so that a list that somebody works through says nothing by its order.
 */
import type { Revalidate, Withdraw } from "../../shared/core/data-plane.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { Handle } from "../../shared/core/ids.ts";
import { pause } from "../../shared/world/wait.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";
import { shuffled, untilBeat } from "../core/order.ts";
import type { Database } from "../../shared/store/database.ts";
import type { Outbox } from "../store/outbox.ts";
import { events } from "../events.ts";

export type ActsParts = {
  readonly db: Database;
  readonly outbox: Outbox;
  readonly world: World;
  /** Acts wait for the next multiple of it, in ms; 0: they do not wait. */
  readonly beatMs: number;
  /** Records that waited for an act before them can be sent. */
  onSent(): void;
};

type Row = { readonly handle: Handle; readonly review_by_day: number | null };

const IDLE_MS = 60_000;
const RETRY_MS = 1_000;
/** Well below what a submission may hold. */
const ACTS_PER_SUBMISSION = 1_000;

export class Acts {
  readonly #parts: ActsParts;
  readonly #wake: Wake;

  constructor(parts: ActsParts) {
    this.#parts = parts;
    this.#wake = new Wake(parts.world);
  }

  /** These are taken back, whatever else was to be said of them. Call it inside the transaction of the act. */
  withdraw(handles: readonly Handle[]): void {
    for (const handle of handles) this.#keep(handle, null);
  }

  /** Call it inside the transaction of the act. `reviewByDay`: as the broker is to know it. */
  revalidate(handle: Handle, reviewByDay: number): void {
    this.#keep(handle, reviewByDay);
  }

  #keep(handle: Handle, reviewByDay: number | null): void {
    this.#parts.db.run("INSERT OR REPLACE INTO due_act VALUES (?, ?)", handle, reviewByDay);
    this.#parts.db.afterCommit(() => this.#wake.set());
  }

  get #areWaiting(): boolean {
    return this.#parts.db.get("SELECT 1 FROM due_act LIMIT 1") !== undefined;
  }

  /** Sends at each beat until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { world, beatMs } = this.#parts;
    while (!signal.aborted) {
      if (!this.#areWaiting) {
        await this.#wake.wait(IDLE_MS, signal);
        continue;
      }
      await pause(world, untilBeat(world.clock(), beatMs), signal);
      if (!signal.aborted && !this.send()) await pause(world, RETRY_MS, signal);
    }
  }

  /** Into the outbox with all that waits. False while there is no epoch to say it in: then nobody compares these records either. */
  send(): boolean {
    const { db, world, onSent } = this.#parts;
    if (!this.#areWaiting) return true;
    try {
      db.transaction(() => this.#append());
    } catch (error) {
      if (!isCausewayError(error)) throw error;
      events.publishing.waiting(world.log, error, { delayMs: RETRY_MS });
      return false;
    }
    onSent();
    return true;
  }

  #append(): void {
    const { db, outbox, world } = this.#parts;
    const rows = shuffled(db.all<Row>("SELECT handle, review_by_day FROM due_act"), world.randomBytes);
    const withdrawals = rows.flatMap(({ handle, review_by_day: day }): Withdraw[] =>
      day === null ? [{ operation: "withdraw", handle }] : [],
    );
    const revalidations = rows.flatMap(({ handle, review_by_day: day }): Revalidate[] =>
      day === null ? [] : [{ operation: "revalidate", handle, reviewByDay: day }],
    );
    // The receipt of a withdrawal changes nothing here, so its row names no records.
    for (const entries of portions(withdrawals)) outbox.append({ kind: "publication", entries });
    for (const entries of portions(revalidations)) {
      const handles = entries.map(({ handle }) => handle);
      outbox.append({ kind: "publication", entries }, handles);
    }
    db.run("DELETE FROM due_act");
  }
}

function portions<Entry>(entries: readonly Entry[]): Entry[][] {
  const count = Math.ceil(entries.length / ACTS_PER_SUBMISSION);
  return Array.from({ length: count }, (_, i) => entries.slice(i * ACTS_PER_SUBMISSION, (i + 1) * ACTS_PER_SUBMISSION));
}
