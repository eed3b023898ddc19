/** What the caller may still have evaluated. */
import type { CallContext } from "nice-grpc";
import { CAPABILITIES } from "../../../shared/core/capabilities.ts";
import { peerOf } from "../../../shared/platform/grpc.ts";
import { parseGetBudgetRequest } from "../../../shared/wire/evaluation.ts";
import type { GetBudgetRequest } from "../../../shared/wire/gen/causeway/v1/evaluation.ts";
import { budgetFor } from "../evaluation.ts";
import type { EvaluationParts } from "../evaluation.ts";

export function getBudgetRpc(parts: EvaluationParts) {
  return async (request: GetBudgetRequest, context: CallContext) => {
    const { available, usedInWindow, perDay } = budgetFor(parts, peerOf(context));
    parseGetBudgetRequest(request);
    return {
      available: BigInt(available),
      usedInWindow: BigInt(usedInWindow),
      perDay: BigInt(perDay),
      capabilities: [...CAPABILITIES],
    };
  };
}
