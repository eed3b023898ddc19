/**
 * Takes statements on meetings, tells both sides what comes of them, and sees to it that nobody asks and stays unknown (protocol section
 * 7): who is late is named to oversight, and who is late too often meets nobody until it has answered.
 */
import { otherSideOf } from "../../shared/core/data-plane.ts";
import type { MeetingStatement, Side } from "../../shared/core/data-plane.ts";
import type { Admit, Federation } from "../../shared/core/directive.ts";
import type { MatchId, MemberId } from "../../shared/core/ids.ts";
import type { Clock } from "../../shared/world/clock.ts";
import { decideStatement, disclosureOf } from "../core/disclosure.ts";
import type { PendingProof, StatementRefusal } from "../core/disclosure.ts";
import { HEARD_LATELY_MS, OVERDUE_PER_LOOK_MAX } from "../core/limits.ts";
import { sideOf } from "../core/match.ts";
import type { Match } from "../core/match.ts";
import { heardAgain, overdueUntil, presentFrom } from "../core/presence.ts";
import type { Presence } from "../core/presence.ts";
import type { Ledger } from "../store/ledger.ts";
import type { NoticeBook } from "./notice-book.ts";
import type { Watch } from "./watch.ts";

/**
 * `stranger`: not a side of a match under that id, or a side is a member no more; `over`: nothing is asked on this match now, as once it is
 * decided.
 */
export type StatementOutcome =
  | { readonly kind: "taken" }
  | { readonly kind: "ignored"; readonly refusal: StatementRefusal | "stranger" | "over" };

export type ProofsParts = {
  readonly ledger: Ledger;
  readonly notices: NoticeBook;
  readonly federation: () => Federation;
  readonly watch: Pick<Watch, "raise" | "end">;
  readonly clock: Clock;
};

const SIDES = [0, 1] as const;

export class Proofs {
  readonly #parts: ProofsParts;
  readonly #presence = new Map<MemberId, Presence>();
  /** Of members that have not been heard since: nothing is known of them before. */
  #observedSince: Presence;
  #lookedMs: number;

  constructor(parts: ProofsParts) {
    this.#parts = parts;
    this.#lookedMs = parts.clock();
    this.#observedSince = presentFrom(this.#lookedMs);
  }

  /** Something of the member was taken. */
  heard(member: MemberId, nowMs: number): void {
    this.#presence.set(member, heardAgain(this.#presence.get(member) ?? presentFrom(nowMs), nowMs));
  }

  /** Inside a transaction. */
  take(member: MemberId, statement: MeetingStatement, nowMs: number): StatementOutcome {
    const { ledger, federation } = this.#parts;
    const { matchId } = statement;
    const match = ledger.match(matchId);
    const side = match === undefined ? undefined : sideOf(match, member);
    // Alike for a match of others and for none: a member must not learn which ids exist.
    if (match === undefined || side === undefined || !this.#areMembers(match)) return ignored("stranger");
    const proof = ledger.proofs.pending(matchId);
    if (proof === undefined) return ignored("over");
    const { id, signingKeys: keys } = federation();
    const signingKeys = keys.get(member) ?? [];
    const verdict = decideStatement(proof, statement, { federation: id, parties: match.parties, side, signingKeys });
    switch (verdict.kind) {
      case "ignored":
        return verdict;
      case "failed":
        this.#fail(match, side, nowMs);
        break;
      case "stated":
        ledger.proofs.save(matchId, match.parties, verdict.proof);
        break;
      case "proven":
        ledger.proofs.save(matchId, match.parties, verdict.proof);
        ledger.proofs.decide(matchId, "proven");
        for (const side of SIDES) this.disclose(match, side, nowMs);
        break;
    }
    return { kind: "taken" };
  }

  /** In transactions of its own: who is late, who is late too often, and who has answered. True if somebody's records must be looked up again. */
  look(nowMs: number): boolean {
    // A look that comes late itself says nothing about members: this process has slept, or its clock was set.
    if (nowMs - this.#lookedMs > HEARD_LATELY_MS || nowMs < this.#lookedMs) {
      this.#observedSince = presentFrom(nowMs);
      this.#presence.clear();
    }
    this.#lookedMs = nowMs;
    const { ledger, federation } = this.#parts;
    return ledger.transaction(() => {
      for (const member of federation().members.keys()) this.#findOverdue(member, nowMs);
      return this.#settleQuarantine(nowMs);
    });
  }

  #areMembers({ parties }: Match): boolean {
    return parties.every(({ member }) => this.#admit(member) !== undefined);
  }

  #admit(member: MemberId): Admit | undefined {
    const { members, suspended } = this.#parts.federation();
    return members.get(member) ?? suspended.get(member);
  }

