/**
 * Who stands on the other side of a match. The broker hands it on and is believed in nothing that binder, statement and chain do not bear
 * out (protocol section 7): the binder of the meeting fixes record and owner before they are named, the statement is signed by the member
 * that is named, and name, mandate and contact are those of the chain at the time of showing.
 */
import { equalBytes, fromHex } from "../../shared/core/bytes.ts";
import type { Contact, Disclosure } from "../../shared/core/data-plane.ts";
import type { Federation } from "../../shared/core/directive.ts";
import type { Handle, MatchId, MemberId } from "../../shared/core/ids.ts";
import { verifyPayload } from "../../shared/crypto/sign.ts";
import { binderOf, meetingPayload, ownerOf } from "../../shared/crypto/token.ts";

export type Counterpart =
  | { readonly handling: "open"; readonly member: MemberId; readonly handle: Handle }
  /** `mandate`: by the broker's word, and absent where few members bear it. */
  | { readonly handling: "brokered"; readonly mandate?: string };

/** The other side as people are shown it. What is withheld is absent. */
export type NamedCounterpart = {
  readonly handling: Counterpart["handling"];
  readonly mandate?: string;
  readonly name?: string;
  readonly slug?: string;
  readonly contact?: Contact;
};

/** What a disclosure is held against: the meeting as it was told, from the own side. */
export type Met = { readonly matchId: MatchId; readonly ownBinder: Uint8Array; readonly otherBinder: Uint8Array };

/** Undefined for a disclosure that does not hold by what the chain says now. */
export function counterpartIn(disclosure: Disclosure, met: Met, federation: Federation): Counterpart | undefined {
  if (disclosure.handling === "brokered") {
    const { conversationKey, owner, mandate } = disclosure;
    const holds = equalBytes(binderOf(conversationKey, owner), met.otherBinder);
    return holds ? { handling: "brokered", ...(mandate !== undefined && { mandate }) } : undefined;
  }
  const { member, handle, blind, conversationKey } = disclosure;
  const owner = ownerOf({ member, handle, blind });
  if (!equalBytes(binderOf(conversationKey, owner), met.otherBinder)) return undefined;
  return isSignedBy(disclosure, met, federation) ? { handling: "open", member, handle } : undefined;
}

/** By any key that the member ever had: a statement stays true when its key is replaced. The other side's own binder is our other one. */
function isSignedBy(
  { member, validHash, signature }: Extract<Disclosure, { handling: "open" }>,
  { matchId, ownBinder, otherBinder }: Met,
  { id: federation, signingKeys }: Federation,
): boolean {
  const theirs = { matchId: fromHex(matchId), ownBinder: otherBinder, otherBinder: ownBinder, validHash };
  const signed = { type: "meeting", federation, payload: meetingPayload(theirs), signature };
  return (signingKeys.get(member) ?? []).some((publicKey) => verifyPayload({ ...signed, publicKey }));
}

/** A member that has left is named as it was. */
export function namedCounterpart(
  counterpart: Counterpart,
  { members, suspended, removed }: Federation,
): NamedCounterpart {
  if (counterpart.handling === "brokered") return counterpart;
  const { handling, member } = counterpart;
  const admit = members.get(member) ?? suspended.get(member) ?? removed.get(member)?.admit;
  if (admit === undefined) return { handling };
  const { mandate, name, slug, contact } = admit;
  return { handling, mandate, name, slug, contact };
}
