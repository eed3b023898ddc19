/**
 * Applies entries: insert first, then look up, so that of two records that arrive together at least the second sees the
 * first; then record what became of matches. Everything here runs inside one transaction of the ledger per submission.
 */
import type {
  Digest,
  DigestAnswer,
  Entry,
  MalformedEntry,
  RejectionReason,
  Revalidate,
  Submission,
  Upsert,
} from "../../shared/core/data-plane.ts";
import { dayOf } from "../../shared/core/days.ts";
import { openEpochs } from "../../shared/core/decisions.ts";
import { differingBuckets, digestOf, toBucket } from "../../shared/core/digest.ts";
import type { DigestItem } from "../../shared/core/digest.ts";
import type { Admit, Federation } from "../../shared/core/directive.ts";
import type { Handle, MemberId } from "../../shared/core/ids.ts";
import { decideEntry } from "../core/entry.ts";
import { countOf } from "../core/epoch-space.ts";
import type { EpochSpace, Version } from "../core/epoch-space.ts";
import { DIGEST_HANDLES_MAX, EXPIRIES_PER_SWEEP_MAX } from "../core/limits.ts";
import { balanceOf, charge } from "../../shared/core/quota.ts";
import type { LiveRecord } from "../core/records.ts";
import type { Spaces } from "../core/spaces.ts";
import type { Carried, Lingering } from "../store/epoch-table.ts";
import type { Applied, Ledger, Rejections } from "../store/ledger.ts";
import { Matches, takesEntries } from "./matches.ts";
import type { MatchesParts } from "./matches.ts";

/** A submission without its body: whose, and which. */
export type Envelope = Pick<Submission, "member" | "incarnation" | "sequence" | "epoch">;

type Entries = readonly (Entry | MalformedEntry)[];

/** Live records and tokens, padding included, that the broker holds of a member in one epoch. */
export type Held = { readonly epoch: number; readonly records: number; readonly tokens: number };

/** What a submission has done that oversight counts. */
export type PublicationCounts = {
  /** That stood. */
  readonly entries: number;
  /** Handles that stood nowhere before. */
  readonly newRecords: number;
  /** When each record that was withdrawn had first been published; 0 if that is not known any more. */
  readonly withdrawnSinceMs: readonly number[];
  /** Padding included. */
  readonly tokens: number;
  /** Matches. */
  readonly opened: number;
};

export type PublicationsParts = Omit<MatchesParts, "onOpened"> & {
  readonly onPublished?: (member: MemberId, counts: PublicationCounts, nowMs: number) => void;
};

export class Publications {
  readonly matches: Matches;
  readonly #parts: PublicationsParts;
  readonly #ledger: Ledger;
  readonly #spaces: Spaces;
  readonly #federation: () => Federation;
  /** Matches opened ever, by this process. */
  #opened = 0;

