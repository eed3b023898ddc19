/** From two records that share tokens to what each side is told of it, and what both must state on (protocol section 7). */
import { compareBytes, concat, lpText, toHex, u8 } from "../../shared/core/bytes.ts";
import { byClass, otherSideOf, TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type { Meeting, Side, TagSet, TokenClass, TokenSet } from "../../shared/core/data-plane.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import { TAG_BYTES, TOKEN_BYTES } from "../../shared/crypto/token.ts";
import { binderIn } from "./disclosure.ts";
import type { Encounter, MetToken, Party, RecordTerms } from "./match.ts";
import { matchIdOf, recordKeyOf } from "./matching.ts";
import type { Candidate } from "./matching.ts";
import type { LiveRecord } from "./records.ts";
import type { TaggedTokens } from "./token-index.ts";

export type HeldRecord = TaggedTokens & { readonly record: LiveRecord };

type MetSide = HeldRecord & { readonly party: Party; readonly terms: RecordTerms; readonly binder: Uint8Array };

/** `met`: of what `findCandidates` found, what counts. */
export function encounterOf(
  [a, b]: readonly [HeldRecord, HeldRecord],
  met: Candidate["met"],
  { federation, epoch }: { readonly federation: Uint8Array; readonly epoch: number },
): Encounter {
  const sides = [toSide(a), toSide(b)] as const;
  const [lower, higher] = sides;
  const tokens = met.map(({ tokenClass, positionA, positionB }): MetToken => {
    return { tokenClass, token: itemAt(a.tokens, tokenClass, positionA), positions: [positionA, positionB] };
  });
  return {
    matchId: matchIdOf(federation, recordKeyOf(lower.record), recordKeyOf(higher.record)),
    domain: lower.record.domain,
    parties: [lower.party, higher.party],
    terms: [lower.terms, higher.terms],
    meetings: [meetingOf(0, sides, tokens), meetingOf(1, sides, tokens)],
    epoch,
    met: tokens,
    metHash: metHashOf(sides, tokens),
  };
}

function toSide(held: HeldRecord): MetSide {
  const { member, handle, handling, conversationKey, blind } = held.record;
  const party = { member, handle };
  const terms = { conversationKey, blind, handling };
  return { ...held, party, terms, binder: binderIn(party, terms) };
}

/** What one side is told: its own positions, with the tags that the other side has given to the same tokens. */
function meetingOf(side: Side, sides: readonly [MetSide, MetSide], met: readonly MetToken[]): Meeting {
  const { incarnation, sequence } = sides[side].record;
  const otherSide = otherSideOf(side);
  const other = sides[otherSide];
  // Each side's in an order of its own: the common order would show how the other side has arranged its record.
  const ordered = met.toSorted((x, y) => x.positions[side] - y.positions[side]);
  const of = (tokenClass: TokenClass): readonly MetToken[] => ordered.filter((each) => each.tokenClass === tokenClass);
  const positions = (tokenClass: TokenClass): number[] => of(tokenClass).map((each) => each.positions[side]);
  const tags = (tokenClass: TokenClass): Uint8Array =>
    concat(...of(tokenClass).map((each) => itemAt(other.tags, tokenClass, each.positions[otherSide], TAG_BYTES)));
  return {
    incarnation,
    sequence,
    positions: byClass(positions),
    otherTags: byClass(tags),
    otherBinder: other.binder,
  };
}

/** In an order that does not depend on where the tokens stand. */
function metHashOf([lower, higher]: readonly [MetSide, MetSide], met: readonly MetToken[]): string {
  const items = met.map(({ tokenClass, token, positions: [a, b] }) => {
    const tags = [itemAt(lower.tags, tokenClass, a, TAG_BYTES), itemAt(higher.tags, tokenClass, b, TAG_BYTES)];
    return concat(u8(TOKEN_CLASSES.indexOf(tokenClass)), token, ...tags);
  });
  const sorted = items.toSorted(compareBytes);
  return toHex(blake2b(16, lpText("causeway/met/v2"), lower.binder, higher.binder, ...sorted));
}

/** One of a class, each of which has so many bytes. */
export function itemAt(
  set: TokenSet | TagSet,
  tokenClass: TokenClass,
  position: number,
  bytes = TOKEN_BYTES,
): Uint8Array {
  return set[tokenClass].subarray(position * bytes, (position + 1) * bytes);
}
