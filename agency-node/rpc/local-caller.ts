/**
 * Who calls the node's services. They are for the unit itself, and no certificate of the federation opens them (protocol section 5): a
 * caller comes by the node's Unix socket, or from a workstation whose key the unit has pinned. Each states besides who acts, and is
 * believed: what the log has is `stated`.
 */
import type { CallContext } from "nice-grpc";
import { CausewayError } from "../../shared/core/errors.ts";
import { callerOf } from "../../shared/platform/grpc-sessions.ts";
import type { Actor } from "../core/actor.ts";
import { ACTOR_KEY, readStatedActor } from "../wire/stated-actor.ts";

/** What the way by which a call came says of it. */
export type Door = (context: CallContext) => Pick<Actor, "workstation">;

/** Whoever holds the key that was shown; `workstation`: the name that was pinned to it then. */
export type KeyHolder = { readonly key: string | undefined; readonly workstation: string | undefined };

/** By the Unix socket. grpc-js does not show which user it is. */
export const SOCKET: Door = () => ({});

/** From a workstation. Throws FORBIDDEN where the sessions of the server recognised none. */
export const WORKSTATIONS: Door = (context) => {
  const workstation = callerOf<KeyHolder>(context)?.workstation;
  if (workstation === undefined) throw new CausewayError("FORBIDDEN", "this is none of the unit's workstations");
  return { workstation };
};

/**
 * Who acts: the one place that knows. Throws as the door does, UNAUTHENTICATED for a client that does not say, and INVALID for what
 * cannot be read. Nobody gets by without a name: the law asks for one with every look, and client and node come in one package.
 */
export function actorOf(context: CallContext, door: Door): Actor {
  const by = door(context);
  const stated = context.metadata.get(ACTOR_KEY);
  if (stated === undefined) {
    throw new CausewayError("UNAUTHENTICATED", "the client does not say who acts: use the commands of this version");
  }
  return { ...readStatedActor(Buffer.from(stated)), known: "stated", ...by };
}