  constructor(parts: PublicationsParts) {
    this.#parts = parts;
    this.#ledger = parts.ledger;
    this.#spaces = parts.spaces;
    this.#federation = parts.federation;
    this.matches = new Matches({ ...parts, onOpened: () => (this.#opened += 1) });
  }

  get recordCount(): number {
    return this.#spaces.all.reduce((sum, space) => sum + space.records.size, 0);
  }

  get tokenCount(): number {
    return this.#spaces.all.reduce((sum, space) => sum + space.tokenCount, 0);
  }

  /** Inside a transaction: applies each entry that stands, in order, and matches it. Answers with those that do not. */
  apply(envelope: Envelope, entries: Entries, nowMs: number): Rejections {
    const member = this.#federation().members.get(envelope.member) as Admit;
    const rejections: { index: number; reason: RejectionReason }[] = [];
    const counts = { entries: 0, newRecords: 0, withdrawnSinceMs: [] as number[], tokens: 0 };
    const openedBefore = this.#opened;
    let account = this.#ledger.account(member.member);
    for (const [index, entry] of entries.entries()) {
      const budget = balanceOf(account, member.budget, nowMs).available;
      const context = this.#contextOf(envelope, entry, { member, budget, nowMs });
      const verdict = decideEntry(entry, context);
      if (!verdict.stands) {
        rejections.push({ index, reason: verdict.reason });
        continue;
      }
      const charged = charge(account, member.budget, verdict.newTokens, nowMs);
      if (charged.kind === "charged") account = charged.account;
      counts.entries += 1;
      if (entry.operation === "upsert") counts.tokens += countOf(entry.tokens);
      if (entry.operation === "upsert" && context.record === undefined) counts.newRecords += 1;
      if (entry.operation === "withdraw") counts.withdrawnSinceMs.push(context.record?.sinceMs ?? 0);
      this.#applyEntry(envelope, entry as Entry, nowMs);
    }
    this.#ledger.saveAccount(member.member, account);
    this.#parts.onPublished?.(member.member, { ...counts, opened: this.#opened - openedBefore }, nowMs);
    return rejections;
  }

  /** Brings back into memory what the ledger knows to be applied; decides and matches nothing. */
  restore(envelope: Envelope, entries: Entries, { rejections, appliedAtMs }: Omit<Applied, "hash" | "position">): void {
    const rejected = new Set(rejections.map(({ index }) => index));
    for (const [index, entry] of entries.entries()) {
      if (!rejected.has(index)) this.#change(envelope, entry as Entry, appliedAtMs);
    }
  }

  /** What submissions of other epochs did to a member's records after `position` in the order of application, in that order. */
  carriedOf(member: MemberId, position: number): Carried[] {
    const carried = this.#ledger.epochs.carriedOf(member).filter((each) => each.position > position);
    return carried.toSorted((a, b) => a.position - b.position);
  }

  /** Brings one of these back into memory, in its turn among the submissions that are restored: its own may be gone with its epoch. */
  restoreCarried({ member, handle, epoch, reviewByDay }: Carried): void {
    const space = this.#spaces.find(epoch);
    const record = space?.records.find(member, handle);
    if (space === undefined || record === undefined) return;
    if (reviewByDay === undefined) space.remove(record);
    else space.revalidate(record, reviewByDay);
  }

  /** Whether anything is past its review day. */
  isExpired(nowMs: number): boolean {
    return this.#expired(nowMs, 1).length > 0;
  }

  #expired(nowMs: number, max: number): (LiveRecord | Lingering)[] {
    const today = dayOf(nowMs);
    const live = this.#spaces.all.flatMap((space) => [...space.records.expired(today, max)]);
    return [...live, ...this.#ledger.epochs.lingeringBefore(today, max)].slice(0, max);
  }

  /** In a transaction of its own: takes out `max` records past their review day, or as many as there are; answers how many. */
  sweep(nowMs: number, max = EXPIRIES_PER_SWEEP_MAX): number {
    const expired = this.#expired(nowMs, max);
    if (expired.length === 0) return 0;
    this.#ledger.transaction(() => {
      for (const record of expired) {
        this.#removeEverywhere(record.member, record.handle);
        this.matches.closeAll(record, "expired", nowMs);
      }
    });
    return expired.length;
  }

  /** Takes a removed member's record out of memory. */
  forget(member: MemberId, handle: Handle): void {
    for (const space of this.#spaces.all) {
      const record = space.records.find(member, handle);
      if (record !== undefined) space.remove(record);
    }
  }

  /** The record of a handle, in whichever epoch it stands or stood last. */
  find(member: MemberId, handle: Handle): LiveRecord | Lingering | undefined {
    return this.#spaces.record(member, handle) ?? this.#ledger.epochs.lingering(member, handle);
  }

  /** Live records and tokens of a member, by open epoch. */
  heldOf(member: MemberId): Held[] {
    return openEpochs(this.#federation()).map(({ epoch }) => {
      const space = this.#spaces.find(epoch);
      return { epoch, records: space?.records.countOf(member) ?? 0, tokens: space?.tokensOfMember(member) ?? 0 };
    });
  }

  /** How the broker's records compare with a digest of the member's; undefined for an epoch that is not open. */
  answerDigest({ member, incarnation, sequence, epoch }: Envelope, digest: Digest): DigestAnswer | undefined {
    const federation = this.#federation();
    if (!openEpochs(federation).some((each) => each.epoch === epoch)) return undefined;
    const space = this.#spaces.find(epoch);
    const held = space?.digest(federation.id, member, digest.day) ?? digestOf(digest.day, []);
    const named = fitting(differingBuckets(digest, held), (bucket, max) => {
      return space?.itemsIn(member, digest.day, bucket, max) ?? [];
    });
    return { kind: "digestAnswer", incarnation, sequence, epoch, ...named };
  }

  /** Makes some items of digests ahead of time. False if none was missing. */
  prepareDigests(max: number): boolean {
    const { id } = this.#federation();
    return this.#spaces.all.some((space) => space.prepareDigests(id, max));
  }

