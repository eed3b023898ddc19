/** Relays the proof of knowledge between the sides of a match and, once both are proven, what each may know of the other. */
import type { Counterpart, Side } from "../../shared/core/data-plane.ts";
import type { Admit, Federation } from "../../shared/core/directive.ts";
import type { MatchId, MemberId } from "../../shared/core/ids.ts";
import { counterpartOf, decideStep, tellingTo } from "../core/disclosure.ts";
import type { Proof, ProofStep, StepRefusal, Telling } from "../core/disclosure.ts";
import { sideOf } from "../core/match.ts";
import type { Match } from "../core/match.ts";
import type { LiveRecord } from "../core/records.ts";
import type { Ledger } from "../store/ledger.ts";
import type { NoticeBook } from "./notice-book.ts";

/** `stranger`: not a side of a match under that id; `closed`: the match is not open now. */
export type StepOutcome =
  | { readonly kind: "taken"; readonly tell: Telling }
  | { readonly kind: "ignored"; readonly refusal: StepRefusal | "stranger" | "closed" };

export class Proofs {
  readonly #ledger: Ledger;
  readonly #notices: NoticeBook;
  readonly #federation: () => Federation;
  readonly #recordOf: (party: Match["parties"][Side]) => Pick<LiveRecord, "domain" | "handling"> | undefined;

  constructor(of: {
    readonly ledger: Ledger;
    readonly notices: NoticeBook;
    readonly federation: () => Federation;
    readonly recordOf: (party: Match["parties"][Side]) => Pick<LiveRecord, "domain" | "handling"> | undefined;
  }) {
    this.#ledger = of.ledger;
    this.#notices = of.notices;
    this.#federation = of.federation;
    this.#recordOf = of.recordOf;
  }

  /** Inside a transaction. */
  take(member: MemberId, matchId: MatchId, step: ProofStep, nowMs: number): StepOutcome {
    const match = this.#ledger.match(matchId);
    const side = match === undefined ? undefined : sideOf(match, member);
    // Alike for a match of others and for none: a member must not learn which ids exist.
    if (match === undefined || side === undefined) return { kind: "ignored", refusal: "stranger" };
    // Matches of a member that is removed are closed some at a time: it is gone at once.
    if (match.status === "closed" || !this.#areMembers(match)) return { kind: "ignored", refusal: "closed" };
    const verdict = decideStep(this.#ledger.proof(matchId), side, step);
    if (verdict.kind === "ignored") return verdict;
    this.#ledger.saveProof(matchId, verdict.proof);
    this.#tellBoth(match, verdict.proof, verdict.tell, nowMs);
    return { kind: "taken", tell: verdict.tell };
  }

  #areMembers({ parties }: Match): boolean {
    const { members, suspended } = this.#federation();
    return parties.every(({ member }) => members.has(member) || suspended.has(member));
  }

  #tellBoth(match: Match, proof: Proof, tell: Telling, nowMs: number): void {
    const { matchId } = match;
    const counterparts = (): readonly [Counterpart | undefined, Counterpart | undefined] => [
      this.#disclosed(match, 0),
      this.#disclosed(match, 1),
    ];
    for (const side of [0, 1] as const) {
      const event = tellingTo(side, { matchId, proof, tell, counterparts });
      if (event !== undefined) this.#notices.append(match.parties[side].member, event, nowMs);
    }
  }

  /** What may be disclosed of one side. A record that memory lacks (its stream lost it) counts as brokered. */
  #disclosed(match: Match, side: Side): Counterpart | undefined {
    const { members, suspended } = this.#federation();
    const party = match.parties[side];
    const member = (members.get(party.member) ?? suspended.get(party.member)) as Admit;
    const bearers = [...members.values()].filter((each) => each.mandate === member.mandate).length;
    const record = this.#recordOf(party) ?? { domain: match.domain, handling: "brokered" as const };
    return counterpartOf(member, record, bearers);
  }
}
