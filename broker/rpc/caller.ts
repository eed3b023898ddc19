import type { Admit, Federation } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";

/** The member that calls, as the chain has it now. Throws FORBIDDEN for any other party, and who is no member any more. */
export function callingMember(peer: PeerIdentity, federation: Federation): Admit {
  const member = peer.kind === "member" ? federation.members.get(peer.member) : undefined;
  if (member === undefined)
    throw new CausewayError("FORBIDDEN", "only members of the federation may read its directory");
  return member;
}
