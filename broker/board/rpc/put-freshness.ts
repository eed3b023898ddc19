/** `PutFreshness`: what the board's on-line key says is the latest directive. */
import type { CallContext } from "nice-grpc";
import { parsePutFreshnessRequest } from "../../../shared/wire/board-requests.ts";
import type { PutFreshnessRequest, PutFreshnessResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { assertRegistrar } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function putFreshnessRpc({ directory }: BoardDesk) {
  return async (request: PutFreshnessRequest, context: CallContext): Promise<PutFreshnessResponse> => {
    assertRegistrar(context);
    directory.putFreshness(parsePutFreshnessRequest(request).freshness);
    return {};
  };
}
