/**
 * The life of a match (protocol sections 6 and 7): opened once, amended by number when the tokens that meet change, closed
 * when they meet no longer, and open again by a further amendment when they do. One event tells both sides, so that
 * after a crash both are told or neither.
 */
import type { CloseReason, Meeting, NoticeEvent, Side } from "../../shared/core/data-plane.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { Handle, MatchId, MemberId } from "../../shared/core/ids.ts";

export type Party = { readonly member: MemberId; readonly handle: Handle };

/** Two records that share tokens now. Side 0 is the lower record key. */
export type Encounter = {
  readonly matchId: MatchId;
  readonly domain: Domain;
  readonly parties: readonly [Party, Party];
  readonly meetings: readonly [Meeting, Meeting];
  /** Hexadecimal hash of the tokens that met, whatever their positions: tells whether the set has changed. */
  readonly metHash: string;
};

export type Match = Pick<Encounter, "matchId" | "domain" | "parties" | "metHash"> & {
  readonly status: "open" | "closed";
  /** 0 as opened, then one more with each amendment. */
  readonly amendment: number;
};

export type MatchEvent =
  | ({ readonly type: "opened" } & Encounter)
  | ({ readonly type: "amended"; readonly amendment: number } & Encounter)
  | { readonly type: "closed"; readonly matchId: MatchId; readonly amendment: number; readonly reason: CloseReason };

/** The records meet: an event unless both sides know of these very tokens already. */
export function decideEncounter(match: Match | undefined, encounter: Encounter): MatchEvent | undefined {
  if (match === undefined) return { type: "opened", ...encounter };
  if (match.status === "open" && match.metHash === encounter.metHash) return undefined;
  return { type: "amended", amendment: match.amendment + 1, ...encounter };
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
  const { matchId, domain, parties, metHash } = event;
  return {
    matchId,
    domain,
    parties,
    metHash,
    status: "open",
    amendment: event.type === "amended" ? event.amendment : 0,
  };
}

/** What each side is told. */
export function noticesOf(match: Match, event: MatchEvent): readonly [Addressed, Addressed] {
  return [tell(0), tell(1)];

  function tell(side: Side): Addressed {
    return { member: match.parties[side].member, event: noticeOf(match.parties[side], side, event) };
  }
}

export type Addressed = { readonly member: MemberId; readonly event: NoticeEvent };

function noticeOf(party: Party, side: Side, event: MatchEvent): NoticeEvent {
  const { matchId } = event;
  switch (event.type) {
    case "opened":
      return { type: "matchOpened", matchId, handle: party.handle, side, meeting: event.meetings[side] };
    case "amended":
      return { type: "matchAmended", matchId, amendment: event.amendment, meeting: event.meetings[side] };
    case "closed":
      return { type: "matchClosed", matchId, amendment: event.amendment, reason: event.reason };
  }
}

/** Which side of the match a member is; undefined for somebody else's match. */
export function sideOf(match: Match, member: MemberId): Side | undefined {
  const side = match.parties.findIndex((party) => party.member === member);
  return side === -1 ? undefined : (side as Side);
}
