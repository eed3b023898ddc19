/** How much is hardened, and for how long something was: under all generations together. */
import type { Clock } from "../../shared/world/clock.ts";

export class Watch {
  readonly #clock: Clock;
  /** For the status: identifiers hardened since the start, and seconds with at least one batch on its way. */
  readonly work = { hardened: 0, seconds: 0 };
  #running = 0;
  #busySinceMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(): void {
    if (this.#running === 0) this.#busySinceMs = this.#clock();
    this.#running += 1;
  }

  stop(): void {
    this.#running -= 1;
    if (this.#running === 0) this.work.seconds += (this.#clock() - this.#busySinceMs) / 1_000;
  }
}
