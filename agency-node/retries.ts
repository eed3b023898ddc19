/** What the node tries again and again, for the status: an outage must not be in a log alone. */
import { isCausewayError } from "../shared/core/errors.ts";
import type { Clock } from "../shared/world/clock.ts";

export type RetriedWork = "submissions" | "digest" | "statements" | "health" | "delivery" | "connection";

export type Retry = {
  readonly what: RetriedWork;
  /** Of the last failure. */
  readonly code: string;
  readonly sinceMs: number;
  readonly attempts: number;
};

export class Retries {
  readonly #clock: Clock;
  readonly #tried = new Map<RetriedWork, Retry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  failed(what: RetriedWork, error: unknown): void {
    const { sinceMs, attempts } = this.#tried.get(what) ?? { sinceMs: this.#clock(), attempts: 0 };
    const code = isCausewayError(error) ? error.code : "UNAVAILABLE";
    this.#tried.set(what, { what, code, sinceMs, attempts: attempts + 1 });
  }

  done(what: RetriedWork): void {
    this.#tried.delete(what);
  }

  isTried(what: RetriedWork): boolean {
    return this.#tried.has(what);
  }

  /** Oldest first. */
  get all(): readonly Retry[] {
    return [...this.#tried.values()].toSorted((a, b) => a.sinceMs - b.sinceMs);
  }
}
