/**
 * What a part of a program gets of the world beyond its ports: time, timers, randomness and the log. Parts take these from here and from
 * nowhere else, so that a test or a simulator can give them another world, in which a seed decides everything.
 *
 * A `World` promises: `clock` may jump, forwards and back, as the machine's clock does; `elapsedMs` never goes back; `after` runs `work` once,
 * not before `ms` have passed, never in the same turn, and not at all once it was called off; `randomBytes` are unpredictable outside of tests.
 */
import { randomBytes } from "./random.ts";
import { systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

/** Ends a timer that has not run yet; nothing happens otherwise. */
export type CallOff = () => void;

export type Timers = {
  /** Milliseconds since some moment, for durations. */
  elapsedMs(): number;
  after(ms: number, work: () => void): CallOff;
  /** Resolves after other work that waits has had its turn. */
  nextTurn(): Promise<void>;
};

export type Randomness = {
  /** Throws `RangeError` for a negative or fractional count. */
  randomBytes(count: number): Uint8Array;
};

export type World = Timers & Randomness & { readonly clock: Clock; readonly log: Log };

/** The machine's. */
export function systemWorld(log: Log): World {
  return { ...systemTimers, randomBytes, clock: systemClock, log };
}

/** For the real adapters, which live in real time. */
export const systemTimers: Timers = {
  elapsedMs: () => performance.now(),
  after(ms, work) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
  nextTurn: () => new Promise<void>((resolve) => setImmediate(resolve)),
};
