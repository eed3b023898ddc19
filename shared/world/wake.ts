/**
 * The one way to sleep until told. Whoever has something for others sets the wake; each sleeper hears of it once, also when it was not asleep
 * at that moment. Nothing is kept of waits that were in vain.
 */
import type { Timers } from "./world.ts";

/** One loop's ear at a `Wake`. */
export type Sleeper = {
  /** Whether it was told, rather than that `ms` passed or the signal aborted. */
  wait(ms: number, signal: AbortSignal): Promise<boolean>;
};

export class Wake {
  readonly #after: Timers["after"];
  readonly #asleep = new Set<() => void>();
  readonly #own: Sleeper;
  /** How often it was set. */
  #set = 0;

  constructor({ after }: Pick<Timers, "after">) {
    this.#after = after;
    this.#own = this.sleeper();
  }

  set(): void {
    this.#set += 1;
    for (const end of this.#asleep) end();
  }

  /** As a sleeper's, for a wake that has only one. */
  async wait(ms: number, signal: AbortSignal): Promise<boolean> {
    return await this.#own.wait(ms, signal);
  }

  /** For one of several loops; what was set before this call is not news to it. */
  sleeper(): Sleeper {
    let heard = this.#set;
    return {
      wait: async (ms, signal) => {
        if (heard === this.#set && !signal.aborted) await this.#sleep(ms, signal);
        const told = heard !== this.#set;
        heard = this.#set;
        return told;
      },
    };
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = (): void => resolve();
    const callOff = this.#after(ms, end);
    signal.addEventListener("abort", end, { once: true });
    this.#asleep.add(end);
    await promise;
    callOff();
    signal.removeEventListener("abort", end);
    this.#asleep.delete(end);
  }
}
