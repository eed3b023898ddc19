/**
 * When two records meet (protocol section 6). The broker knows classes and positions, never kinds or values, so it only
 * finds *candidates*; both nodes grade each from the positions of their own tokens that met and get the same answer. What
 * opens one is a `single` or `opening` token, each of which alone is worth an officer's look: so nothing is learned by asking
 * that the other side is not shown. A candidate that is missing here is lost for good.
 *
 * What an attacker can do: one member alone can suppress nothing (too common is counted in distinct members, and never
 * for `single`) and hides nobody by flooding a token (see `token-index.ts`). Several members together can suppress an
 * `opening` or `support` token by holding it. Known weakness: `common` and `crowded` say so, and no notice carries it to the
 * owner yet.
 */
import { fromHex, lpText, toHex } from "../../shared/core/bytes.ts";
import { type Handling, OPENING_CLASSES, type TokenClass, TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { type Handle, type MatchId, type MemberId, toId } from "../../shared/core/ids.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import type { Encounters, MetToken, TokenIndex } from "./token-index.ts";

/**
 * A token that more members hold than this is too common to mean one person. A person many units look for is held by
 * many, so this is well above what one case brings together; documents and phones (`single`) are never too common.
 */
const MEMBERS_MAX: Readonly<Record<TokenClass, number>> = {
  single: Number.POSITIVE_INFINITY,
  opening: 32,
  support: 32,
};

/** One token leads to this many records of one member; that member's name has then come up often enough. */
const RECORDS_PER_MEMBER_MAX = 64;

/** What matching must know of a record. */
export type RecordView = {
  readonly member: MemberId;
  readonly handle: Handle;
  /** Days since 1970-01-01; valid through 24:00 UTC of that day. */
  readonly reviewByDay: number;
  readonly handling: Handling;
};

/** The view of a record number; undefined for a record that takes no part now (withdrawn, member suspended). */
export type RecordLookup = (record: number) => RecordView | undefined;

/** Member and handle in hexadecimal: its order is the byte order of the record keys. */
export type RecordKey = string;

/** A pair that the nodes shall grade; the same value whichever of the two records came last. */
export type Candidate = {
  /** Record number of side 0, the lower record key. */
  readonly a: number;
  /** Record number of side 1. */
  readonly b: number;
  /** Sorted by class, then position; positions are within the class, from 0. */
  readonly met: readonly { readonly tokenClass: TokenClass; readonly positionA: number; readonly positionB: number }[];
};

export type Matching = Pick<Encounters, "common" | "crowded"> & {
  /** Sorted by the number of the other record. */
  readonly candidates: readonly Candidate[];
};

/**
 * Candidates between `record`, already in the index, and records of other members.
 * `today`: days since 1970-01-01 UTC. A record that `lookup` does not know, or past its review day, meets nobody.
 */
export function findCandidates(index: TokenIndex, record: number, lookup: RecordLookup, today: number): Matching {
  const own = lookup(record);
  if (own === undefined || isExpired(own, today)) return { candidates: [], common: [], crowded: [] };
  const { byRecord, common, crowded } = index.encounters(record, {
    membersMax: MEMBERS_MAX,
    recordsPerMemberMax: RECORDS_PER_MEMBER_MAX,
    accepts: (number) => {
      const other = lookup(number);
      return other !== undefined && other.member !== own.member && !isExpired(other, today);
    },
  });
  const candidates: Candidate[] = [];
  for (const other of [...byRecord.keys()].sort((a, b) => a - b)) {
    const tokens = byRecord.get(other) as readonly MetToken[];
    const isLower = recordKeyOf(own) < recordKeyOf(lookup(other) as RecordView);
    candidates.push(toCandidate(record, other, tokens, isLower));
  }
  return { candidates, common, crowded };
}

/** Whether a record's review day lies before `today`. */
export function isExpired(record: Pick<RecordView, "reviewByDay">, today: number): boolean {
  return today > record.reviewByDay;
}

/** Record key = member ‖ handle (protocol section 13). */
export function recordKeyOf(record: Pick<RecordView, "member" | "handle">): RecordKey {
  return `${record.member}${record.handle}`;
}

/**
 * matchId = BLAKE2b-128(lp("causeway/match/v1") ‖ fed ‖ lower ‖ higher record key) (protocol section 13), whichever way
 * round the keys are given. `federation`: 16 bytes. Throws INVALID for another length or for a record with itself.
 */
export function matchIdOf(federation: Uint8Array, one: RecordKey, other: RecordKey): MatchId {
  if (federation.length !== 16) throw new CausewayError("INVALID", "a federation id is 16 bytes");
  if (one.length !== 64 || other.length !== 64) throw new CausewayError("INVALID", "a record key is 32 bytes");
  if (one === other) throw new CausewayError("INVALID", "a record does not match itself");
  const [lower, higher] = one < other ? [one, other] : [other, one];
  return toId(toHex(blake2b(16, lpText("causeway/match/v1"), federation, fromHex(lower), fromHex(higher))));
}

/** Whether what met is enough for a meeting. */
export function opens(met: readonly { readonly tokenClass: TokenClass }[]): boolean {
  const opening: readonly TokenClass[] = OPENING_CLASSES;
  return met.some(({ tokenClass }) => opening.includes(tokenClass));
}

function toCandidate(record: number, other: number, tokens: readonly MetToken[], isLower: boolean): Candidate {
  const met = tokens.map(({ tokenClass, position, otherPosition }) => ({
    tokenClass,
    positionA: isLower ? position : otherPosition,
    positionB: isLower ? otherPosition : position,
  }));
  met.sort(
    (x, y) =>
      TOKEN_CLASSES.indexOf(x.tokenClass) - TOKEN_CLASSES.indexOf(y.tokenClass) ||
      x.positionA - y.positionA ||
      x.positionB - y.positionB,
  );
  return isLower ? { a: record, b: other, met } : { a: other, b: record, met };
}
