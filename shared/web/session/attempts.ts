/** Counts what one address has tried within a while, in memory. A restart forgives, which 60-bit codes can afford. */
import type { Clock } from "../../world/clock.ts";

export type AttemptLimits = { readonly max: number; readonly windowMs: number; readonly addressesMax: number };

export class Attempts {
  readonly #clock: Clock;
  readonly #limits: AttemptLimits;
  /** In order of the first attempt in the window, so that the oldest comes first. */
  readonly #byAddress = new Map<string, { count: number; readonly sinceMs: number }>();

  constructor(clock: Clock, limits: AttemptLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Whether the address has used up its attempts. */
  exhausted(address: string): boolean {
    return (this.#current(address)?.count ?? 0) >= this.#limits.max;
  }

  count(address: string): void {
    const current = this.#current(address);
    if (current !== undefined) {
      current.count += 1;
      return;
    }
    this.#byAddress.delete(address);
    this.#byAddress.set(address, { count: 1, sinceMs: this.#clock() });
    const [oldest] = this.#byAddress.keys();
    if (this.#byAddress.size > this.#limits.addressesMax && oldest !== undefined) this.#byAddress.delete(oldest);
  }

  #current(address: string): { count: number } | undefined {
    const entry = this.#byAddress.get(address);
    return entry !== undefined && this.#clock() - entry.sinceMs < this.#limits.windowMs ? entry : undefined;
  }
}
