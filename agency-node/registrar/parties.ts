/** What the chain says about who may have a certificate and NATS credentials, and which NATS accounts there should be. */
import { hostsOf } from "../../shared/core/addresses.ts";
import { equalBytes, toHex } from "../../shared/core/bytes.ts";
import type { Federation, SignedDirective } from "../../shared/core/directive.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import {
  administratorIdentity,
  evaluatorIdentity,
  evaluatorsIn,
  memberIdentity,
} from "../../shared/platform/standing.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import type { AccountHolder } from "./nats-accounts.ts";

/** A party that has a place in the federation now, under its present signing key. */
export type ListedParty = {
  readonly identity: PeerIdentity;
  readonly signingKey: Uint8Array;
  /** Under which it is reached, if it serves others. */
  readonly hosts: readonly string[];
};

/** By the id of its signing key, hexadecimal. */
export function listedParties(federation: Federation): ReadonlyMap<string, ListedParty> {
  const { found, members } = federation;
  const { broker } = found;
  const parties: ListedParty[] = [
    ...found.board.map(({ signingKey }) => ({
      identity: administratorIdentity({ signingKey }),
      signingKey,
      hosts: [],
    })),
    ...[...members.values()].map(({ member, signingKey }) => ({
      identity: memberIdentity({ member, signingKey }),
      signingKey,
      hosts: [],
    })),
    ...evaluatorsIn(federation).map(({ name, address, signingKey }) => ({
      identity: evaluatorIdentity({ name, signingKey }),
      signingKey,
      hosts: hostsOf(address),
    })),
    // Last: the evaluator that the broker hosts has the broker's key, and is the broker.
    { identity: { kind: "broker" }, signingKey: broker.signingKey, hosts: hostsOf(broker.address) },
  ];
  return new Map(parties.map((party) => [toHex(keyId(party.signingKey)), party]));
}

export type AccountState = AccountHolder & { readonly state: "open" | "closed" };

/**
 * Every account that there ever was reason for: one for each signing key that a directive gave to a member. Open is the one of a member
 * in good standing under its present key.
 */
export function accountStates(
  directives: readonly SignedDirective[],
  { members }: Pick<Federation, "members">,
): AccountState[] {
  return directives.flatMap(({ directive: { body } }) => {
    const holder = holderIn(body);
    if (holder === undefined) return [];
    const admit = members.get(holder.member);
    const open = admit !== undefined && equalBytes(admit.signingKey, holder.signingKey);
    return [{ ...holder, state: open ? ("open" as const) : ("closed" as const) }];
  });
}

function holderIn(body: SignedDirective["directive"]["body"]): AccountHolder | undefined {
  if (body.type === "admit") return { member: body.member, signingKey: body.signingKey };
  if (body.type !== "rotateKey" || body.party.kind !== "member") return undefined;
  const member: MemberId = body.party.member;
  return { member, signingKey: body.signingKey };
}
