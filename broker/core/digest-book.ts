/**
 * What the digests of each member's records of one epoch come to, kept up to date with each record (protocol section 8): an answer costs
 * the same however many records there are, so that a member that asks again and again holds up nobody. The sums are the very ones that
 * going through all records would give.
 */
import type { Digest } from "../../shared/core/data-plane.ts";
import { bucketOf, DIGEST_BUCKETS, toDigest } from "../../shared/core/digest.ts";
import type { DigestItem } from "../../shared/core/digest.ts";
import type { Handle, MemberId } from "../../shared/core/ids.ts";
import type { LiveRecord } from "./records.ts";

/** By bucket; what is not there is empty. */
type Buckets<Value> = (Value | undefined)[];

/** Records of one review day. */
type Month = { records: number; readonly items: Buckets<Map<Handle, DigestItem>>; readonly sums: Buckets<DigestItem> };

type Page = {
  /**
   * By review day, the end of a month, of which there are few: a digest is as of a day that the member chooses, and whatever is past its
   * review day then is not even looked at.
   */
  readonly months: Map<number, Month>;
  /** Records whose items are to be made: that takes longer than all else here. */
  readonly awaited: Set<Handle>;
};

type Of = Pick<LiveRecord, "member" | "handle">;
type Dated = Of & Pick<LiveRecord, "reviewByDay">;

const NOTHING: DigestItem = { count: 0, sum: 0n };

export class DigestBook {
  readonly #pages = new Map<MemberId, Page>();

  /** A record's item is to be made. */
  await({ member, handle }: Of): void {
    this.#page(member).awaited.add(handle);
  }

  /** `max` records of all members whose items are to be made. */
  awaited(max: number): Of[] {
    const found: Of[] = [];
    for (const [member, { awaited }] of this.#pages) {
      for (const handle of awaited) {
        if (found.length === max) return found;
        found.push({ member, handle });
      }
    }
    return found;
  }

  /** All records of a member whose items are to be made. */
  awaitedOf(member: MemberId): Of[] {
    return [...(this.#pages.get(member)?.awaited ?? [])].map((handle) => ({ member, handle }));
  }

  /** Counts a record that is not counted yet. */
  enter({ member, handle, reviewByDay }: Dated, item: DigestItem): void {
    const { months, awaited } = this.#page(member);
    const bucket = bucketOf(handle);
    awaited.delete(handle);
    const month = months.get(reviewByDay) ?? { records: 0, items: [], sums: [] };
    month.records += 1;
    (month.items[bucket] ??= new Map()).set(handle, item);
    month.sums[bucket] = sumOf(month.sums[bucket] ?? NOTHING, item);
    months.set(reviewByDay, month);
  }

  /** Counts a record no more, with the review day that it was counted with. Answers with its item if that had been made. */
  strike({ member, handle, reviewByDay }: Dated): DigestItem | undefined {
    const { months, awaited } = this.#page(member);
    const bucket = bucketOf(handle);
    awaited.delete(handle);
    const month = months.get(reviewByDay);
    const item = month?.items[bucket]?.get(handle);
    if (month === undefined || item === undefined) return undefined;
    month.records -= 1;
    month.items[bucket]?.delete(handle);
    month.sums[bucket] = sumOf(month.sums[bucket] as DigestItem, { count: -item.count, sum: -item.sum });
    if (month.records === 0) months.delete(reviewByDay);
    return item;
  }

  /** Of the records that are counted and not past their review day on `day`. */
  digest(member: MemberId, day: number): Digest {
    const months = this.#monthsFrom(member, day);
    const buckets = Array.from({ length: DIGEST_BUCKETS }, (_, bucket) =>
      months.reduce((total, { sums }) => sumOf(total, sums[bucket] ?? NOTHING), NOTHING),
    );
    return toDigest(day, buckets);
  }

  /** Records that a bucket of such a digest is of, and what each comes to; `max` at most. */
  itemsIn(member: MemberId, day: number, bucket: number, max: number): (readonly [Handle, DigestItem])[] {
    const found: (readonly [Handle, DigestItem])[] = [];
    for (const { items } of this.#monthsFrom(member, day)) {
      for (const each of items[bucket] ?? []) {
        if (found.length === max) return found;
        found.push(each);
      }
    }
    return found;
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

/** Not mod 2^256 before the end: what is taken out leaves exactly what was there before. */
function sumOf(one: DigestItem, other: DigestItem): DigestItem {
  return { count: one.count + other.count, sum: one.sum + other.sum };
}
