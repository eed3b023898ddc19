/** The node's services are for the unit itself: they open to the node's own certificate and nobody else's. */
import type { CallContext } from "nice-grpc";
import { CausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { peerOf } from "../../shared/platform/grpc.ts";

/** Throws UNAUTHENTICATED or FORBIDDEN unless the caller bears this member's certificate. */
export function assertOwnUnit(context: CallContext, member: MemberId): void {
  const peer = peerOf(context);
  if (peer.kind !== "member" || peer.member !== member) {
    throw new CausewayError("FORBIDDEN", "this node serves its own unit only");
  }
}
