/** `RequestCredentials`: the caller asks the registrar for a new certificate and NATS user, about itself only. */
import type { CallContext } from "nice-grpc";
import { parseRequestCredentialsRequest } from "../../../shared/wire/board-requests.ts";
import { signedBytes } from "../../../shared/wire/envelope.ts";
import { CREDENTIALS_REQUEST_AGE_MS_MAX } from "../../../shared/core/board.ts";
import { AHEAD_MS_MAX } from "../../../shared/core/chain.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import { openCredentialsRequest } from "../../../shared/wire/board.ts";
import type {
  RequestCredentialsRequest,
  RequestCredentialsResponse,
} from "../../../shared/wire/gen/causeway/v1/board.ts";
import { partyCalling } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function requestCredentialsRpc({ directory, credentials, clock }: BoardDesk) {
  return async (message: RequestCredentialsRequest, context: CallContext): Promise<RequestCredentialsResponse> => {
    const { federation } = directory;
    const { signingKey, signer } = partyCalling(context, federation);
    const { request } = parseRequestCredentialsRequest(message);
    const { value } = openCredentialsRequest(request, federation.id, (id) => (id === signer ? signingKey : undefined));
    const nowMs = clock();
    if (value.requestedAtMs > nowMs + AHEAD_MS_MAX || value.requestedAtMs < nowMs - CREDENTIALS_REQUEST_AGE_MS_MAX) {
      throw new CausewayError("OUT_OF_SEQUENCE", "the request is not of now: compare the clocks");
    }
    credentials.ask(signer, signedBytes(request), value.requestedAtMs);
    return {};
  };
}
