/** What this member has used of its budgets, and what was noticed about it, as evaluators and broker say; asked in the background. */
import type { Evaluator } from "../shared/core/directive.ts";
import { isCausewayError } from "../shared/core/errors.ts";
import { BUDGETS_AGAIN_MS, BUDGETS_KEPT_MS } from "./core/limits.ts";
import { pause, within } from "../shared/world/wait.ts";
import type { World } from "../shared/world/world.ts";
import type { Balance } from "./hardening/evaluators.ts";
import type { BrokerStanding } from "./ports.ts";

export type Spend = Balance & {
  /** An evaluator's name; empty for the tokens that the broker counts. */ readonly at: string;
};

export type SpendingParts = {
  readonly world: Pick<World, "after">;
  /** Those in use. */
  evaluators(): readonly Evaluator[];
  budgetAt(evaluator: Evaluator, signal: AbortSignal): Promise<Balance>;
  standing(signal: AbortSignal): Promise<BrokerStanding>;
};

const CALL_MS = 10_000;

export class Spending {
  readonly #parts: SpendingParts;
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
      const isAnyAway = await this.#ask(signal);
      await pause(this.#parts.world, isAnyAway ? BUDGETS_AGAIN_MS : BUDGETS_KEPT_MS, signal);
    }
  }

  /** Whether anybody did not answer. Who refuses has answered: a suspension lasts for days. */
  async #ask(signal: AbortSignal): Promise<boolean> {
    const { evaluators, budgetAt, standing } = this.#parts;
    let isAnyAway = false;
    const unlessAway = <Answer>(call: (limited: AbortSignal) => Promise<Answer>): Promise<Answer | undefined> =>
      this.#unlessFailed(signal, call, () => (isAnyAway = true));
    const asked = evaluators().map(async (evaluator) => {
      const balance = await unlessAway((limited) => budgetAt(evaluator, limited));
      return balance && { at: evaluator.name, ...balance };
    });
    const [broker, ...answers] = await Promise.all([unlessAway(standing), ...asked]);
    const published = broker && { at: "", used: broker.used, perDay: broker.perDay, available: broker.available };
    this.#spends = [...answers, published].filter((spend) => spend !== undefined);
    this.#alarms = broker?.alarms ?? [];
    return isAnyAway;
  }

  /** A call that fails, with whatever class its client has, or takes too long leaves a gap in the status and nothing else. */
  async #unlessFailed<Answer>(
    signal: AbortSignal,
    call: (limited: AbortSignal) => Promise<Answer>,
    onAway: () => void,
  ): Promise<Answer | undefined> {
    try {
      return await within(this.#parts.world, CALL_MS, signal, call);
    } catch (error) {
      if (!isCausewayError(error, "FORBIDDEN")) onAway();
      return undefined;
    }
  }
}
