/** `OfferKey`: a member's sealing key for the epoch that the board prepares. */
import type { CallContext } from "nice-grpc";
import type { OfferKeyRequest, OfferKeyResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { MemberKey } from "../../../shared/wire/gen/causeway/v1/federation.ts";
import { memberCalling } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function offerKeyRpc({ directory, preparations }: BoardDesk) {
  return async ({ offer }: OfferKeyRequest, context: CallContext): Promise<OfferKeyResponse> => {
    const member = memberCalling(context, directory.federation);
    preparations.offerKey(member, MemberKey.encode(MemberKey.fromPartial(offer ?? {})).finish());
    return {};
  };
}
