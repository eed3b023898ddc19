/**
 * Who may still speak. A certificate says who calls and lives for a year; whether that party still has a place in the federation is
 * asked here, of the chain of directives, at every call and again at every new directive (protocol section 5).
 */
import { toHex } from "../core/bytes.ts";
import type { Administrator, Admit, Evaluator, Federation } from "../core/directive.ts";
import { keyId } from "../crypto/sign.ts";
import type { PeerIdentity } from "./tls.ts";

/**
 * Whether the party has a place in the federation now: members in good standing, evaluators of a generation that is in use and the
 * board's administrators, all by their present keys. Broker and registrar are named by their certificates alone. NATS servers call nobody.
 */
export function isInGoodStanding(peer: PeerIdentity, federation: Federation): boolean {
  switch (peer.kind) {
    case "member":
    case "evaluator":
    case "administrator":
      return signingKeyOf(peer, federation) !== undefined;
    case "broker":
    case "registrar":
      return true;
    case "nats":
      return false;
  }
}

/**
 * The present signing key of a party in good standing, of the registrar the freshness key; undefined for those that have none in the
 * chain, or had another.
 */
export function signingKeyOf(peer: PeerIdentity, federation: Federation): Uint8Array | undefined {
  const { found, members } = federation;
  switch (peer.kind) {
    case "member":
      return keyNamed(peer.keyId, [members.get(peer.member)]);
    case "evaluator":
      return keyNamed(
        peer.keyId,
        evaluatorsIn(federation).filter(({ name }) => name === peer.name),
      );
    case "administrator":
      return keyNamed(peer.keyId, found.board);
    case "broker":
      return found.broker.signingKey;
    case "registrar":
      return found.freshnessKey;
    case "nats":
      return undefined;
  }
}

/** Evaluators of the generation in use and of every other one that an open epoch needs. */
export function evaluatorsIn({ found, generations }: Pick<Federation, "found" | "generations">): Evaluator[] {
  return [found.evaluators, ...generations.values()].flat();
}

type Keyed = { readonly signingKey: Uint8Array };

function keyNamed(id: string, parties: readonly (Keyed | undefined)[]): Uint8Array | undefined {
  return parties.find((party) => party !== undefined && toHex(keyId(party.signingKey)) === id)?.signingKey;
}

/** Who the node of a member is: the holder of the signing key that the member has now. */
export function memberIdentity({ member, signingKey }: Pick<Admit, "member" | "signingKey">): PeerIdentity {
  return { kind: "member", member, keyId: toHex(keyId(signingKey)) };
}

export function evaluatorIdentity({ name, signingKey }: Pick<Evaluator, "name" | "signingKey">): PeerIdentity {
  return { kind: "evaluator", name, keyId: toHex(keyId(signingKey)) };
}

/** A seat that the board has given to somebody else is another. */
export function administratorIdentity({ signingKey }: Pick<Administrator, "signingKey">): PeerIdentity {
  return { kind: "administrator", keyId: toHex(keyId(signingKey)) };
}
