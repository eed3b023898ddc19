/**
 * Who calls the node's services. They are for the unit itself: they open to the node's own certificate and nobody else's. All of the
 * unit's clients show that one certificate, so each states besides who acts, and is believed: what the log has is `stated`.
 */
import type { CallContext } from "nice-grpc";
import { CausewayError } from "../../shared/core/errors.ts";
import { peerOf } from "../../shared/platform/grpc.ts";
import { identityUri } from "../../shared/platform/tls.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import type { Actor } from "../core/actor.ts";
import { ACTOR_KEY, readStatedActor } from "../wire/stated-actor.ts";

/** Throws UNAUTHENTICATED or FORBIDDEN unless the caller bears a certificate of the same member and key as the node. */
export function assertOwnUnit(context: CallContext, owner: PeerIdentity): void {
  if (identityUri(peerOf(context)) !== identityUri(owner)) {
    throw new CausewayError("FORBIDDEN", "this node serves its own unit only");
  }
}

/**
 * Who acts: the one place that knows. Throws as `assertOwnUnit`, UNAUTHENTICATED for a client that does not say, and INVALID for what
 * cannot be read. Nobody gets by without a name: the law asks for one with every look, and client and node come in one package.
 */
export function actorOf(context: CallContext, owner: PeerIdentity): Actor {
  assertOwnUnit(context, owner);
  const stated = context.metadata.get(ACTOR_KEY);
  if (stated === undefined) {
    throw new CausewayError("UNAUTHENTICATED", "the client does not say who acts: use the commands of this version");
  }
  return { ...readStatedActor(Buffer.from(stated)), known: "stated" };
}
