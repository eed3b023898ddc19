import type { Federation } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";

/** Who may read the directory: members and evaluators as the chain has them now. Throws FORBIDDEN for anybody else. */
export function assertMayRead(peer: PeerIdentity, { members, found }: Federation): void {
  const listed =
    (peer.kind === "member" && members.has(peer.member)) ||
    (peer.kind === "evaluator" && found.evaluators.some(({ name }) => name === peer.name));
  if (!listed)
    throw new CausewayError("FORBIDDEN", "only members and evaluators of the federation may read its directory");
}
