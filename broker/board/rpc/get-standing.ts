/** `GetStanding`: what the caller has spent of its budget, and what was noticed about it: nobody is watched in secret. */
import type { CallContext } from "nice-grpc";
import { parseGetStandingRequest } from "../../../shared/wire/board-requests.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import type { GetStandingRequest, GetStandingResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { memberCalling } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function getStandingRpc({ directory, oversight }: BoardDesk) {
  return async (request: GetStandingRequest, context: CallContext): Promise<GetStandingResponse> => {
    const member = memberCalling(context, directory.federation);
    parseGetStandingRequest(request);
    const budget = oversight.budgetOf(member);
    if (budget === undefined) throw new CausewayError("INTERNAL", "a member has no budget");
    return {
      tokensUsed: BigInt(budget.usedInWindow),
      tokensPerDay: BigInt(budget.perDay),
      tokensAvailable: BigInt(budget.available),
      alarms: oversight.openAlarmsOf(member).map(({ text }) => text),
    };
  };
}
