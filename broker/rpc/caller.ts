import type { Federation } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { isInGoodStanding } from "../../shared/platform/standing.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";

/** Who may read the directory: every party that has a place in the federation now. Throws FORBIDDEN for anybody else. */
export function assertMayRead(peer: PeerIdentity, federation: Federation): void {
  if (!isInGoodStanding(peer, federation)) {
    throw new CausewayError("FORBIDDEN", "only parties of the federation may read its directory");
  }
}
