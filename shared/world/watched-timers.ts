import { aborted } from "./wait.ts";
import type { World } from "./world.ts";

/**
 * What the work of a timer throws has no caller. Left alone it would end the process in the middle, with a stack for a text: here it is
 * kept for whoever runs the program, which then ends as it does when a loop of it fails.
 */
export class WatchedTimers {
  readonly world: World;
  readonly #failure = Promise.withResolvers<never>();

  constructor(world: World) {
    // Whoever awaits it gets it; nobody has to.
    this.#failure.promise.catch(() => undefined);
    this.world = {
      clock: world.clock,
      log: world.log,
      randomBytes: (count) => world.randomBytes(count),
      elapsedMs: () => world.elapsedMs(),
      nextTurn: async () => await world.nextTurn(),
      after: (ms, work) => world.after(ms, () => this.#run(work)),
    };
  }

  /** Until the signal aborts. Throws what the first of them threw, also before this was called. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.race([this.#failure.promise, aborted(signal)]);
  }

  #run(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#failure.reject(error);
    }
  }
}
