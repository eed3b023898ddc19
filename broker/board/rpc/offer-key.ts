/** `OfferKey`: a member's sealing key for the epoch that the board prepares. */
import type { CallContext } from "nice-grpc";
import { parseOfferKeyRequest } from "../../../shared/wire/board-requests.ts";
import type { OfferKeyRequest, OfferKeyResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { memberCalling } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function offerKeyRpc({ directory, preparations }: BoardDesk) {
  return async (request: OfferKeyRequest, context: CallContext): Promise<OfferKeyResponse> => {
    const member = memberCalling(context, directory.federation);
    preparations.offerKey(member, parseOfferKeyRequest(request).offer);
    return {};
  };
}
