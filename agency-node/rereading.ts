/**
 * Looks again at meetings that could not be read when they were told, whenever records have been made ready: after the database was restored
 * or lost, a meeting names a version of a record that is not known here, or its record is not here at all until its file is imported again.
 */
import { READ_AGAIN_PER_STEP } from "./core/limits.ts";
import type { Matches } from "./matches.ts";
import type { Inbox } from "./store/inbox.ts";
import { Wake } from "../shared/world/wake.ts";
import type { World } from "../shared/world/world.ts";
import { events } from "./events.ts";

export type RereadingParts = {
  readonly inbox: Pick<Inbox, "unread">;
  readonly matches: Pick<Matches, "readAgain">;
  readonly world: World;
};

const IDLE_MS = 3_600_000;

export class Rereading {
  readonly #parts: RereadingParts;
  readonly #wake: Wake;

  constructor(parts: RereadingParts) {
    this.#parts = parts;
    this.#wake = new Wake(parts.world);
  }

  /** Records are ready, or there are other salts. */
  wake(): void {
    this.#wake.set();
  }

  /** Until the signal aborts, first what an earlier start has left. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.readAll(signal);
      await this.#wake.wait(IDLE_MS, signal);
    }
  }

  async readAll(signal?: AbortSignal): Promise<void> {
    const { inbox, matches, world } = this.#parts;
    let read = 0;
    for (const [at, match] of inbox.unread().entries()) {
      if (signal?.aborted === true) return;
      if (matches.readAgain(match)) read += 1;
      if (at % READ_AGAIN_PER_STEP === READ_AGAIN_PER_STEP - 1) await world.nextTurn();
    }
    if (read > 0) events.matches.read(world.log, { matches: read });
  }
}
