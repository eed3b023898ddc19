/** (node) The federation's evaluators as a port: gRPC in `rpc/`, another in tests; both pass `tests/contract/evaluator.ts`. */
import type { Evaluator, Federation } from "../../shared/core/directive.ts";
import type { EvaluationRequest, EvaluationResponse } from "../../shared/core/evaluation.ts";

/** In elements, or tokens, over sliding 24 hours. */
export type Balance = { readonly used: number; readonly perDay: number; readonly available: number };

/** One evaluator, over which batches and proofs run side by side. It controls what comes back and in which order. */
export type EvaluatorClient = Disposable & {
  /**
   * Asks one question; a batch id has at most one open. Rejects with UNAVAILABLE if the evaluator is away, `NoAnswer` if it is there and
   * silent, INVALID for an answer that is malformed, and with the code of what the evaluator reports (FORBIDDEN for a member who is none).
   */
  ask(request: EvaluationRequest): Promise<EvaluationResponse>;
};

/** The evaluator is there, and silent. */
export class NoAnswer extends Error {}

export type Evaluators = {
  /** Connects at the first question, and again at the next one after a loss. Its owner disposes of it. */
  clientOf(evaluator: Evaluator, federation: Federation): EvaluatorClient;
  /** Asks once what it says of our budget. Rejects as its client does, or does not end. */
  budgetAt(evaluator: Evaluator, federation: Federation, signal: AbortSignal): Promise<Balance>;
};
