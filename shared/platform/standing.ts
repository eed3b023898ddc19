/**
 * Who may still speak. A certificate says who calls and lives for a year; whether that party still has a place in the federation is
 * asked here, of the chain of directives, at every call and again at every new directive (protocol section 5).
 */
import { toHex } from "../core/bytes.ts";
import type { Evaluator, Federation } from "../core/directive.ts";
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
      return evaluatorsIn({ found, generations }).some(({ name }) => name === peer.name);
    case "administrator":
      return found.board.some(({ signingKey }) => toHex(keyId(signingKey)) === peer.keyId);
    case "broker":
    case "registrar":
      return true;
    case "nats":
      return false;
  }
}

/** The present signing key of a party in good standing; undefined for those that have none in the chain. */
export function signingKeyOf(peer: PeerIdentity, federation: Federation): Uint8Array | undefined {
  const { found, members } = federation;
  switch (peer.kind) {
    case "member":
      return members.get(peer.member)?.signingKey;
    case "evaluator":
      return evaluatorsIn(federation).find(({ name }) => name === peer.name)?.signingKey;
    case "administrator":
      return found.board.find(({ signingKey }) => toHex(keyId(signingKey)) === peer.keyId)?.signingKey;
    case "broker":
      return found.broker.signingKey;
    case "registrar":
    case "nats":
      return undefined;
  }
}

/** Evaluators of the generation in use and of every other one that an open epoch needs. */
export function evaluatorsIn({ found, generations }: Pick<Federation, "found" | "generations">): Evaluator[] {
  return [found.evaluators, ...generations.values()].flat();
}
