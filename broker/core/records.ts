/**
 * The live records of one epoch: what matching must know of each besides its tokens. A cache, rebuilt from the streams;
 * it holds no plaintext and no salt. Record and member numbers are this process's own.
 *
 * Ten million tokens are of some hundred thousand records, so each is a row of 136 bytes, a sixth of what an object with its texts takes;
 * a `LiveRecord` is made when somebody asks.
 */
import { fromHex, toHex } from "../../shared/core/bytes.ts";
import { HANDLINGS } from "../../shared/core/data-plane.ts";
import type { Handling } from "../../shared/core/data-plane.ts";
import { DOMAINS } from "../../shared/core/domain.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { Handle, Incarnation, MemberId } from "../../shared/core/ids.ts";
import { HandleTable } from "./handle-table.ts";
import type { RecordView } from "./matching.ts";
import { RecordRows, ROW } from "./record-rows.ts";
import type { TokenHash } from "./token-hash.ts";

export type LiveRecord = {
  readonly number: number;
  readonly member: MemberId;
  readonly handle: Handle;
  readonly domain: Domain;
  readonly handling: Handling;
  readonly reviewByDay: number;
  /** 32 bytes each: with member and handle they give owner and binder. */
  readonly conversationKey: Uint8Array;
  readonly blind: Uint8Array;
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

type MemberOf = { readonly number: number; readonly handles: HandleTable };

export class RecordTable {
  readonly #hash: TokenHash;
  readonly #rows = new RecordRows();
  readonly #free: number[] = [];
  /** Rows ever used. */
  #reached = 0;
  readonly #members = new Map<MemberId, MemberOf>();
  /** By number. */
  readonly #memberIds: MemberId[] = [];

  /** `hash`: members choose their handles. */
  constructor(hash: TokenHash) {
    this.#hash = hash;
  }

  get size(): number {
    return this.#reached - this.#free.length;
  }

  /** Numbers are lower than this. */
  get reached(): number {
    return this.#reached;
  }

  find(member: MemberId, handle: Handle): LiveRecord | undefined {
    const number = this.#members.get(member)?.handles.find(fromHex(handle));
    return number === undefined ? undefined : this.#read(number);
  }

  /** Not to be changed meanwhile. */
  *ofMember(member: MemberId): Generator<LiveRecord> {
    for (const number of this.#members.get(member)?.handles.numbers() ?? []) yield this.#read(number);
  }

  countOf(member: MemberId): number {
    return this.#members.get(member)?.handles.size ?? 0;
  }

  /** All records, in no order that means anything. */
  *all(): Generator<LiveRecord> {
    for (let number = 0; number < this.#reached; number += 1) if (this.#isTaken(number)) yield this.#read(number);
  }

  at(number: number): LiveRecord | undefined {
    return this.#isTaken(number) ? this.#read(number) : undefined;
  }

  /** What is asked of thousands while one is matched; good until the table changes. */
  viewAt(number: number): RowView | undefined {
    return this.#isTaken(number) ? new RowView(this.#rows, number, this.#memberIds) : undefined;
  }

  /** Replaces the record of the same member and handle, which keeps its number. */
  put(version: Omit<LiveRecord, "number">): LiveRecord {
    const handle = fromHex(version.handle);
    const member = this.#member(version.member);
    const known = member.handles.find(handle);
    const number = known ?? this.#free.pop() ?? this.#reached;
    if (number === this.#reached) this.#rows.reach(this.#reached++);
    this.#write(number, member.number, handle, version);
    if (known === undefined) member.handles.add(number);
    return { ...version, number };
  }

  remove({ number, member }: Pick<LiveRecord, "number" | "member">): void {
    this.#members.get(member)?.handles.remove(number);
    this.#rows.setWord(number, ROW.member, 0);
    this.#free.push(number);
  }

  /** Records whose review day lies before `today`, `max` at most. */
  *expired(today: number, max: number): Generator<LiveRecord> {
    let found = 0;
    for (let number = 0; number < this.#reached && found < max; number += 1) {
      if (this.#rows.word(number, ROW.reviewByDay) >= today || !this.#isTaken(number)) continue;
      found += 1;
      yield this.#read(number);
    }
  }

  /** A small number for a member, given out in order of appearance. */
  memberNumber(member: MemberId): number {
    return this.#member(member).number;
  }

  #member(member: MemberId): MemberOf {
    const known = this.#members.get(member);
    if (known !== undefined) return known;
    const made = { number: this.#memberIds.length, handles: new HandleTable(this.#rows, this.#hash) };
    this.#memberIds.push(member);
    this.#members.set(member, made);
    return made;
  }

  #isTaken(number: number): boolean {
    return number < this.#reached && this.#rows.word(number, ROW.member) !== 0;
  }

  #write(number: number, member: number, handle: Uint8Array, version: Omit<LiveRecord, "number">): void {
    const rows = this.#rows;
    rows.setBytes(number, ROW.handle, handle);
    rows.setBytes(number, ROW.conversationKey, version.conversationKey);
    rows.setBytes(number, ROW.blind, version.blind);
    rows.setBytes(number, ROW.incarnation, fromHex(version.incarnation));
    rows.setDouble(number, ROW.sinceMs, version.sinceMs);
    rows.setDouble(number, ROW.sequence, version.sequence);
    rows.setWord(number, ROW.reviewByDay, version.reviewByDay);
    rows.setWord(number, ROW.tokens, version.tokens);
    rows.setWord(number, ROW.published, version.published);
    rows.setWord(number, ROW.settled, version.settled);
    rows.setWord(number, ROW.member, member + 1);
    const kinds = (DOMAINS.indexOf(version.domain) << 8) | HANDLINGS.indexOf(version.handling);
    rows.setWord(number, ROW.domainAndHandling, kinds);
  }

  #read(number: number): LiveRecord {
    const rows = this.#rows;
    const { member, handle, domain, handling, reviewByDay } = new RowView(rows, number, this.#memberIds);
    return {
      number,
      member,
      handle,
      domain,
      handling,
      reviewByDay,
      conversationKey: rows.view(number, ROW.conversationKey, 32).slice(),
      blind: rows.view(number, ROW.blind, 32).slice(),
      incarnation: toHex(rows.view(number, ROW.incarnation, 16)) as Incarnation,
      sequence: rows.double(number, ROW.sequence),
      tokens: rows.word(number, ROW.tokens),
      published: rows.word(number, ROW.published),
      settled: rows.word(number, ROW.settled),
      sinceMs: rows.double(number, ROW.sinceMs),
    };
  }
}

/** Reads one row field by field. */
class RowView implements RecordView {
  readonly #rows: RecordRows;
  readonly #number: number;
  readonly #memberIds: readonly MemberId[];

  constructor(rows: RecordRows, number: number, memberIds: readonly MemberId[]) {
    this.#rows = rows;
    this.#number = number;
    this.#memberIds = memberIds;
  }

  get member(): MemberId {
    return this.#memberIds[this.#rows.word(this.#number, ROW.member) - 1] as MemberId;
  }

  get handle(): Handle {
    return toHex(this.#rows.view(this.#number, ROW.handle, 16)) as Handle;
  }

  get domain(): Domain {
    return DOMAINS[this.#rows.word(this.#number, ROW.domainAndHandling) >>> 8] as Domain;
  }

  get handling(): Handling {
    return HANDLINGS[this.#rows.word(this.#number, ROW.domainAndHandling) & 0xff] as Handling;
  }

  get reviewByDay(): number {
    return this.#rows.word(this.#number, ROW.reviewByDay);
  }
}
