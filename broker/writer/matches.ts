/**
 * Turns what meets and what parts into events of matches, and events into notices. A match belongs to the pair of records, whatever
 * epochs it meets in; see `Pair` in `core/match.ts` for which epoch tells what. Everything here runs inside a transaction of the ledger.
 */
import type { CloseReason } from "../../shared/core/data-plane.ts";
import { dayOf } from "../../shared/core/days.ts";
import { isOpen } from "../../shared/core/decisions.ts";
import type { Epoch, Federation } from "../../shared/core/directive.ts";
import type { MatchId, MemberId } from "../../shared/core/ids.ts";
import { ask, isForgotten } from "../core/disclosure.ts";
import type { Question } from "../core/disclosure.ts";
import type { EpochSpace, MatchingScope } from "../core/epoch-space.ts";
import { TOLD_AGAIN_MAX, TOLD_AGAIN_WITHIN_MS } from "../core/limits.ts";
import { decideEncounter, decideParting, evolveMatch, noticesOf, sideOf } from "../core/match.ts";
import type { Encounter, Match, MatchEvent, Party } from "../core/match.ts";
import type { LiveRecord } from "../core/records.ts";
import type { Spaces } from "../core/spaces.ts";
import type { Ledger } from "../store/ledger.ts";
import type { NoticeBook } from "./notice-book.ts";

export type MatchesParts = {
  readonly ledger: Ledger;
  readonly notices: NoticeBook;
  readonly federation: () => Federation;
  readonly spaces: Spaces;
  /** A match was opened, for the first time. */
  readonly onOpened?: (match: Match) => void;
};

/** See `Pair`; `by`: whose record was looked up. */
type Occasion = { readonly isArrival: boolean; readonly by: MemberId | undefined };

export class Matches {
  readonly #parts: MatchesParts;

  constructor(parts: MatchesParts) {
    this.#parts = parts;
  }

  /** Looks up a record that has just been put, or is to be looked up again. `isArrival`: see `Pair`. */
  meet(space: EpochSpace, record: LiveRecord, isArrival: boolean, nowMs: number): void {
    const before = this.#parts.ledger.openMatchesOf(record.member, record.handle);
    const encounters = this.#encountersOf(space, record, nowMs);
    const met = new Set(encounters.map(({ matchId }) => matchId));
    for (const encounter of encounters) this.#encounter(encounter, { isArrival, by: record.member }, nowMs);
    for (const match of before) if (!met.has(match.matchId)) this.#apart(match, space, nowMs);
  }

  closeAll({ member, handle }: Party, reason: CloseReason, nowMs: number): void {
    for (const match of this.#parts.ledger.openMatchesOf(member, handle)) this.#close(match, reason, nowMs);
  }

  /**
   * Closes open matches of a removed member after a match id, `max` at most. Answers with the last id; undefined at the end. To the other side
   * it is a withdrawal like any other: it may not have been told who its counterpart was.
   */
  closeSome(member: MemberId, after: MatchId | "", max: number, nowMs: number): MatchId | undefined {
    const matches = this.#parts.ledger.openMatchesOfMember(member, after, max);
    for (const match of matches) this.#close(match, "withdrawn", nowMs);
    return matches.at(-1)?.matchId;
  }

  /**
   * Tells the sides of unproven matches, which know of a meeting in an epoch that has ended, of one in an epoch that is open; a pair that
   * meets in none is told when it does. As `closeSome`.
   */
  retellSome(ended: number, after: MatchId | "", max: number, nowMs: number): MatchId | undefined {
    const matches = this.#parts.ledger.unprovenMatchesOf(ended, after, max);
    for (const match of matches) {
      const encounter = this.findEncounter(match, nowMs);
      if (encounter !== undefined) this.#encounter(encounter, { isArrival: true, by: undefined }, nowMs);
    }
    return matches.at(-1)?.matchId;
  }

  /** How the sides of a match meet now; undefined if they do not, or one of them meets nobody. */
  findEncounter({ matchId, parties: [one, other] }: Match, nowMs: number): Encounter | undefined {
    if (this.#isHidden(one.member) || this.#isHidden(other.member)) return undefined;
    for (const space of this.#openSpaces()) {
      const record = space.records.find(one.member, one.handle);
      if (record === undefined || !space.holdsBoth(one, other)) continue;
      const encounters = space.encounters(record, this.#scope(space.epoch, nowMs));
      const found = encounters.find((each) => each.matchId === matchId);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /**
   * Nobody in quarantine meets anybody anew. It is told again of what it owes a statement on and cannot read any more, or a node that was
   * restored could never answer.
   */
  #encountersOf(space: EpochSpace, record: LiveRecord, nowMs: number): Encounter[] {
    const { ledger } = this.#parts;
    const quarantined = ledger.members.quarantined();
    return space.encounters(record, this.#scope(space.epoch, nowMs)).filter((encounter) => {
      if (!encounter.parties.some(({ member }) => quarantined.has(member))) return true;
      const match = ledger.match(encounter.matchId);
      return match !== undefined && this.#isStranded(match, encounter, nowMs);
    });
  }

  #encounter(encounter: Encounter, { isArrival, by }: Occasion, nowMs: number): void {
    const { ledger } = this.#parts;
    const { matchId, epoch } = encounter;
    const match = ledger.match(matchId);
    const metHash = ledger.epochs.metHash(matchId, epoch);
    const tells = this.#tellingEpoch(encounter.parties, nowMs) === epoch;
    const isStranded = match !== undefined && this.#isStranded(match, encounter, nowMs);
    const event = decideEncounter({ match, metHash, tells, isArrival, isStranded }, encounter);
    if (metHash !== encounter.metHash) ledger.epochs.noteMeeting(matchId, epoch, encounter.metHash);
    if (event === undefined) return;
    const told = this.#record(match, event, nowMs, encounter);
    this.#askFor(told, encounter, { by: by && sideOf(told, by), nowMs });
  }

  /** Both sides are told of this meeting anew, and asked what they find of it. */
  meetAgain(match: Match, encounter: Encounter, nowMs: number): void {
    const { matchId, domain, parties, epoch } = encounter;
    this.#parts.ledger.epochs.noteMeeting(matchId, epoch, encounter.metHash);
    const event: MatchEvent = { type: "amended", amendment: match.amendment + 1, matchId, domain, parties, epoch };
    const told = this.#record(match, event, nowMs, encounter);
    this.#askFor(told, encounter, { by: undefined, nowMs });
  }

  /** Both sides owe a statement on what they are told, until the match is proven or failed. */
  #askFor({ matchId, amendment }: Match, encounter: Encounter, of: Parameters<typeof ask>[2]): void {
    const { proofs } = this.#parts.ledger;
    if (proofs.outcome(matchId) !== "pending") return;
    proofs.save(matchId, encounter.parties, ask(proofs.pending(matchId), questionOn(encounter, amendment), of));
  }

  /** Of the epochs in which both records stand the lowest that takes entries; failing that, the lowest. */
  #tellingEpoch([one, other]: Encounter["parties"], nowMs: number): number | undefined {
    const standing = this.#openSpaces()
      .filter((space) => space.holdsBoth(one, other))
      .map((space) => space.epoch);
    const { epochs } = this.#parts.federation();
    return standing.find((epoch) => takesEntries(epochs.get(epoch), nowMs)) ?? standing[0];
  }

