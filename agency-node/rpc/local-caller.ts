/** The node's services are for the unit itself: they open to the node's own certificate and nobody else's. */
import type { CallContext } from "nice-grpc";
import { CausewayError } from "../../shared/core/errors.ts";
import { peerOf } from "../../shared/platform/grpc.ts";
import { identityUri } from "../../shared/platform/tls.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";

/** Throws UNAUTHENTICATED or FORBIDDEN unless the caller bears a certificate of the same member and key as the node. */
export function assertOwnUnit(context: CallContext, owner: PeerIdentity): void {
  if (identityUri(peerOf(context)) !== identityUri(owner)) {
    throw new CausewayError("FORBIDDEN", "this node serves its own unit only");
  }
}
