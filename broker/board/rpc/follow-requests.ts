/** `FollowRequests`: requests for credentials that wait, then each as it comes. */
import type { CallContext } from "nice-grpc";
import { parseFollowRequestsRequest } from "../../../shared/wire/board-requests.ts";
import type { FollowRequestsRequest, FollowRequestsResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { Signed } from "../../../shared/wire/gen/causeway/v1/signed.ts";
import { LOOK_AGAIN_MS } from "../../core/limits.ts";
import { assertRegistrar } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function followRequestsRpc({ credentials }: BoardDesk) {
  return async function* (
    request: FollowRequestsRequest,
    context: CallContext,
  ): AsyncGenerator<FollowRequestsResponse> {
    assertRegistrar(context);
    parseFollowRequestsRequest(request);
    const { signal } = context;
    const requests = credentials.listen();
    let sent = 0;
    while (!signal.aborted) {
      for (const { position, signed } of credentials.requestsAfter(sent)) {
        yield { request: Signed.decode(signed) };
        sent = position;
      }
      await requests.wait(LOOK_AGAIN_MS, signal);
    }
  };
}
