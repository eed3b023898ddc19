/**
 * What directives ask of the broker besides believing them: to cut somebody off, to serve, hide, bring back or forget members, to use
 * another key, to end epochs. `assemble.ts` has the one list of who hears of them, and in which order.
 */
import { Wake } from "../shared/world/wake.ts";
import type { World } from "../shared/world/world.ts";
import { LOOK_AGAIN_MS } from "./core/limits.ts";
import type { Directory } from "./store/directory.ts";
import type { Watch } from "./writer/watch.ts";
import { events } from "./events.ts";

/** Each may be told of the same directive more than once, and at the start of those before it. */
export type Hearers = {
  /** In the step in which a directive is taken: nothing is done under it before they have returned. They do not throw. */
  readonly atOnce: readonly (() => void)[];
  /** A moment later. What throws is told again at the next look, and those after it with it. */
  readonly soon: readonly (() => void)[];
  /** One after the other, beside the daily work, each as long as it takes. What they throw this process cannot go on from. */
  readonly inTime: readonly (() => Promise<void>)[];
};

export type DirectivesParts = {
  readonly directory: Pick<Directory, "federation" | "refresh">;
  readonly hearers: Hearers;
  readonly watch: Pick<Watch, "raise">;
  readonly world: Pick<World, "after" | "clock" | "log">;
  readonly signal: AbortSignal;
};

export class Directives {
  readonly #parts: DirectivesParts;
  /** Something is to be carried out. */
  readonly #due: Wake;
  /** Number of the last one of which everybody has heard that hears soon. */
  #heard: number;

  constructor(parts: DirectivesParts) {
    this.#parts = parts;
    this.#due = new Wake(parts.world);
    this.#heard = parts.directory.federation.head.number;
  }

  /** In the step in which directives are taken. */
  tellAtOnce(): void {
    for (const hear of this.#parts.hearers.atOnce) hear();
    this.#due.set();
  }

  /** Something other than a directive has left work for those that hear in time. */
  carryOutAgain(): void {
    this.#due.set();
  }

  /** Looks for further ones, tells of them. What cannot be proven changes nothing: what was proven stays in force. */
  look(): void {
    const { directory, hearers, watch, world } = this.#parts;
    try {
      directory.refresh();
      const { number } = directory.federation.head;
      if (number === this.#heard) return;
      for (const hear of hearers.soon) hear();
      this.#heard = number;
      events.directory.grown(world.log, { number });
    } catch (error) {
      events.alarm.directoryRefused(world.log, error);
      watch.raise("directoryRefused", undefined, world.clock());
    }
  }

  /** Until the signal aborts. */
  async carryOut(): Promise<void> {
    const { hearers, signal } = this.#parts;
    while (!signal.aborted) {
      for (const hear of hearers.inTime) await hear();
      await this.#due.wait(LOOK_AGAIN_MS, signal);
    }
  }
}
