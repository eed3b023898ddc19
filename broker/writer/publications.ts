/**
 * Applies entries: insert first, then look up, so that of two records that arrive together at least the second sees the
 * first; then record what became of matches. Everything here runs inside one transaction of the ledger per submission.
 */
import type {
  CloseReason,
  Entry,
  MalformedEntry,
  RejectionReason,
  Revalidate,
  Submission,
  Upsert,
} from "../../shared/core/data-plane.ts";
import { dayOf } from "../../shared/core/days.ts";
import type { Admit, Epoch, Federation } from "../../shared/core/directive.ts";
import type { Handle, MemberId } from "../../shared/core/ids.ts";
import { decideEntry } from "../core/entry.ts";
import { EpochSpace } from "../core/epoch-space.ts";
import { EXPIRIES_PER_SWEEP_MAX } from "../core/limits.ts";
import { decideEncounter, decideParting, evolveMatch, noticesOf } from "../core/match.ts";
import type { Match, MatchEvent } from "../core/match.ts";
import { balanceOf, charge } from "../core/quota.ts";
import type { LiveRecord } from "../core/records.ts";
import type { TokenHash } from "../core/token-index.ts";
import type { Ledger, Rejections } from "../store/ledger.ts";
import type { NoticeBook } from "./notice-book.ts";

/** A submission without its body: whose, and which. */
export type Envelope = Pick<Submission, "member" | "incarnation" | "sequence" | "epoch">;

type Entries = readonly (Entry | MalformedEntry)[];

export class Publications {
  readonly #ledger: Ledger;
  readonly #notices: NoticeBook;
  readonly #federation: () => Federation;
  readonly #tokenHash: TokenHash;
  readonly #spaces = new Map<number, EpochSpace>();

  constructor(of: {
    readonly ledger: Ledger;
    readonly notices: NoticeBook;
    readonly federation: () => Federation;
    readonly tokenHash: TokenHash;
  }) {
    this.#ledger = of.ledger;
    this.#notices = of.notices;
    this.#federation = of.federation;
    this.#tokenHash = of.tokenHash;
  }

  get recordCount(): number {
    return this.#sum((space) => space.records.size);
  }

  get tokenCount(): number {
    return this.#sum((space) => space.tokenCount);
  }

