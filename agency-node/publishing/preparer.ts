/**
 * Makes records ready to be published under each generation of evaluator keys that an open epoch uses. Every generation has a lane of
 * its own: evaluators that refuse or are silent under the new keys of a rotation must not keep anything from the epoch that counts.
 */
import { isCausewayError } from "../../shared/core/errors.ts";
import { Wake } from "../../shared/world/wake.ts";
import { Lane } from "./lane.ts";
import type { Halt, LaneParts } from "./lane.ts";
import { Watch } from "./watch.ts";

export type PreparerParts = Omit<LaneParts, "watch">;

type OpenLane = { readonly lane: Lane; readonly close: AbortController; readonly ended: Promise<void> };

const IDLE_MS = 60_000;
const RETRY_MS = 1_000;

export class Preparer {
  readonly #parts: PreparerParts;
  readonly #watch: Watch;
  readonly #changed: Wake;
  /** By generation. */
  readonly #lanes = new Map<number, OpenLane>();
  #halt: Halt | undefined;

  constructor(parts: PreparerParts) {
    this.#parts = parts;
    this.#changed = new Wake(parts.world);
    this.#watch = new Watch(parts.world.clock);
  }

  get work(): Watch["work"] {
    return this.#watch.work;
  }

  /** There are records to prepare. */
  wake(): void {
    this.#changed.set();
    for (const { lane } of this.#lanes.values()) lane.wake();
  }

  /** Epochs, mandate or evaluators may be others: what was waited for may be there. */
  onDirective(): void {
    this.#changed.set();
    for (const { lane } of this.#lanes.values()) lane.onDirective();
  }

  /** Of the oldest generation that does not get on. */
  get halt(): Halt | undefined {
    const lanes = [...this.#lanes.values()].map(({ lane }) => lane).toSorted((a, b) => a.generation - b.generation);
    return this.#halt ?? lanes.find(({ halt }) => halt !== undefined)?.halt;
  }

  /** Prepares until the signal aborts. Evaluators that are away or a budget that is used up delay it and lose nothing. */
  async run(signal: AbortSignal): Promise<void> {
    const failure = Promise.withResolvers<never>();
    await Promise.race([failure.promise, this.#follow(signal, failure.reject)]);
  }

  /** Keeps a lane for each generation in use, until the signal aborts and all lanes have ended. */
  async #follow(signal: AbortSignal, fail: (error: unknown) => void): Promise<void> {
    while (!signal.aborted) {
      const waitMs = await this.#adjustLanes(signal, fail);
      await this.#changed.wait(waitMs, signal);
    }
    await Promise.all([...this.#lanes.values()].map(({ ended }) => ended));
  }

  /** Answers how long it is good for. */
  async #adjustLanes(signal: AbortSignal, fail: (error: unknown) => void): Promise<number> {
    try {
      const wanted = new Set(this.#parts.terms().map(({ generation }) => generation));
      for (const [generation, open] of this.#lanes) if (!wanted.has(generation)) await this.#close(generation, open);
      const oldestFirst = [...wanted].toSorted((a, b) => a - b);
      for (const generation of oldestFirst) if (!this.#lanes.has(generation)) this.#open(generation, signal, fail);
      this.#halt = undefined;
      return IDLE_MS;
    } catch (error) {
      if (!isCausewayError(error)) throw error;
      this.#halt = { code: error.code, resumesAtMs: this.#parts.world.clock() + RETRY_MS };
      return RETRY_MS;
    }
  }

  #open(generation: number, signal: AbortSignal, fail: (error: unknown) => void): void {
    const lane = new Lane(generation, { ...this.#parts, watch: this.#watch });
    const close = new AbortController();
    const ended = lane.run(AbortSignal.any([signal, close.signal])).catch(fail);
    this.#lanes.set(generation, { lane, close, ended });
  }

  /** What is on its way is not waited for. Its batches are forgotten by the lanes that stay. */
  async #close(generation: number, { close, ended }: OpenLane): Promise<void> {
    close.abort();
    await ended;
    this.#lanes.delete(generation);
  }
}
