/** `FollowRequests`: requests for credentials that wait, then each as it comes. */
import type { CallContext } from "nice-grpc";
import type { FollowRequestsRequest, FollowRequestsResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { Signed } from "../../../shared/wire/gen/causeway/v1/signed.ts";
import { LOOK_AGAIN_MS } from "../../core/limits.ts";
import { assertRegistrar } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function followRequestsRpc({ credentials }: BoardDesk) {
  return async function* (
    _request: FollowRequestsRequest,
    context: CallContext,
  ): AsyncGenerator<FollowRequestsResponse> {
    assertRegistrar(context);
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
