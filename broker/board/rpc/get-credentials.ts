/** `GetCredentials`: the last that were issued for the caller's present signing key. */
import type { CallContext } from "nice-grpc";
import { parseGetCredentialsRequest } from "../../../shared/wire/board-requests.ts";
import type { GetCredentialsRequest, GetCredentialsResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { partyCalling } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function getCredentialsRpc({ directory, credentials }: BoardDesk) {
  return async (request: GetCredentialsRequest, context: CallContext): Promise<GetCredentialsResponse> => {
    const { signer } = partyCalling(context, directory.federation);
    parseGetCredentialsRequest(request);
    const issued = credentials.issued(signer);
    if (issued === undefined) return { credentials: undefined };
    return { credentials: { ...issued, issuedAtMs: BigInt(issued.issuedAtMs) } };
  };
}
