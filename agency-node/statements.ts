/**
 * Sends what this node has found of meetings (protocol section 7), gathered: all of a beat together with what the beat told, and single
 * notices, a whole rotation of them at a time, once some have come. What is due stands in the database, so that a crash at any point loses none.
 */
import { isCausewayError } from "../shared/core/errors.ts";
import type { Database } from "../shared/store/database.ts";
import { pause } from "../shared/world/wait.ts";
import { Wake } from "../shared/world/wake.ts";
import type { World } from "../shared/world/world.ts";
import { STATEMENTS_AGAIN_MS, STATEMENTS_GATHERED_MS, STATEMENTS_PER_SUBMISSION } from "./core/limits.ts";
import { events } from "./events.ts";
import type { Retries } from "./retries.ts";
import type { Inbox } from "./store/inbox.ts";
import type { Outbox } from "./store/outbox.ts";

export type StatementsParts = {
  readonly db: Database;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly world: World;
  readonly retries: Retries;
  /** Whether there is an epoch in which something can be said. */
  isOpen(): boolean;
};

export class Statements {
  readonly #parts: StatementsParts;
  readonly #wake: Wake;

  constructor(parts: StatementsParts) {
    this.#parts = parts;
    this.#wake = new Wake(parts.world);
  }

  /** There is one to send. */
  wake(): void {
    this.#wake.set();
  }

  /** An epoch may be open in which something can be said. */
  onDirective(): void {
    this.#wake.set();
  }

  /** In the transaction in which they became due, so that each match is written once for both. What cannot be said yet stays due. */
  sendDue(): void {
    while (this.#parts.isOpen() && this.#send());
  }

  /** Sends until the signal aborts, first what an earlier start has left. */
  async run(signal: AbortSignal): Promise<void> {
    const { world } = this.#parts;
    while (!signal.aborted) {
      const sentAtMs = world.elapsedMs();
      this.#sendAll();
      if (await this.#wake.wait(STATEMENTS_AGAIN_MS, signal)) {
        const leftMs = sentAtMs + STATEMENTS_GATHERED_MS - world.elapsedMs();
        if (leftMs > 0) await pause(world, leftMs, signal);
      }
    }
  }

  #sendAll(): void {
    try {
      while (this.#send());
      this.#parts.retries.done("statements");
    } catch (error) {
      if (!isCausewayError(error)) throw error;
      this.#parts.retries.failed("statements", error);
      events.statements.waiting(this.#parts.world.log, error);
    }
  }

  /** One submission. False if there is nothing more. */
  #send(): boolean {
    const { db, inbox, outbox } = this.#parts;
    const statements = inbox.dueStatements(STATEMENTS_PER_SUBMISSION);
    if (statements.length === 0) return false;
    db.transaction(() => {
      outbox.append({ kind: "statements", statements });
      inbox.setStated(statements.map(({ matchId }) => matchId));
    });
    return true;
  }
}
