/**
 * Who may still speak. A certificate says who calls and lives for a year; whether that party still has a place in the federation is
 * asked here, of the chain of directives, at every call and again at every new directive (protocol section 5).
 */
import { toHex } from "../core/bytes.ts";
import type { Federation } from "../core/directive.ts";
import { keyId } from "../crypto/sign.ts";
import type { PeerIdentity } from "./tls.ts";

/**
 * Whether the party has a place in the federation now: members in good standing, evaluators of a generation that is in use, the board's
 * administrators by their present keys. Broker and registrar are named by their certificates alone. NATS servers call nobody.
 */
export function isInGoodStanding(peer: PeerIdentity, { members, found, generations }: Federation): boolean {
  switch (peer.kind) {
    case "member":
      return members.has(peer.member);
    case "evaluator":
      return [found.evaluators, ...generations.values()].flat().some(({ name }) => name === peer.name);
    case "administrator":
      return found.board.some(({ signingKey }) => toHex(keyId(signingKey)) === peer.keyId);
    case "broker":
    case "registrar":
      return true;
    case "nats":
      return false;
  }
}