  /** Inside a transaction: applies each entry that stands, in order, and matches it. Answers with those that do not. */
  apply(envelope: Envelope, entries: Entries, nowMs: number): Rejections {
    const member = this.#federation().members.get(envelope.member) as Admit;
    const rejections: { index: number; reason: RejectionReason }[] = [];
    let account = this.#ledger.account(member.member);
    for (const [index, entry] of entries.entries()) {
      const budget = balanceOf(account, member.budget, nowMs).available;
      const verdict = decideEntry(entry, this.#contextOf(envelope, entry, { member, budget, nowMs }));
      if (!verdict.stands) {
        rejections.push({ index, reason: verdict.reason });
        continue;
      }
      const charged = charge(account, member.budget, verdict.newTokens, nowMs);
      if (charged.kind === "charged") account = charged.account;
      this.#applyEntry(envelope, entry as Entry, nowMs);
    }
    this.#ledger.saveAccount(member.member, account);
    return rejections;
  }

  /** Brings back into memory what the ledger knows to be applied; decides and matches nothing. */
  restore(envelope: Envelope, entries: Entries, rejections: Rejections): void {
    const rejected = new Set(rejections.map(({ index }) => index));
    for (const [index, entry] of entries.entries()) {
      if (!rejected.has(index)) this.#change(envelope, entry as Entry);
    }
  }

  /** In a transaction of its own: takes out records past their review day. True if there may be more. */
  sweep(nowMs: number): boolean {
    const today = dayOf(nowMs);
    const expired = [...this.#spaces.values()].flatMap((space) => [
      ...space.records.expired(today, EXPIRIES_PER_SWEEP_MAX),
    ]);
    if (expired.length === 0) return false;
    this.#ledger.transaction(() => {
      for (const record of expired) {
        this.#removeEverywhere(record.member, record.handle);
        this.#closeAll(record, "expired", nowMs);
      }
    });
    return expired.length >= EXPIRIES_PER_SWEEP_MAX;
  }

  /** The live record of a handle, in whichever epoch it stands. */
  find(member: MemberId, handle: Handle): LiveRecord | undefined {
    for (const space of this.#spaces.values()) {
      const record = space.records.find(member, handle);
      if (record !== undefined) return record;
    }
    return undefined;
  }

  #contextOf(
    envelope: Envelope,
    entry: Entry | MalformedEntry,
    of: { readonly member: Admit; readonly budget: number; readonly nowMs: number },
  ): Parameters<typeof decideEntry>[1] {
    const record = entry.operation === "malformed" ? undefined : this.find(envelope.member, entry.handle);
    return {
      member: of.member,
      epochOpen: takesEntries(this.#federation().epochs.get(envelope.epoch), of.nowMs),
      today: dayOf(of.nowMs),
      record,
      budget: of.budget,
      countNew: (tokens) => this.#space(envelope.epoch).countNew(envelope.member, (entry as Upsert).handle, tokens),
    };
  }

  #applyEntry(envelope: Envelope, entry: Entry, nowMs: number): void {
    const record = this.#change(envelope, entry);
    if (entry.operation === "withdraw") {
      this.#closeAll({ member: envelope.member, handle: entry.handle }, "withdrawn", nowMs);
    } else if (entry.operation === "upsert" && record !== undefined) {
      this.#match(this.#space(envelope.epoch), record, nowMs);
    }
  }

  /** What an entry does to the records in memory. Answers with the record of an upsert. */
  #change(envelope: Envelope, entry: Entry): LiveRecord | undefined {
    switch (entry.operation) {
      case "upsert":
        return this.#space(envelope.epoch).put(versionOf(envelope, entry), entry.tokens);
      case "withdraw":
        this.#removeEverywhere(envelope.member, entry.handle);
        return undefined;
      case "revalidate":
        this.#revalidate(envelope.member, entry);
        return undefined;
    }
  }

  #revalidate(member: MemberId, { handle, reviewByDay }: Revalidate): void {
    for (const space of this.#spaces.values()) {
      const record = space.records.find(member, handle);
      if (record !== undefined) space.records.put({ ...record, reviewByDay });
    }
  }

  /** A withdrawal takes effect in all epochs at once. */
  #removeEverywhere(member: MemberId, handle: Handle): void {
    for (const space of this.#spaces.values()) {
      const record = space.records.find(member, handle);
      if (record !== undefined) space.remove(record);
    }
  }

  #match(space: EpochSpace, record: LiveRecord, nowMs: number): void {
    const before = this.#ledger.openMatchesOf(record.member, record.handle);
    const encounters = space.encounters(this.#federation().id, record, dayOf(nowMs));
    const met = new Set(encounters.map(({ matchId }) => matchId));
    for (const encounter of encounters) {
      const match = this.#ledger.match(encounter.matchId);
      this.#record(match, decideEncounter(match, encounter), nowMs);
    }
    for (const match of before) {
      const { matchId, parties } = match;
      // A token that has become too common opens no match, and closes none either.
      const apart = !met.has(matchId) && ![...this.#spaces.values()].some((each) => each.stillMeet(...parties));
      if (apart) this.#record(match, decideParting(match, "amended"), nowMs);
    }
  }

  #closeAll(of: { readonly member: MemberId; readonly handle: Handle }, reason: CloseReason, nowMs: number): void {
    for (const match of this.#ledger.openMatchesOf(of.member, of.handle)) {
      this.#record(match, decideParting(match, reason), nowMs);
    }
  }

  /** One event, and from it the notices to both sides. */
  #record(before: Match | undefined, event: MatchEvent | undefined, nowMs: number): void {
    if (event === undefined) return;
    const match = evolveMatch(before, event);
    this.#ledger.recordMatchEvent(match, event, nowMs);
    for (const { member, event: notice } of noticesOf(match, event)) this.#notices.append(member, notice, nowMs);
  }

  #space(epoch: number): EpochSpace {
    const known = this.#spaces.get(epoch);
    if (known !== undefined) return known;
    const space = new EpochSpace(epoch, this.#tokenHash);
    this.#spaces.set(epoch, space);
    return space;
  }

  #sum(of: (space: EpochSpace) => number): number {
    let sum = 0;
    for (const space of this.#spaces.values()) sum += of(space);
    return sum;
  }
}

function versionOf(envelope: Envelope, entry: Upsert): Omit<LiveRecord, "number"> {
  const { member, incarnation, sequence } = envelope;
  const { handle, domain, handling, reviewByDay } = entry;
  return { member, handle, domain, handling, reviewByDay, incarnation, sequence };
}

/** An epoch takes entries while it is staged or active, until its retirement day. */
function takesEntries(epoch: Epoch | undefined, nowMs: number): boolean {
  return epoch !== undefined && epoch.state !== "retired" && nowMs < epoch.retiresAtMs;
}
