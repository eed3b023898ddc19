/**
 * A world in which a seed decides everything: time stands still until a test runs it on, timers fire in the order of their time and, at the
 * same time, of their making, and every random byte follows from the seed. No timer of the machine is used.
 */
import { setImmediate as promisesSettled } from "node:timers/promises";
import { concat, lpText, u64, utf8 } from "../../shared/core/bytes.ts";
import { blake2b, blake2bKeyed, hashKey } from "../../shared/crypto/hash.ts";
import type { HashKey } from "../../shared/crypto/hash.ts";
import { silentLog } from "../../shared/world/log.ts";
import type { Log } from "../../shared/world/log.ts";
import type { CallOff, World } from "../../shared/world/world.ts";

type Timer = { readonly atMs: number; readonly number: number; work: (() => void) | undefined };

export type SimOptions = {
  /** Default: an invented Wednesday noon. */
  readonly startMs?: number;
  readonly log?: Log;
};

const BLOCK_BYTES = 64;

export class SimWorld implements World {
  readonly log: Log;
  readonly #startMs: number;
  readonly #seed: string;
  readonly #random: (count: number) => Uint8Array;
  /** The next one last. */
  readonly #timers: Timer[] = [];
  #made = 0;
  #nowMs = 0;
  /** What the clock is wrong by. */
  #skewMs = 0;
  readonly #skewMsOf = new Map<string, number>();

  constructor(seed: string, { startMs = Date.UTC(2026, 5, 3, 12), log = silentLog }: SimOptions = {}) {
    this.#seed = seed;
    this.#startMs = startMs;
    this.log = log;
    this.#random = seededBytes(seed);
  }

  readonly clock = (): number => this.#startMs + Math.floor(this.#nowMs) + this.#skewMs;

  readonly elapsedMs = (): number => this.#nowMs;

  readonly randomBytes = (count: number): Uint8Array => this.#random(count);

  readonly after = (ms: number, work: () => void): CallOff => {
    this.#made += 1;
    const timer: Timer = { atMs: this.#nowMs + Math.max(0, ms), number: this.#made, work };
    this.#timers.splice(this.#placeOf(timer), 0, timer);
    return () => (timer.work = undefined);
  };

  readonly nextTurn = (): Promise<void> => new Promise((resolve) => this.after(0, resolve));

  /** The same time with randomness of its own: what one party draws changes nothing for another. */
  party(name: string, log: Log = this.log): World {
    const { elapsedMs, after, nextTurn } = this;
    const clock = (): number => this.clock() + (this.#skewMsOf.get(name) ?? 0);
    return { clock, elapsedMs, after, nextTurn, log, randomBytes: seededBytes(`${this.#seed}/${name}`) };
  }

  /** Sets the clock forwards or back; durations and timers do not notice. */
  jumpClock(byMs: number): void {
    this.#skewMs += byMs;
  }

  /** Sets the clock of one party beside all others'; 0: as theirs again. */
  setClockOf(name: string, aheadMs: number): void {
    this.#skewMsOf.set(name, aheadMs);
  }

  /** Runs what is due at this moment and what follows from it, until nothing is left to do without time passing. */
  async settle(): Promise<void> {
    await this.run(this.#nowMs);
  }

  /** Lets this much time pass. */
  async pass(ms: number): Promise<void> {
    await this.run(this.#nowMs + ms);
  }

  /** Runs everything that is due until this many milliseconds after the start. What a timer's work throws is thrown here. */
  async run(untilMs: number): Promise<void> {
    await promisesSettled();
    for (let next = this.#take(untilMs); next !== undefined; next = this.#take(untilMs)) {
      this.#nowMs = next.atMs;
      next.work?.();
      await promisesSettled();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /** Lets time pass until `work` has settled, and answers as it does. Throws after `mostMs` of this world's time. */
  async until<T>(work: Promise<T>, mostMs = 3_600_000): Promise<T> {
    const settled = new AbortController();
    const noted = (): void => settled.abort();
    work.then(noted, noted);
    const lastMs = this.#nowMs + mostMs;
    await promisesSettled();
    while (!settled.signal.aborted) {
      const next = this.#take(lastMs);
      if (next === undefined) throw new Error(`nothing more happens within ${mostMs} ms, and this has not settled`);
      this.#nowMs = next.atMs;
      next.work?.();
      await promisesSettled();
    }
    return await work;
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#timers.filter(({ work }) => work !== undefined).length;
  }

  #take(untilMs: number): Timer | undefined {
    for (;;) {
      const next = this.#timers.at(-1);
      if (next === undefined || (next.work !== undefined && next.atMs > untilMs)) return undefined;
      this.#timers.pop();
      if (next.work !== undefined) return next;
    }
  }

  #placeOf(timer: Timer): number {
    let [low, high] = [0, this.#timers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (comesFirst(this.#timers[middle] as Timer, timer)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function comesFirst(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.number < b.number);
}

/** BLAKE2b under the seed, counting; each call starts with a fresh block. */
function seededBytes(seed: string): (count: number) => Uint8Array {
  const key: HashKey = hashKey(blake2b(32, lpText("causeway/tests/seed"), utf8(seed)));
  let blocks = 0;
  return (count) => {
    if (!Number.isSafeInteger(count) || count < 0) throw new RangeError("count of random bytes out of range");
    const length = Math.ceil(count / BLOCK_BYTES);
    const drawn = Array.from({ length }, () => blake2bKeyed(BLOCK_BYTES, key, u64((blocks += 1))));
    return concat(...drawn).slice(0, count);
  };
}
