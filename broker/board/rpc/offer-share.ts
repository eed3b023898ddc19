/** `OfferShare`: an evaluator's public key share of the generation that the board prepares. */
import type { CallContext } from "nice-grpc";
import type { OfferShareRequest, OfferShareResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { evaluatorCalling } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function offerShareRpc({ directory, preparations }: BoardDesk) {
  return async ({ offer }: OfferShareRequest, context: CallContext): Promise<OfferShareResponse> => {
    const name = evaluatorCalling(context, directory.federation);
    preparations.offerShare(name, offer);
    return {};
  };
}