  /** Inside a transaction: tells a side of a proven match who the other is, as far as that one allows. False if that is not known any more. */
  disclose({ matchId, domain, parties }: Match, to: Side, nowMs: number): boolean {
    const { federation, ledger, notices } = this.#parts;
    const other = otherSideOf(to);
    const proven = ledger.proofs.proven(matchId)?.[other];
    const admit = this.#admit(parties[other].member);
    if (proven === undefined || admit === undefined) return false;
    const bearers = [...federation().members.values()].filter(({ mandate }) => mandate === admit.mandate);
    const of = { domain, party: parties[other], ...proven, admit, mandateBearers: bearers.length };
    const disclosure = disclosureOf(of);
    if (disclosure !== undefined) {
      notices.append(parties[to].member, { type: "counterpartDisclosed", matchId, disclosure }, nowMs);
    }
    return true;
  }

  /**
   * `side` says that no tag of the other held. Which of the two is at fault the broker cannot know. Each has an item of its own: a member
   * reads its items, and must not learn from them who the other is.
   */
  #fail({ matchId, parties }: Match, side: Side, nowMs: number): void {
    const { ledger, notices, watch } = this.#parts;
    ledger.proofs.decide(matchId, "failed");
    for (const each of SIDES) {
      const event = { type: "proofFailed", matchId, own: each !== side, other: each === side } as const;
      notices.append(parties[each].member, event, nowMs);
    }
    watch.raise("proofFailed", parties[otherSideOf(side)].member, nowMs);
    watch.raise("proofDenied", parties[side].member, nowMs);
  }

  #findOverdue(member: MemberId, nowMs: number): void {
    const { ledger, watch } = this.#parts;
    const until = overdueUntil(this.#presence.get(member) ?? this.#observedSince, nowMs);
    if (until === undefined) return;
    const overdue = ledger.proofs.newlyOverdue(member, until, OVERDUE_PER_LOOK_MAX);
    for (const { matchId, side } of overdue) {
      if (ledger.proofs.noteOverdue(matchId, side)) this.#tellOverdue(matchId, nowMs);
      watch.raise("proofOverdue", member, nowMs);
    }
  }

  #tellOverdue(matchId: MatchId, nowMs: number): void {
    const { ledger, notices } = this.#parts;
    const { parties } = ledger.match(matchId) as Match;
    const { sides } = ledger.proofs.pending(matchId) as PendingProof;
    const stated = sides.map(({ statement }) => statement !== undefined);
    for (const side of SIDES) {
      const [ownStated, otherStated] = [stated[side] as boolean, stated[otherSideOf(side)] as boolean];
      notices.append(parties[side].member, { type: "proofOverdue", matchId, ownStated, otherStated }, nowMs);
    }
  }

  #settleQuarantine(nowMs: number): boolean {
    const { ledger, federation, watch } = this.#parts;
    const { members, policy } = federation();
    const overdue = ledger.proofs.overdue();
    let isReleased = false;
    for (const member of members.keys()) {
      const owed = overdue.get(member) ?? 0;
      const standing = ledger.members.standing(member);
      if (owed === 0) for (const kind of ["proofOverdue", "quarantined"] as const) watch.end(kind, member, nowMs);
      if ((standing ?? "member") === "member" && owed > policy.overdueStatementsMax) {
        ledger.members.setStanding(member, "quarantined");
        watch.raise("quarantined", member, nowMs);
      } else if (standing === "quarantined" && owed === 0) {
        // Others have published meanwhile.
        ledger.members.setStanding(member, "returning");
        isReleased = true;
      }
    }
    return isReleased;
  }
}

function ignored(refusal: "stranger" | "over"): StatementOutcome {
  return { kind: "ignored", refusal };
}
