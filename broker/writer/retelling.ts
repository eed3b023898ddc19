/**
 * Tells a member again what is open, because its node has lost it or this broker has lost the end of what it told (protocol section 8). The other
 * side hears of it only where it must state anew. Nobody is alerted twice: nodes know a match by its id.
 */
import type { MemberId } from "../../shared/core/ids.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";
import { LOOK_AGAIN_MS, SLICE_MATCHES, TOLD_AGAIN_MAX, TOLD_AGAIN_WITHIN_MS } from "../core/limits.ts";
import { noticesOf, sideOf } from "../core/match.ts";
import type { Encounter, Match } from "../core/match.ts";
import type { Ledger } from "../store/ledger.ts";
import type { Retelling } from "../store/notice-lines.ts";
import type { Matches } from "./matches.ts";
import type { NoticeBook } from "./notice-book.ts";
import type { Proofs } from "./proofs.ts";

export type RetellerParts = {
  readonly ledger: Ledger;
  readonly notices: NoticeBook;
  readonly matches: Matches;
  readonly proofs: Proofs;
  readonly world: Pick<World, "after" | "clock" | "nextTurn">;
};

export class Reteller {
  readonly #parts: RetellerParts;
  readonly #wake: Wake;

  constructor(parts: RetellerParts) {
    this.#parts = parts;
    this.#wake = new Wake(parts.world);
  }

  /** There is something to be told again. */
  wake(): void {
    this.#wake.set();
  }

  /** Until the signal aborts, first what an earlier start has left. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.settle(signal);
      await this.#wake.wait(LOOK_AGAIN_MS, signal);
    }
  }

  /** Tells whatever is still to be told again, in slices, so that other work gets its turn. */
  async settle(signal: AbortSignal): Promise<void> {
    const { ledger, world } = this.#parts;
    for (let due = ledger.lines.retellings(); due.length > 0; due = ledger.lines.retellings()) {
      for (const each of due) {
        if (signal.aborted) return;
        ledger.transaction(() => this.#tellSome(each, world.clock()));
        await world.nextTurn();
      }
    }
  }

  #tellSome({ member, after, closedSinceMs }: Retelling, nowMs: number): void {
    const { ledger } = this.#parts;
    const matches = ledger.openMatchesOfMember(member, after, SLICE_MATCHES);
    for (const match of matches) this.#tell(member, match, nowMs);
    if (matches.length === 0) this.#tellClosed(member, closedSinceMs, nowMs);
    ledger.lines.retold(member, matches.at(-1)?.matchId);
  }

  #tellClosed(member: MemberId, sinceMs: number, nowMs: number): void {
    const { ledger, notices } = this.#parts;
    for (const { matchId, event } of ledger.closedSince(member, sinceMs)) {
      const match = ledger.match(matchId) as Match;
      const side = sideOf(match, member);
      if (side !== undefined) notices.append(member, noticesOf(match, event)[side].event, nowMs);
    }
  }

  /** All that the member needs to know of an open match, whatever it has kept. */
  #tell(member: MemberId, match: Match, nowMs: number): void {
    const { ledger, notices, matches } = this.#parts;
    const { matchId, parties, amendment } = match;
    const side = sideOf(match, member);
    const encounter = matches.findEncounter(match, nowMs);
    if (side === undefined) return;
    // A side meets nobody now, or its records are not back yet: told when they meet again.
    if (encounter === undefined) return ledger.strand(matchId);
    const meeting = encounter.meetings[side];
    notices.append(member, { type: "matchOpened", matchId, handle: parties[side].handle, side, meeting }, nowMs);
    if (ledger.proofs.proven(matchId) === undefined) return this.#askAnew(match, encounter, nowMs);
    if (amendment > 0) notices.append(member, { type: "matchAmended", matchId, amendment, meeting }, nowMs);
    this.#parts.proofs.disclose(match, side, nowMs);
  }

  /** The other side is told as well, so only so often. */
  #askAnew(match: Match, encounter: Encounter, nowMs: number): void {
    const { ledger, matches } = this.#parts;
    const { matchId } = match;
    if (ledger.matchEventsSince(matchId, nowMs - TOLD_AGAIN_WITHIN_MS) >= TOLD_AGAIN_MAX) return;
    if (ledger.proofs.outcome(matchId) !== "pending") ledger.proofs.forget(matchId);
    matches.meetAgain(match, encounter, nowMs);
  }
}
