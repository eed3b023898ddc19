/**
 * The life of a match (protocol sections 6 and 7): opened once, amended by number when the tokens that meet change, closed
 * when they meet no longer, and open again by a further amendment when they do. One event tells both sides, so that
 * after a crash both are told or neither.
 */
import type { CloseReason, Handling, Meeting, NoticeEvent, Side } from "../../shared/core/data-plane.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { Handle, MatchId, MemberId } from "../../shared/core/ids.ts";
import type { AgreedToken } from "../../shared/crypto/token.ts";

export type Party = { readonly member: MemberId; readonly handle: Handle };

/** A token that met, and where it stands in either record. */
export type MetToken = AgreedToken & { readonly positions: readonly [number, number] };

/** What the binder of a record is made of besides its owner, and what its owner allows to be told. */
export type RecordTerms = {
  readonly conversationKey: Uint8Array;
  readonly blind: Uint8Array;
  readonly handling: Handling;
};

/** Two records that share tokens now, in one epoch. Side 0 is the lower record key. */
export type Encounter = {
  readonly matchId: MatchId;
  readonly domain: Domain;
  readonly parties: readonly [Party, Party];
  readonly meetings: readonly [Meeting, Meeting];
  readonly epoch: number;
  readonly met: readonly MetToken[];
  readonly terms: readonly [RecordTerms, RecordTerms];
  /**
   * Hexadecimal hash of the tokens that met, whatever their positions, with the tags and binders of both sides: tells whether the set has
   * changed, or what proves it. Other tags of the same tokens mean a repair or a fraud; the nodes look at them either way.
   */
  readonly metHash: string;
};

export type Match = Pick<Encounter, "matchId" | "domain" | "parties"> & {
  /** In which the meeting was found that both sides were last told of. */
  readonly epoch: number;
  readonly status: "open" | "closed";
  /** 0 as opened, then one more with each amendment. */
  readonly amendment: number;
};

/** Nothing of tokens: the history outlives the epochs. */
type Told = Pick<Encounter, "matchId" | "domain" | "parties" | "epoch">;

export type MatchEvent =
  | ({ readonly type: "opened" } & Told)
  | ({ readonly type: "amended"; readonly amendment: number } & Told)
  | { readonly type: "closed"; readonly matchId: MatchId; readonly amendment: number; readonly reason: CloseReason };

/** What is known of a pair when it meets in an epoch. A match belongs to the pair of records, not to an epoch. */
export type Pair = {
  readonly match: Match | undefined;
  /** The hash of what met in this epoch when it was last looked at. */
  readonly metHash: string | undefined;
  /** Whether changes are told by this epoch: of those in which both records stand, the oldest one. */
  readonly tells: boolean;
  /** The record did not stand in this epoch before: it is being carried over, and has not changed. */
  readonly isArrival: boolean;
  /**
   * They have not proven yet that they know the identifiers, and can no longer do so by what they were told: it stems from an epoch that has
   * ended, with its salt, or from a version of a record that its owner has lost. They must be told of a meeting of now.
   */
  readonly isStranded: boolean;
};

/** The records meet: an event unless both sides know of these very tokens already, or a rotation is all that has happened. */
export function decideEncounter(pair: Pair, encounter: Encounter): MatchEvent | undefined {
  const { match } = pair;
  const { matchId, domain, parties, epoch, metHash } = encounter;
  const told: Told = { matchId, domain, parties, epoch };
  if (match === undefined) return { type: "opened", ...told };
  const amended: MatchEvent = { type: "amended", amendment: match.amendment + 1, ...told };
  if (match.status === "closed" || pair.isStranded) return amended;
  if (!pair.tells || pair.metHash === metHash) return undefined;
  return pair.metHash === undefined && pair.isArrival ? undefined : amended;
}

/** The records no longer meet, or one of them is gone. */
export function decideParting(match: Match, reason: CloseReason): MatchEvent | undefined {
  if (match.status === "closed") return undefined;
  return { type: "closed", matchId: match.matchId, amendment: match.amendment + 1, reason };
}

/** Throws nothing: an event that `decide…` made for this match always fits. */
export function evolveMatch(match: Match | undefined, event: MatchEvent): Match {
  if (event.type === "closed") {
    return { ...(match as Match), status: "closed", amendment: event.amendment };
  }
  const { matchId, domain, parties, epoch } = event;
  return {
    matchId,
    domain,
    parties,
    epoch,
    status: "open",
    amendment: event.type === "amended" ? event.amendment : 0,
  };
}

/** What each side is told. `meetings`: of what was opened or amended. */
export function noticesOf(
  match: Match,
  event: MatchEvent,
  meetings?: Encounter["meetings"],
): readonly [Addressed, Addressed] {
  return [tell(0), tell(1)];

  function tell(side: Side): Addressed {
    const party = match.parties[side];
    return { member: party.member, event: noticeOf(party, side, event, meetings?.[side] as Meeting) };
  }
}

export type Addressed = { readonly member: MemberId; readonly event: NoticeEvent };

function noticeOf(party: Party, side: Side, event: MatchEvent, meeting: Meeting): NoticeEvent {
  const { matchId } = event;
  switch (event.type) {
    case "opened":
      return { type: "matchOpened", matchId, handle: party.handle, side, meeting };
    case "amended":
      return { type: "matchAmended", matchId, amendment: event.amendment, meeting };
    case "closed":
      return { type: "matchClosed", matchId, amendment: event.amendment, reason: event.reason };
  }
}

/** Which side of the match a member is; undefined for somebody else's match. */
export function sideOf(match: Match, member: MemberId): Side | undefined {
  const side = match.parties.findIndex((party) => party.member === member);
  return side === -1 ? undefined : (side as Side);
}
