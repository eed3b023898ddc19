/**
 * What the digests of each member's records of one epoch come to, kept up to date with each record (protocol section 8): an answer costs
 * the same however many records there are, so that a member that asks again and again holds up nobody. The sums are the very ones that
 * going through all records would give.
 *
 * Records of one member, review day and bucket hang together in a *cell* with their sum. Cells and records are rows of fixed width.
 */
import type { Digest } from "../../shared/core/data-plane.ts";
import { bucketOf, DIGEST_BUCKETS, toDigest } from "../../shared/core/digest.ts";
import type { DigestItem } from "../../shared/core/digest.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import type { LiveRecord } from "./records.ts";
import { SumRows } from "./sum-rows.ts";

/** Records of one review day: how many, and the cell of each bucket that has some. */
type Month = { records: number; readonly cells: Map<number, number> };

type Page = {
  /**
   * By review day, the end of a month, of which there are few: a digest is as of a day that the member chooses, and whatever is past its
   * review day then is not even looked at.
   */
  readonly months: Map<number, Month>;
  /** Numbers of records whose items are to be made: that takes longer than all else here. */
  readonly awaited: Set<number>;
};

type Of = Pick<LiveRecord, "number" | "member">;
type Dated = Of & Pick<LiveRecord, "handle" | "reviewByDay">;

// Words of a record's row after its count and sum: the record before and after it in its cell, each + 1. Of a cell's: its first record + 1.
const BEFORE = 0;
const AFTER = 1;
const FIRST = 0;

export class DigestBook {
  readonly #pages = new Map<MemberId, Page>();
  /** By record number. */
  readonly #items = new SumRows(2);
  readonly #cells = new SumRows(1);
  readonly #freeCells: number[] = [];
  #cellsMade = 0;

  /** A record's item is to be made. */
  await({ number, member }: Of): void {
    this.#page(member).awaited.add(number);
  }

  /** Numbers of `max` records of all members whose items are to be made. */
  awaited(max: number): number[] {
    const found: number[] = [];
    for (const { awaited } of this.#pages.values()) {
      for (const number of awaited) {
        if (found.length === max) return found;
        found.push(number);
      }
    }
    return found;
  }

  /** Numbers of all records of a member whose items are to be made. */
  awaitedOf(member: MemberId): number[] {
    return [...(this.#pages.get(member)?.awaited ?? [])];
  }

  /** Counts a record that is not counted yet. */
  enter({ number, member, handle, reviewByDay }: Dated, item: DigestItem): void {
    const { months, awaited } = this.#page(member);
    awaited.delete(number);
    const month = months.get(reviewByDay) ?? { records: 0, cells: new Map<number, number>() };
    months.set(reviewByDay, month);
    month.records += 1;
    const cell = month.cells.get(bucketOf(handle)) ?? this.#newCell();
    month.cells.set(bucketOf(handle), cell);
    this.#items.write(number, item);
    this.#cells.add(cell, this.#items, number);
    this.#hang(cell, number);
  }

  /** Counts a record no more, with the review day that it was counted with. Answers with its item if that had been made. */
  strike({ number, member, handle, reviewByDay }: Dated): DigestItem | undefined {
    const { months, awaited } = this.#page(member);
    if (awaited.delete(number)) return undefined;
    const month = months.get(reviewByDay);
    const cell = month?.cells.get(bucketOf(handle));
    const item = this.item(number);
    if (month === undefined || cell === undefined || item === undefined) return undefined;
    this.#cells.subtract(cell, this.#items, number);
    this.#unhang(cell, number);
    this.#items.clear(number);
    if (this.#cells.extra(cell, FIRST) === 0) {
      month.cells.delete(bucketOf(handle));
      this.#cells.clear(cell);
      this.#freeCells.push(cell);
    }
    month.records -= 1;
    if (month.records === 0) months.delete(reviewByDay);
    return item;
  }

  /** Of a record that is counted. */
  item(number: number): DigestItem | undefined {
    return this.#items.read(number);
  }

  /** Of the records that are counted and not past their review day on `day`. */
  digest(member: MemberId, day: number): Digest {
    const months = this.#monthsFrom(member, day);
    const totals = new SumRows(0);
    for (let bucket = 0; bucket < DIGEST_BUCKETS; bucket += 1) {
      totals.write(bucket, { count: 0, sum: 0n });
      for (const { cells } of months) {
        const cell = cells.get(bucket);
        if (cell !== undefined) totals.add(bucket, this.#cells, cell);
      }
    }
    return toDigest(
      day,
      Array.from({ length: DIGEST_BUCKETS }, (_, bucket) => totals.readAll(bucket)),
    );
  }

  /** Numbers of records that a bucket of such a digest is of, `max` at most. */
  recordsIn(member: MemberId, day: number, bucket: number, max: number): number[] {
    const found: number[] = [];
    for (const { cells } of this.#monthsFrom(member, day)) {
      const cell = cells.get(bucket);
      if (cell === undefined) continue;
      for (let next = this.#cells.extra(cell, FIRST); next !== 0; next = this.#items.extra(next - 1, AFTER)) {
        if (found.length === max) return found;
        found.push(next - 1);
      }
    }
    return found;
  }

  #hang(cell: number, number: number): void {
    const first = this.#cells.extra(cell, FIRST);
    this.#items.setExtra(number, BEFORE, 0);
    this.#items.setExtra(number, AFTER, first);
    if (first !== 0) this.#items.setExtra(first - 1, BEFORE, number + 1);
    this.#cells.setExtra(cell, FIRST, number + 1);
  }

  #unhang(cell: number, number: number): void {
    const [before, after] = [this.#items.extra(number, BEFORE), this.#items.extra(number, AFTER)];
    if (after !== 0) this.#items.setExtra(after - 1, BEFORE, before);
    if (before !== 0) this.#items.setExtra(before - 1, AFTER, after);
    else this.#cells.setExtra(cell, FIRST, after);
  }

  #newCell(): number {
    const cell = this.#freeCells.pop() ?? this.#cellsMade++;
    this.#cells.write(cell, { count: 0, sum: 0n });
    return cell;
  }

  #monthsFrom(member: MemberId, day: number): Month[] {
    const months = [...(this.#pages.get(member)?.months ?? [])];
    return months.filter(([reviewByDay]) => reviewByDay >= day).map(([, month]) => month);
  }

  #page(member: MemberId): Page {
    const known = this.#pages.get(member);
    if (known !== undefined) return known;
    const page: Page = { months: new Map(), awaited: new Set() };
    this.#pages.set(member, page);
    return page;
  }
}