  #isStranded({ matchId, epoch, amendment }: Match, encounter: Encounter, nowMs: number): boolean {
    const { ledger } = this.#parts;
    if (ledger.proofs.outcome(matchId) !== "pending") return false;
    const asked = ledger.proofs.pending(matchId);
    if (asked !== undefined && isForgotten(asked, questionOn(encounter, amendment))) {
      return ledger.matchEventsSince(matchId, nowMs - TOLD_AGAIN_WITHIN_MS) < TOLD_AGAIN_MAX;
    }
    return !isOpenEpoch(this.#parts.federation(), epoch);
  }

  /** The pair was not found to meet in `space`. It parts only if it meets nowhere, and could. */
  #apart(match: Match, space: EpochSpace, nowMs: number): void {
    const { matchId, parties } = match;
    // Hidden records meet nobody; whether they still would is found out when their owner returns.
    if (parties.some(({ member }) => this.#isHidden(member))) return;
    const shared = this.#openSpaces().filter((each) => each.holdsBoth(...parties));
    // A token that has become too common opens no match, and closes none either.
    const meeting = shared.filter((each) => each.stillMeet(...parties));
    if (shared.length > 0 && meeting.length === 0) this.#close(match, "amended", nowMs);
    else if (!meeting.includes(space)) this.#parts.ledger.epochs.forgetMeeting(matchId, space.epoch);
  }

  #close(match: Match, reason: CloseReason, nowMs: number): void {
    this.#parts.ledger.epochs.forgetMeeting(match.matchId);
    const event = decideParting(match, reason);
    if (event !== undefined) this.#record(match, event, nowMs);
  }

  /** One event, and from it the notices to both sides. */
  #record(before: Match | undefined, event: MatchEvent, nowMs: number, encounter?: Encounter): Match {
    const { ledger, notices, onOpened } = this.#parts;
    const match = evolveMatch(before, event);
    ledger.recordMatchEvent(match, event, nowMs);
    for (const { member, event: notice } of noticesOf(match, event, encounter?.meetings)) {
      notices.append(member, notice, nowMs);
    }
    if (event.type === "closed") ledger.proofs.forgetProven(match.matchId);
    if (event.type === "opened") onOpened?.(match);
    return match;
  }

  /** Whether the member's records meet nobody now. */
  #isHidden(member: MemberId): boolean {
    const { federation, ledger } = this.#parts;
    return !federation().members.has(member) || ledger.members.quarantined().has(member);
  }

  #openSpaces(): EpochSpace[] {
    const federation = this.#parts.federation();
    return this.#parts.spaces.all.filter(({ epoch }) => isOpenEpoch(federation, epoch));
  }

  #scope(epoch: number, nowMs: number): MatchingScope {
    const { id, members, epochs } = this.#parts.federation();
    return {
      federation: id,
      today: dayOf(nowMs),
      isHidden: (member, domain) => members.get(member)?.domains.includes(domain) !== true,
      neverCorrelate: (domain) => epochs.get(epoch)?.neverCorrelate.get(domain),
    };
  }
}

function questionOn({ epoch, met, terms, meetings: [lower, higher] }: Encounter, amendment: number): Question {
  return { amendment, epoch, met, terms, incarnations: [lower.incarnation, higher.incarnation] };
}

/** An epoch takes entries while it is open, until its retirement day. */
export function takesEntries(epoch: Epoch | undefined, nowMs: number): boolean {
  return epoch !== undefined && isOpen(epoch) && nowMs < epoch.retiresAtMs;
}

function isOpenEpoch({ epochs }: Federation, number: number): boolean {
  const epoch = epochs.get(number);
  return epoch !== undefined && isOpen(epoch);
}
