/**
 * Takes out records past their review day, as long as that is plausible (protocol section 8): only while this machine's clock agrees with the
 * members', and no more than a share of all records a day. What waits meets nobody either: matching leaves out what is past its day.
 */
import type { MemberId } from "../../shared/core/ids.ts";
import type { World } from "../../shared/world/world.ts";
import { Clocks } from "../core/clocks.ts";
import { EXPIRIES_PER_SWEEP_MAX, SWEPT_PER_DAY_MIN, SWEPT_PER_DAY_SHARE } from "../core/limits.ts";
import { events } from "../events.ts";
import type { Publications } from "./publications.ts";
import type { Watch } from "./watch.ts";

export type SweeperParts = {
  readonly publications: Pick<Publications, "sweep" | "recordCount" | "isExpired">;
  readonly watch: Pick<Watch, "raise" | "end">;
  readonly world: Pick<World, "clock" | "elapsedMs" | "log">;
};

const DAY_MS = 86_400_000;

export class Sweeper {
  readonly #parts: SweeperParts;
  readonly #clocks = new Clocks();
  /** What was taken out since `#dayBeganMs`, of so many. */
  #swept = 0;
  #of = 0;
  #dayBeganMs = Number.NEGATIVE_INFINITY;

  constructor(parts: SweeperParts) {
    this.#parts = parts;
  }

  /** A member has signed that its clock shows `theirMs`. */
  heard(member: MemberId, theirMs: number): void {
    this.#clocks.heard(member, theirMs, this.#parts.world.elapsedMs());
  }

  /** In a transaction of its own. True if there may be more to take out now. */
  sweep(): boolean {
    const { publications, watch, world } = this.#parts;
    const nowMs = world.clock();
    const verdict = this.#clocks.judge({ clockMs: nowMs, elapsedMs: world.elapsedMs() });
    if (verdict.kind === "agrees") watch.end("clockDisagrees", undefined, nowMs);
    if (verdict.kind === "unknown" || !publications.isExpired(nowMs)) return false;
    if (verdict.kind === "disagrees") {
      events.alarm.clockDisagrees(world.log, undefined, { skewMs: verdict.skewMs });
      watch.raise("clockDisagrees", undefined, nowMs);
      return false;
    }
    const room = this.#room();
    if (room === 0) {
      watch.raise("sweepHeld", undefined, nowMs);
      return false;
    }
    const count = publications.sweep(nowMs, Math.min(room, EXPIRIES_PER_SWEEP_MAX));
    this.#swept += count;
    return count > 0;
  }

  /** How many may still be taken out today. */
  #room(): number {
    const { publications, world } = this.#parts;
    if (world.elapsedMs() - this.#dayBeganMs >= DAY_MS) {
      this.#dayBeganMs = world.elapsedMs();
      this.#of = publications.recordCount;
      this.#swept = 0;
    }
    return Math.max(0, Math.max(SWEPT_PER_DAY_MIN, Math.ceil(this.#of * SWEPT_PER_DAY_SHARE)) - this.#swept);
  }
}
