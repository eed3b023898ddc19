/** `GetPreparation`: which epoch and generation the board prepares, so that the caller can make its keys. */
import type { CallContext } from "nice-grpc";
import { parseGetPreparationRequest } from "../../../shared/wire/board-requests.ts";
import type { GetPreparationRequest, GetPreparationResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { partyCalling } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function getPreparationRpc({ directory, preparations }: BoardDesk) {
  return async (request: GetPreparationRequest, context: CallContext): Promise<GetPreparationResponse> => {
    partyCalling(context, directory.federation);
    parseGetPreparationRequest(request);
    const { epoch, generation } = preparations.current();
    return { epoch, generation };
  };
}
