/**
 * Items of digests in rows of words: a count, a sum mod 2^256 in eight words, lowest first, and a few words more that belong to whoever
 * keeps them. The count stands one higher than it is, so that a row that was never written is told from an empty one.
 */
import type { DigestItem } from "../../shared/core/digest.ts";

const SUM_WORDS = 8;
const SUM = 1;
const PAGE_ROWS_LOG2 = 10;
const PAGE_ROWS = 1 << PAGE_ROWS_LOG2;

export class SumRows {
  readonly #pages: Uint32Array[] = [];
  readonly #rowWords: number;

  /** `extras`: words besides count and sum. */
  constructor(extras: number) {
    this.#rowWords = SUM + SUM_WORDS + extras;
  }

  /** Makes the row if it is not there. */
  write(row: number, { count, sum }: DigestItem): void {
    while (row >= this.#pages.length * PAGE_ROWS) this.#pages.push(new Uint32Array(PAGE_ROWS * this.#rowWords));
    const [page, at] = [this.#page(row), this.#at(row)];
    page[at] = count + 1;
    let rest = sum;
    for (let i = 0; i < SUM_WORDS; i += 1, rest >>= 32n) page[at + SUM + i] = Number(rest & 0xffff_ffffn);
  }

  /** Undefined for a row that was never written, or was cleared. */
  read(row: number): DigestItem | undefined {
    if (row >= this.#pages.length * PAGE_ROWS || this.#page(row)[this.#at(row)] === 0) return undefined;
    return this.readAll(row);
  }

  /** Of a row that was written. */
  readAll(row: number): DigestItem {
    const [page, at] = [this.#page(row), this.#at(row)];
    let sum = 0n;
    for (let i = SUM_WORDS - 1; i >= 0; i -= 1) sum = (sum << 32n) | BigInt(page[at + SUM + i] as number);
    return { count: (page[at] as number) - 1, sum };
  }

  clear(row: number): void {
    this.#page(row).fill(0, this.#at(row), this.#at(row) + this.#rowWords);
  }

  /** Adds a row of others to one here. */
  add(row: number, others: SumRows, other: number): void {
    const [page, at] = [this.#page(row), this.#at(row)];
    const [from, fromAt] = [others.#page(other), others.#at(other)];
    page[at] = (page[at] as number) + (from[fromAt] as number) - 1;
    for (let i = SUM, carry = 0; i < SUM + SUM_WORDS; i += 1) {
      const word = (page[at + i] as number) + (from[fromAt + i] as number) + carry;
      page[at + i] = word;
      carry = word > 0xffff_ffff ? 1 : 0;
    }
  }

  subtract(row: number, others: SumRows, other: number): void {
    const [page, at] = [this.#page(row), this.#at(row)];
    const [from, fromAt] = [others.#page(other), others.#at(other)];
    page[at] = (page[at] as number) - (from[fromAt] as number) + 1;
    for (let i = SUM, borrow = 0; i < SUM + SUM_WORDS; i += 1) {
      const word = (page[at + i] as number) - (from[fromAt + i] as number) - borrow;
      page[at + i] = word;
      borrow = word < 0 ? 1 : 0;
    }
  }

  extra(row: number, extra: number): number {
    return this.#page(row)[this.#at(row) + SUM + SUM_WORDS + extra] as number;
  }

  setExtra(row: number, extra: number, value: number): void {
    this.#page(row)[this.#at(row) + SUM + SUM_WORDS + extra] = value;
  }

  #page(row: number): Uint32Array {
    return this.#pages[row >>> PAGE_ROWS_LOG2] as Uint32Array;
  }

  #at(row: number): number {
    return (row & (PAGE_ROWS - 1)) * this.#rowWords;
  }
}
