/** What this member has used of its budgets, and what was noticed about it, as evaluators and broker say; asked in the background. */
import type { Evaluator } from "../shared/core/directive.ts";
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
      const all = await this.#ask(signal);
      await pause(this.#parts.world, all ? BUDGETS_KEPT_MS : BUDGETS_AGAIN_MS, signal);
    }
  }

  async #ask(signal: AbortSignal): Promise<boolean> {
    const { evaluators, budgetAt, standing } = this.#parts;
    const listed = evaluators();
    const asked = listed.map(async (evaluator) => {
      const balance = await this.#unlessAway(signal, (limited) => budgetAt(evaluator, limited));
      return balance && { at: evaluator.name, ...balance };
    });
    const [broker, ...answers] = await Promise.all([this.#unlessAway(signal, standing), ...asked]);
    const published = broker && { at: "", used: broker.used, perDay: broker.perDay, available: broker.available };
    this.#spends = [...answers, published].filter((spend) => spend !== undefined);
    this.#alarms = broker?.alarms ?? [];
    return this.#spends.length > listed.length;
  }

  /** A call that fails, with whatever class its client has, or takes too long leaves a gap in the status and nothing else. */
  async #unlessAway<Answer>(
    signal: AbortSignal,
    call: (limited: AbortSignal) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    try {
      return await within(this.#parts.world, CALL_MS, signal, call);
    } catch {
      return undefined;
    }
  }
}
