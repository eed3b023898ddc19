/** `PrepareEpoch`: what the next epoch needs from broker, members and evaluators, as far as it is here. */
import type { CallContext } from "nice-grpc";
import { parsePrepareEpochRequest } from "../../../shared/wire/board-requests.ts";
import type { PrepareEpochRequest, PrepareEpochResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { MemberKey } from "../../../shared/wire/gen/causeway/v1/federation.ts";
import { Signed } from "../../../shared/wire/gen/causeway/v1/signed.ts";
import { administratorCalling } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function prepareEpochRpc({ directory, preparations }: BoardDesk) {
  return async (request: PrepareEpochRequest, context: CallContext): Promise<PrepareEpochResponse> => {
    administratorCalling(context, directory.federation);
    const { brokerSealingKey, memberKeys, evaluatorOffers } = preparations.prepare(parsePrepareEpochRequest(request));
    return {
      brokerSealingKey,
      memberKeys: memberKeys.map((offer) => MemberKey.decode(offer)),
      evaluatorOffers: evaluatorOffers.map((offer) => Signed.decode(offer)),
    };
  };
}
