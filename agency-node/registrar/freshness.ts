/**
 * Says every hour, and at once after each directive, which directive is the latest, for as long as the registrar runs. It can only vouch
 * for what the broker shows it: that a directive which the board has decided is stated here within moments is for the administrators
 * to see to, whose tool compares.
 */
import type { Federation } from "../../shared/core/directive.ts";
import { describe } from "../../shared/world/describe.ts";
import { pause, within } from "../../shared/world/wait.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";
import type { BrokerPort, FreshnessPlace } from "./ports.ts";
import { stateFreshness } from "./statement.ts";
import { events } from "./events.ts";

export type FreshnessParts = {
  readonly broker: Pick<BrokerPort, "putFreshness">;
  readonly place: FreshnessPlace;
  readonly federation: () => Federation;
  readonly hours: number;
  readonly world: Pick<World, "after" | "clock" | "log">;
};

const EVERY_MS = 3_600_000;
const RETRY_MS = 1_000;
const CALL_MS = 10_000;

export class FreshnessSpeaker {
  readonly #parts: FreshnessParts;
  readonly #wake: Wake;
  #outcome = "";

  constructor(parts: FreshnessParts) {
    this.#parts = parts;
    this.#wake = new Wake(parts.world);
  }

  /** There is a new directive. */
  wake(): void {
    this.#wake.set();
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { world } = this.#parts;
    while (!signal.aborted) {
      const outcome = await this.#speak(signal);
      if (signal.aborted) return;
      if (outcome !== this.#outcome) events.registrar.freshnessStated(world.log, { outcome });
      this.#outcome = outcome;
      if (outcome === "stated") await this.#wake.wait(EVERY_MS, signal);
      else await pause(world, RETRY_MS, signal);
    }
  }

  /** What came of it: "stated", or the code or class of what went wrong. */
  async #speak(signal: AbortSignal): Promise<string> {
    const { broker, place, hours, world } = this.#parts;
    const federation = this.#parts.federation();
    try {
      const freshnessSeed = place.seedOf(federation.found.freshnessKey);
      const statement = stateFreshness({ federation, freshnessSeed, nowMs: world.clock(), hours });
      await within(world, CALL_MS, signal, (limited) => broker.putFreshness(statement, limited));
      place.keep(statement);
      return "stated";
    } catch (error) {
      return String(describe(error)["error"]);
    }
  }
}
