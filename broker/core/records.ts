/**
 * The live records of one epoch: what matching must know of each besides its tokens. A cache, rebuilt from the streams;
 * it holds no plaintext and no salt. Record and member numbers are this process's own.
 */
import type { Handling } from "../../shared/core/data-plane.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { Handle, Incarnation, MemberId } from "../../shared/core/ids.ts";

export type LiveRecord = {
  readonly number: number;
  readonly member: MemberId;
  readonly handle: Handle;
  readonly domain: Domain;
  readonly handling: Handling;
  readonly reviewByDay: number;
  /** 32 bytes each, in hexadecimal, which takes a third of the memory: with member and handle they give owner and binder. */
  readonly conversationKey: string;
  readonly blind: string;
  /** Which submission held this version. */
  readonly incarnation: Incarnation;
  readonly sequence: number;
  /** Tokens it holds, padding included. */
  readonly tokens: number;
  /** Tokens it has ever held in this epoch, each time counted that it was new: what its owner was charged for. */
  readonly published: number;
  /** As many of those as it held before a later epoch opened: so many may be published there at no charge, to carry it over. */
  readonly settled: number;
  /** When its first version was applied. */
  readonly sinceMs: number;
};

export class RecordTable {
  readonly #byMember = new Map<MemberId, Map<Handle, LiveRecord>>();
  readonly #byNumber: (LiveRecord | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #memberNumbers = new Map<MemberId, number>();

  get size(): number {
    return this.#byNumber.length - this.#free.length;
  }

  find(member: MemberId, handle: Handle): LiveRecord | undefined {
    return this.#byMember.get(member)?.get(handle);
  }

  ofMember(member: MemberId): IterableIterator<LiveRecord> {
    return (this.#byMember.get(member) ?? new Map<Handle, LiveRecord>()).values();
  }

  countOf(member: MemberId): number {
    return this.#byMember.get(member)?.size ?? 0;
  }

  /** All records, in no order that means anything. */
  *all(): Generator<LiveRecord> {
    for (const record of this.#byNumber) if (record !== undefined) yield record;
  }

  at(number: number): LiveRecord | undefined {
    return this.#byNumber[number];
  }

  /** Replaces the record of the same member and handle, which keeps its number. */
  put(version: Omit<LiveRecord, "number">): LiveRecord {
    const number = this.find(version.member, version.handle)?.number ?? this.#free.pop() ?? this.#byNumber.length;
    const record = { ...version, number };
    const ofMember = this.#byMember.get(version.member) ?? new Map<Handle, LiveRecord>();
    this.#byMember.set(version.member, ofMember);
    ofMember.set(version.handle, record);
    this.#byNumber[number] = record;
    return record;
  }

  remove(record: LiveRecord): void {
    this.#byMember.get(record.member)?.delete(record.handle);
    this.#byNumber[record.number] = undefined;
    this.#free.push(record.number);
  }

  /** Records whose review day lies before `today`, `max` at most. */
  *expired(today: number, max: number): Generator<LiveRecord> {
    let found = 0;
    for (const record of this.#byNumber) {
      if (record === undefined || record.reviewByDay >= today) continue;
      if (found === max) return;
      found += 1;
      yield record;
    }
  }

  /** A small number for a member, given out in order of appearance. */
  memberNumber(member: MemberId): number {
    const known = this.#memberNumbers.get(member);
    if (known !== undefined) return known;
    const number = this.#memberNumbers.size;
    this.#memberNumbers.set(member, number);
    return number;
  }
}
