/** What the caller may still have evaluated. */
import type { CallContext } from "nice-grpc";
import { peerOf } from "../../../shared/platform/grpc.ts";
import type { GetBudgetRequest } from "../../../shared/wire/gen/causeway/v1/evaluation.ts";
import { balanceOf } from "../../../shared/core/quota.ts";
import { callerOf } from "../parts.ts";
import type { EvaluatorParts } from "../parts.ts";

export function getBudgetRpc(parts: EvaluatorParts) {
  return async (_request: GetBudgetRequest, context: CallContext) => {
    const federation = parts.federation();
    const { member, budget } = callerOf(peerOf(context), federation);
    const account = parts.store.account(member, federation.found.generation);
    const { available, usedInWindow, perDay } = balanceOf(account, budget, parts.clock());
    return { available: BigInt(available), usedInWindow: BigInt(usedInWindow), perDay: BigInt(perDay) };
  };
}
