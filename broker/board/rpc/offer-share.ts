/** `OfferShare`: an evaluator's public key share of the generation that the board prepares. */
import type { CallContext } from "nice-grpc";
import { parseOfferShareRequest } from "../../../shared/wire/board-requests.ts";
import type { OfferShareRequest, OfferShareResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { evaluatorCalling } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function offerShareRpc({ directory, preparations }: BoardDesk) {
  return async (request: OfferShareRequest, context: CallContext): Promise<OfferShareResponse> => {
    const name = evaluatorCalling(context, directory.federation);
    preparations.offerShare(name, parseOfferShareRequest(request).offer);
    return {};
  };
}
