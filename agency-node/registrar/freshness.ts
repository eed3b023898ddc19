/**
 * Says every hour, and at once after each directive, which directive is the latest, for as long as the registrar runs. It can only vouch
 * for what the broker shows it: that a directive which the board has decided is stated here within moments is for the administrators
 * to see to, whose tool compares.
 */
import type { Federation } from "../../shared/core/directive.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { Clock } from "../../shared/world/clock.ts";
import { replaceFile } from "../../shared/party/key-files.ts";
import type { Log } from "../../shared/world/log.ts";
import { partyFile } from "../../shared/party/files.ts";
import { pause } from "../../shared/platform/retry.ts";
import { Wake } from "../wake.ts";
import { stateFreshness } from "./statement.ts";
import { freshnessSeedOf } from "./keys.ts";
import type { BrokerLink } from "./rpc/broker-link.ts";

export type FreshnessParts = {
  readonly dir: string;
  readonly broker: Pick<BrokerLink, "putFreshness">;
  readonly federation: () => Federation;
  readonly hours: number;
  readonly clock: Clock;
  readonly log: Log;
};

const EVERY_MS = 3_600_000;
const RETRY_MS = 1_000;

export class FreshnessSpeaker {
  readonly #parts: FreshnessParts;
  readonly #wake = new Wake();
  #outcome = "";

  constructor(parts: FreshnessParts) {
    this.#parts = parts;
  }

  /** There is a new directive. */
  wake(): void {
    this.#wake.set();
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const outcome = await this.#speak(signal);
      if (signal.aborted) return;
      if (outcome !== this.#outcome) this.#parts.log.info("registrar.freshness", { outcome });
      this.#outcome = outcome;
      if (outcome === "stated") await this.#wake.wait(EVERY_MS, signal);
      else await pause(RETRY_MS, signal);
    }
  }

  async #speak(signal: AbortSignal): Promise<string> {
    const { dir, broker, hours, clock } = this.#parts;
    const federation = this.#parts.federation();
    try {
      const freshnessSeed = freshnessSeedOf(dir, federation.found.freshnessKey);
      const statement = stateFreshness({ federation, freshnessSeed, nowMs: clock(), hours });
      await broker.putFreshness(statement, signal);
      replaceFile(partyFile(dir, "freshness"), statement, 0o644);
      return "stated";
    } catch (error) {
      if (!isCausewayError(error)) throw error;
      return error.code;
    }
  }
}
