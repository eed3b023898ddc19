/** A world whose time passes when a test says so, and whose randomness comes from a seed. */
import { setImmediate as turn } from "node:timers/promises";
import type { Log, LogFields } from "../../shared/world/log.ts";
import { describe } from "../../shared/world/describe.ts";
import type { World } from "../../shared/world/world.ts";

/** In the middle of a month: no test may depend on today. */
const BEGAN_MS = Date.UTC(2030, 4, 16);

export type Line = { readonly event: string; readonly fields: LogFields };

export class HandWorld implements World {
  readonly lines: Line[] = [];
  readonly log: Log = this.#logWith({});
  readonly #beganMs: number;
  #nowMs: number;
  #seed: number;
  #timers: { readonly atMs: number; readonly work: () => void }[] = [];

  constructor(seed = 1, beganMs = BEGAN_MS) {
    this.#seed = seed;
    this.#beganMs = beganMs;
    this.#nowMs = beganMs;
  }

  readonly clock = (): number => this.#nowMs;
  readonly elapsedMs = (): number => this.#nowMs - this.#beganMs;

  readonly after = (ms: number, work: () => void): (() => void) => {
    const timer = { atMs: this.#nowMs + ms, work };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  };

  readonly nextTurn = async (): Promise<void> => await turn();

  /** xorshift32. */
  readonly randomBytes = (count: number): Uint8Array =>
    Uint8Array.from({ length: count }, () => {
      let seed = this.#seed;
      seed ^= seed << 13;
      seed ^= seed >>> 17;
      seed ^= seed << 5;
      this.#seed = seed;
      return seed & 255;
    });

  /** How many timers run. */
  get waiting(): number {
    return this.#timers.length;
  }

  /** Lets `ms` pass: timers run in the order of their times, and what follows from each is done before the next. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settle();
    for (let next = this.#nextBefore(untilMs); next !== undefined; next = this.#nextBefore(untilMs)) {
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      const { work } = next;
      this.#timers = this.#timers.filter((each) => each !== next);
      work();
      await settle();
    }
    this.#nowMs = untilMs;
  }

  count(event: string): number {
    return this.lines.filter((line) => line.event === event).length;
  }

  #nextBefore(untilMs: number) {
    const due = this.#timers.filter(({ atMs }) => atMs <= untilMs);
    return due.toSorted((a, b) => a.atMs - b.atMs)[0];
  }

  #logWith(standing: LogFields): Log {
    const note = (event: string, fields: LogFields = {}): void =>
      void this.lines.push({ event, fields: { ...standing, ...fields } });
    return {
      info: note,
      warn: note,
      error: (event, cause, fields) => note(event, { ...fields, ...describe(cause) }),
      with: (fields) => this.#logWith({ ...standing, ...fields }),
      counts: () => new Map(this.lines.map(({ event }) => [event, this.count(event)])),
    };
  }
}

/** Everything that can go on without time has gone on. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await turn();
}

class ForeignFault extends Error {
  override readonly name = "ForeignFault";
}

/** What clients have thrown at us: their own classes, those of the platform, and no class at all. */
export const FOREIGN_FAULTS: readonly (readonly [name: string, thrown: unknown])[] = [
  ["TimeoutError", new DOMException("too late", "TimeoutError")],
  ["AbortError", new DOMException("called off", "AbortError")],
  ["a class of the client's own", new ForeignFault("something")],
  ["a TypeError", new TypeError("something")],
  ["a text", "something"],
  ["nothing", undefined],
];
