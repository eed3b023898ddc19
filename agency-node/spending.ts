/** What this member has used of its budgets, and what was noticed about it, as evaluators and broker say; asked in the background. */
import type { Evaluator } from "../shared/core/directive.ts";
import { isCausewayError } from "../shared/core/errors.ts";
import { BUDGETS_AGAIN_MS, BUDGETS_KEPT_MS } from "./core/limits.ts";
import type { Balance } from "./hardening/rpc/budget-client.ts";
import type { BrokerStanding } from "./rpc/membership-client.ts";
import { Wake } from "./wake.ts";

export type Spend = Balance & {
  /** An evaluator's name; empty for the tokens that the broker counts. */ readonly at: string;
};

export type SpendingParts = {
  /** Those in use. */
  evaluators(): readonly Evaluator[];
  budgetAt(evaluator: Evaluator, signal: AbortSignal): Promise<Balance>;
  standing(signal: AbortSignal): Promise<BrokerStanding>;
};

const CALL_MS = 10_000;

export class Spending {
  readonly #parts: SpendingParts;
  readonly #wake = new Wake();
  #spends: readonly Spend[] = [];
  #alarms: readonly string[] = [];

  constructor(parts: SpendingParts) {
    this.#parts = parts;
  }

  /** Of those who answered when they were last asked, within the last minute or two. */
  get spends(): readonly Spend[] {
    return this.#spends;
  }

  get alarms(): readonly string[] {
    return this.#alarms;
  }

  /** Asks until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const all = await this.#ask(signal);
      await this.#wake.wait(all ? BUDGETS_KEPT_MS : BUDGETS_AGAIN_MS, signal);
    }
  }

  async #ask(outer: AbortSignal): Promise<boolean> {
    const { evaluators, budgetAt, standing } = this.#parts;
    const signal = AbortSignal.any([outer, AbortSignal.timeout(CALL_MS)]);
    const listed = evaluators();
    const asked = listed.map(async (evaluator) => {
      const balance = await unlessAway(budgetAt(evaluator, signal));
      return balance && { at: evaluator.name, ...balance };
    });
    const [broker, ...answers] = await Promise.all([unlessAway(standing(signal)), ...asked]);
    const published = broker && { at: "", used: broker.used, perDay: broker.perDay, available: broker.available };
    this.#spends = [...answers, published].filter((spend) => spend !== undefined);
    this.#alarms = broker?.alarms ?? [];
    return this.#spends.length > listed.length;
  }
}

/** A call that fails or takes too long leaves a gap in the status and nothing else. */
async function unlessAway<Answer>(call: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await call;
  } catch (error) {
    if (!isCausewayError(error) && (error as Error).name !== "AbortError") throw error;
    return undefined;
  }
}
