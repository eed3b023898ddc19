/**
 * What the broker can say about its members and itself, for administrators, the console and the members themselves. All of it is read
 * from ledger and memory; the one thing that is written here is that a person has looked into an item.
 */
import type { Federation } from "../shared/core/directive.ts";
import type { MemberId } from "../shared/core/ids.ts";
import type { Clock } from "../shared/world/clock.ts";
import type { Alarm } from "./core/alarm.ts";
import type { StreamRoom } from "./core/stream-doubt.ts";
import { balanceOf } from "../shared/core/quota.ts";
import type { StoredAttestation } from "./store/epoch-table.ts";
import type { Ledger } from "./store/ledger.ts";
import type { StoredHealth } from "./store/member-table.ts";
import type { Held } from "./writer/publications.ts";

export type MemberReport = {
  readonly member: MemberId;
  /** The bytes that the member signed, type "submission"; undefined before the first. */
  readonly health: StoredHealth | undefined;
  /** When anything of the member was last applied; 0 if never. */
  readonly lastAppliedMs: number;
  /** By epoch, lowest first; open epochs only. */
  readonly held: readonly Held[];
  /** NATS refuses to make its streams, or to make them as large as they should be. */
  readonly streamsRefused: boolean;
  /** Of its submission stream; undefined before the first look. */
  readonly streamRoom: StreamRoom | undefined;
  /** It owes too many overdue statements: its records meet nobody. */
  readonly isQuarantined: boolean;
};

/** New distinct tokens. */
export type BudgetReport = {
  readonly member: MemberId;
  /** Charged over the last 24 hours, against the daily allowance. */
  readonly usedInWindow: number;
  readonly perDay: number;
  /** Of the initial grant, ever. */
  readonly initialUsed: number;
  readonly initial: number;
  /** What may be published now. */
  readonly available: number;
};

export type OversightParts = {
  readonly ledger: Ledger;
  readonly federation: () => Federation;
  readonly heldOf: (member: MemberId) => readonly Held[];
  readonly streamsRefused: () => ReadonlySet<MemberId>;
  readonly streamRoomOf: (member: MemberId) => StreamRoom | undefined;
  readonly clock: Clock;
};

export class Oversight {
  readonly #parts: OversightParts;

  constructor(parts: OversightParts) {
    this.#parts = parts;
  }

  /** Members in good standing and suspended ones. */
  members(): MemberReport[] {
    const { members, suspended } = this.#parts.federation();
    const { ledger, heldOf, streamRoomOf } = this.#parts;
    const refused = this.#parts.streamsRefused();
    const quarantined = ledger.members.quarantined();
    return [...members.keys(), ...suspended.keys()].map((member) => ({
      member,
      health: ledger.members.health(member),
      lastAppliedMs: ledger.members.lastAppliedMs(member),
      held: heldOf(member),
      streamsRefused: refused.has(member),
      streamRoom: streamRoomOf(member),
      isQuarantined: quarantined.has(member),
    }));
  }

  /** Members in good standing whose streams NATS refuses. */
  streamsRefused(): MemberId[] {
    return [...this.#parts.streamsRefused()];
  }

  /** Members in good standing and suspended ones. */
  budgets(): BudgetReport[] {
    const { members, suspended } = this.#parts.federation();
    return [...members.keys(), ...suspended.keys()].map((member) => this.budgetOf(member) as BudgetReport);
  }

  /** Undefined for a stranger. */
  budgetOf(member: MemberId): BudgetReport | undefined {
    const { members, suspended } = this.#parts.federation();
    const terms = members.get(member) ?? suspended.get(member);
    if (terms === undefined) return undefined;
    const account = this.#parts.ledger.account(member);
    const { available, usedInWindow, perDay } = balanceOf(account, terms.budget, this.#parts.clock());
    const { initial } = terms.budget;
    return { member, usedInWindow, perDay, initialUsed: account.initialUsed, initial, available };
  }

  /** Open items first, then the last acknowledged ones. */
  alarms(): Alarm[] {
    return this.#parts.ledger.alarms.list();
  }

  /** What was noticed about a member and is open: for the member too. */
  openAlarmsOf(member: MemberId): Alarm[] {
    return this.#parts.ledger.alarms.openOf(member);
  }

  /** `by`: who it was, as the console knows that person. False if no open item has this id. */
  acknowledge(id: number, of: { readonly by: string; readonly note: string }): boolean {
    return this.#parts.ledger.alarms.acknowledge(id, of, this.#parts.clock());
  }

  /** `Signed` bytes of type "purge-attestation" (see `shared/wire/board.ts`), one for each epoch that has ended, latest first. */
  attestations(): StoredAttestation[] {
    return this.#parts.ledger.epochs.attestations();
  }
}
