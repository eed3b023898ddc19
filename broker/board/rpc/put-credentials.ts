/** `PutCredentials`: what the registrar has issued, to be fetched by whom it is for. */
import type { CallContext } from "nice-grpc";
import { parsePutCredentialsRequest } from "../../../shared/wire/board-requests.ts";
import { toHex } from "../../../shared/core/bytes.ts";
import type { PutCredentialsRequest, PutCredentialsResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { assertRegistrar } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function putCredentialsRpc({ credentials }: BoardDesk) {
  return async (request: PutCredentialsRequest, context: CallContext): Promise<PutCredentialsResponse> => {
    assertRegistrar(context);
    const { keyId, credentials: issued } = parsePutCredentialsRequest(request);
    credentials.issue(toHex(keyId), issued);
    return {};
  };
}
