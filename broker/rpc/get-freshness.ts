/** `GetFreshness`: the latest statement that the board's on-line key has made, as it lies here. */
import type { CallContext } from "nice-grpc";
import { parseGetFreshnessRequest } from "../../shared/wire/directory-requests.ts";
import { peerOf } from "../../shared/platform/grpc.ts";
import type { GetFreshnessRequest, GetFreshnessResponse } from "../../shared/wire/gen/causeway/v1/directory.ts";
import { Signed } from "../../shared/wire/gen/causeway/v1/signed.ts";
import { assertMayRead } from "./caller.ts";
import type { DirectoryParts } from "./directory-parts.ts";

export function getFreshnessRpc({ directory }: DirectoryParts) {
  return async (request: GetFreshnessRequest, context: CallContext): Promise<GetFreshnessResponse> => {
    assertMayRead(peerOf(context), directory.chain.federation);
    parseGetFreshnessRequest(request);
    return { freshness: Signed.decode(directory.readFreshness()) };
  };
}
