/** A party's way to all others: it is there or it is cut, for every kind of call at once. */
import { CausewayError } from "../../shared/core/errors.ts";
import { pause } from "../../shared/world/wait.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";

/** From here to there, or back. */
const WAY_MS = 1;
const never = new AbortController().signal;

export class Line {
  /** Cut, or back. */
  readonly changed: Wake;
  readonly #world: Pick<World, "after">;
  #isCut = false;

  constructor(world: Pick<World, "after">) {
    this.#world = world;
    this.changed = new Wake(world);
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  set isCut(isCut: boolean) {
    this.#isCut = isCut;
    this.changed.set();
  }

  /** There and back. Throws UNAVAILABLE while the line is cut. */
  async call<T>(work: () => T | Promise<T>): Promise<T> {
    await this.#way();
    const outcome = await work();
    await this.#way();
    return outcome;
  }

  async #way(): Promise<void> {
    await pause(this.#world, WAY_MS, never);
    if (this.#isCut) throw new CausewayError("UNAVAILABLE", "the line is cut");
  }
}
