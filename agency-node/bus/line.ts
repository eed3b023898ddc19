/** How the node's connection to the data plane stands, for all who ask. */
import type { Bus } from "../../shared/bus/bus.ts";
import type { World } from "../../shared/world/world.ts";
import { BrokerClock } from "../core/clock-skew.ts";
import type { Moment } from "../core/clock-skew.ts";

export class Line {
  readonly #world: Pick<World, "clock" | "elapsedMs">;
  readonly #brokerClock = new BrokerClock();
  /** While there is a connection, perhaps one that is lost just now. */
  bus: Bus | undefined;
  /** Whether the server refuses this member's credentials. */
  isRefused = false;
  /** The broker has told of more than has come. */
  noticesMissing = false;

  constructor(world: Pick<World, "clock" | "elapsedMs">) {
    this.#world = world;
  }

  /** See `BrokerClock.heard`. */
  heardClock(brokerMs: number, writtenMs?: number): void {
    this.#brokerClock.heard(brokerMs, this.#now, writtenMs);
  }

  /** See `BrokerClock.skewMs`. */
  get clockSkewMs(): number {
    return this.#brokerClock.skewMs(this.#now);
  }

  get #now(): Moment {
    return { clockMs: this.#world.clock(), elapsedMs: this.#world.elapsedMs() };
  }

  /** Whether the broker hears us. */
  get connected(): boolean {
    return this.bus?.connected ?? false;
  }
}