  #contextOf(
    envelope: Envelope,
    entry: Entry | MalformedEntry,
    of: { readonly member: Admit; readonly budget: number; readonly nowMs: number },
  ): Parameters<typeof decideEntry>[1] & { readonly record: { readonly sinceMs?: number } | undefined } {
    const record = entry.operation === "malformed" ? undefined : this.find(envelope.member, entry.handle);
    return {
      member: of.member,
      epochOpen: takesEntries(this.#federation().epochs.get(envelope.epoch), of.nowMs),
      today: dayOf(of.nowMs),
      record,
      budget: of.budget,
      countNew: (upsert) => this.#countNew(envelope, upsert),
    };
  }

  /**
   * What an upsert is charged: tokens that the record has not had in this epoch. Only what it held in an earlier one before this one opened
   * is carried over at no charge, once. The broker cannot compare tokens of two epochs, so that is counted, and what is new while both are
   * open is charged in each: it might be other identifiers.
   */
  #countNew(envelope: Envelope, entry: Upsert): number {
    const { member, epoch } = envelope;
    const { handle } = entry;
    const space = this.#spaces.of(epoch);
    const here = space.records.find(member, handle)?.published ?? 0;
    const earlier = this.#spaces.all.filter((each) => each.epoch < epoch);
    const settled = earlier.map((each) => each.records.find(member, handle)?.settled ?? 0);
    const lingering = this.#ledger.epochs.lingering(member, handle)?.published ?? 0;
    const covered = Math.max(here, lingering, ...settled);
    return Math.max(0, here + space.countNew(versionOf(envelope, entry), entry) - covered);
  }

  #isLatest(epoch: number, nowMs: number): boolean {
    const open = openEpochs(this.#federation());
    return !open.some((each) => each.epoch > epoch && each.opensAtMs <= nowMs);
  }

  #applyEntry(envelope: Envelope, entry: Entry, nowMs: number): void {
    const { member } = envelope;
    if (entry.operation !== "upsert") this.#carry(envelope, entry);
    const isArrival = this.#spaces.find(envelope.epoch)?.records.find(member, entry.handle) === undefined;
    const record = this.#change(envelope, entry, nowMs);
    if (entry.operation === "withdraw") {
      this.matches.closeAll({ member, handle: entry.handle }, "withdrawn", nowMs);
    } else if (entry.operation === "upsert" && record !== undefined) {
      this.#ledger.epochs.forgetLingering(member, entry.handle);
      this.#ledger.proofs.noteHandling(member, entry.handle, entry.handling);
      this.matches.meet(this.#spaces.of(envelope.epoch), record, isArrival, nowMs);
    }
  }

  /** What an entry does to the records in memory. Answers with the record of an upsert. */
  #change(envelope: Envelope, entry: Entry, nowMs: number): LiveRecord | undefined {
    switch (entry.operation) {
      case "upsert":
        return this.#spaces
          .of(envelope.epoch)
          .put(versionOf(envelope, entry), entry, nowMs, this.#isLatest(envelope.epoch, nowMs));
      case "withdraw":
        this.#removeEverywhere(envelope.member, entry.handle);
        return undefined;
      case "revalidate":
        this.#revalidate(envelope.member, entry);
        return undefined;
    }
  }

  #revalidate(member: MemberId, { handle, reviewByDay }: Revalidate): void {
    for (const space of this.#spaces.all) {
      const record = space.records.find(member, handle);
      if (record !== undefined) space.revalidate(record, reviewByDay);
    }
    const lingering = this.#ledger.epochs.lingering(member, handle);
    if (lingering !== undefined) this.#ledger.epochs.linger({ ...lingering, reviewByDay });
  }

  /** A withdrawal takes effect in all epochs at once. */
  #removeEverywhere(member: MemberId, handle: Handle): void {
    this.forget(member, handle);
    this.#ledger.epochs.forgetLingering(member, handle);
  }

  /** Withdrawals and revalidations act on all epochs, and only one of these has them in its part of the stream. */
  #carry({ member, epoch }: Envelope, entry: Exclude<Entry, Upsert>): void {
    const { handle } = entry;
    const others = this.#spaces.all.filter((space) => space.epoch !== epoch && holds(space, member, handle));
    const reviewByDay = entry.operation === "revalidate" ? entry.reviewByDay : undefined;
    for (const other of others) {
      const position = this.#ledger.positionToCome;
      this.#ledger.epochs.carry({ member, handle, epoch: other.epoch, position, reviewByDay });
    }
  }
}

function holds(space: EpochSpace, member: MemberId, handle: Handle): boolean {
  return space.records.find(member, handle) !== undefined;
}

function versionOf(envelope: Envelope, entry: Upsert): Version {
  const { member, incarnation, sequence } = envelope;
  const { handle, domain, handling, reviewByDay, conversationKey, blind } = entry;
  return { member, handle, domain, handling, reviewByDay, conversationKey, blind, incarnation, sequence };
}

/** As many buckets as one message can name the handles of; the next digest finds the others. Looks at no more handles than that. */
function fitting(
  buckets: readonly number[],
  itemsIn: (bucket: number, max: number) => readonly (readonly [Handle, DigestItem])[],
): Pick<DigestAnswer, "differing" | "handles" | "items"> {
  const differing: number[] = [];
  const named: (readonly [Handle, DigestItem])[] = [];
  for (const bucket of buckets) {
    const room = DIGEST_HANDLES_MAX - named.length;
    const own = itemsIn(bucket, room + 1);
    if (own.length > room && differing.length > 0) break;
    differing.push(bucket);
    named.push(...own.slice(0, room));
  }
  const handles = named.map(([handle]) => handle);
  return { differing, handles, ...(named.length === 0 ? {} : { items: named.map(([, item]) => toBucket(item)) }) };
}
