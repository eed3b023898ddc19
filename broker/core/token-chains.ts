/**
 * From a token of one class to who holds it: linear hashing with chains. There are as many buckets as four fifths of the tokens; each new
 * token may split one bucket in two, so that growth costs every insertion a little and none a lot, and copies nothing.
 *
 * A chain's element stands for one token. Its link is the cell of the token's only holder, or, for a token with several, the first of their
 * rows (`holder-rows.ts`) with `ROW` added. 0 ends a chain.
 *
 * `find` leaves a cursor; `add`, `replaceFound` and `removeFound` act where it stands and come right after it.
 *
 * In a large table nearly every step waits for memory. What is done for many tokens is therefore done in passes, so that their waits overlap.
 */
import { TOKEN_WORDS } from "./cell-arena.ts";
import type { CellArena } from "./cell-arena.ts";
import type { HolderRows } from "./holder-rows.ts";
import type { TokenHash } from "./token-hash.ts";

/** Tokens looked up or added together, see `findBatch`. */
export const BATCH_TOKENS = 32;

/** In a link: it leads to a row. Cells and rows stay below it. */
const ROW = 1 << 30;

const FIRST_BUCKETS = 1_024;
const TOKENS_PER_BUCKET = 1.25;
const PAGE_LOG2 = 14;
const PAGE = 1 << PAGE_LOG2;

export class TokenChains {
  readonly #hash: TokenHash;
  readonly #cells: CellArena;
  readonly #rows: HolderRows;
  readonly #pages: Int32Array[] = [new Int32Array(PAGE)];
  readonly #hashed = new Int32Array(2);
  /** Of a batch: hashes or buckets. */
  readonly #batch = new Int32Array(BATCH_TOKENS);
  /** Buckets when this round of splits began, a power of two; there are twice as many when it ends. */
  #round = FIRST_BUCKETS;
  #buckets = FIRST_BUCKETS;
  #tokens = 0;
  #bucket = 0;
  #before = 0;
  /** Elements that a split has looked at, ever. */
  moved = 0;
  /** Keeps reads that only bring memory nearer from being left out. */
  warmth = 0;

  constructor(hash: TokenHash, cells: CellArena, rows: HolderRows) {
    this.#hash = hash;
    this.#cells = cells;
    this.#rows = rows;
  }

  /** Different tokens. */
  get size(): number {
    return this.#tokens;
  }

  get bytes(): number {
    return this.#pages.length * PAGE * 4;
  }

  /** The link of the element that holds the token, or 0. */
  find(w0: number, w1: number, w2: number, w3: number): number {
    return this.#findIn(this.#bucketOf(this.#hashOf(w0, w1, w2, w3)), w0, w1, w2, w3);
  }

  #findIn(bucket: number, w0: number, w1: number, w2: number, w3: number): number {
    this.#bucket = bucket;
    this.#before = 0;
    for (let link = this.#head(this.#bucket); link !== 0; link = this.#next(link)) {
      if (this.#cells.holds(this.#cellOf(link), w0, w1, w2, w3)) return link;
      this.#before = link;
    }
    return 0;
  }

  findCell(cell: number): number {
    const cells = this.#cells;
    return this.find(cells.word(cell, 0), cells.word(cell, 1), cells.word(cell, 2), cells.word(cell, 3));
  }

  /** Before the tokens of up to `BATCH_TOKENS` cells are looked for one by one with `findPrepared`, and added. */
  prepare(cells: Int32Array, count: number): void {
    this.reserve(this.#tokens + count);
    for (let i = 0; i < count; i += 1) this.#batch[i] = this.#hashOfCell(cells[i] as number);
    for (let i = 0; i < count; i += 1) this.#warm(this.#head(this.#bucketOf(this.#batch[i] as number)));
  }

  /** `find` for a cell's token, the `i`th of those prepared. */
  findPrepared(i: number, cell: number): number {
    const cells = this.#cells;
    const bucket = this.#bucketOf(this.#batch[i] as number);
    return this.#findIn(bucket, cells.word(cell, 0), cells.word(cell, 1), cells.word(cell, 2), cells.word(cell, 3));
  }

  /** Makes buckets for so many tokens in all. */
  reserve(tokens: number): void {
    const missing = Math.ceil(tokens / TOKENS_PER_BUCKET) - this.#buckets;
    const first = this.#buckets - this.#round;
    for (let i = 0; i < missing && this.#tokens > 0; i += 1) this.#warm(this.#head((first + i) % this.#round));
    for (let i = 0; i < missing; i += 1) this.#split();
  }

  /** `find` for up to `BATCH_TOKENS` tokens, four words each; `found` gets their links. */
  findBatch(words: Int32Array, count: number, found: Int32Array): void {
    const buckets = this.#batch;
    for (let i = 0, w = 0; i < count; i += 1, w += TOKEN_WORDS) {
      const [w0, w1] = [words[w] as number, words[w + 1] as number];
      buckets[i] = this.#bucketOf(this.#hashOf(w0, w1, words[w + 2] as number, words[w + 3] as number));
    }
    for (let i = 0; i < count; i += 1) found[i] = this.#head(buckets[i] as number);
    for (let i = 0, w = 0; i < count; i += 1, w += TOKEN_WORDS) {
      const [w0, w1] = [words[w] as number, words[w + 1] as number];
      const [w2, w3] = [words[w + 2] as number, words[w + 3] as number];
      let link = found[i] as number;
      while (link !== 0 && !this.#cells.holds(this.#cellOf(link), w0, w1, w2, w3)) link = this.#next(link);
      found[i] = link;
    }
  }

  /** A cell whose token was not found, for which room was made. */
  add(cell: number): void {
    this.#cells.setLink(cell, this.#head(this.#bucket));
    this.#setHead(this.#bucket, cell);
    this.#tokens += 1;
  }

  /** Puts another element of the same token, which knows already what follows, where the found one stood. */
  replaceFound(link: number): void {
    if (this.#before === 0) this.#setHead(this.#bucket, link);
    else this.#setNext(this.#before, link);
  }

  /** `next`: what followed it. */
  removeFound(next: number): void {
    this.replaceFound(next);
    this.#tokens -= 1;
  }

  #split(): void {
    const [from, to] = [this.#buckets - this.#round, this.#buckets];
    if (to >= this.#pages.length * PAGE) this.#pages.push(new Int32Array(PAGE));
    this.#buckets += 1;
    if (this.#buckets === 2 * this.#round) this.#round = this.#buckets;
    let link = this.#head(from);
    this.#setHead(from, 0);
    while (link !== 0) {
      const next = this.#next(link);
      const bucket = this.#bucketOf(this.#hashOfCell(this.#cellOf(link)));
      this.#setNext(link, this.#head(bucket));
      this.#setHead(bucket, link);
      this.moved += 1;
      link = next;
    }
  }

  #warm(link: number): void {
    if (link !== 0) this.warmth ^= this.#cells.word(this.#cellOf(link), 0);
  }

  #hashOfCell(cell: number): number {
    const cells = this.#cells;
    return this.#hashOf(cells.word(cell, 0), cells.word(cell, 1), cells.word(cell, 2), cells.word(cell, 3));
  }

  #hashOf(w0: number, w1: number, w2: number, w3: number): number {
    this.#hash(w0, w1, w2, w3, this.#hashed);
    return this.#hashed[1] as number;
  }

  #bucketOf(hash: number): number {
    const bucket = hash & (2 * this.#round - 1);
    return bucket < this.#buckets ? bucket : hash & (this.#round - 1);
  }

  #cellOf(link: number): number {
    return isRow(link) ? this.#rows.cell(rowOf(link)) : link;
  }

  #next(link: number): number {
    return isRow(link) ? this.#rows.next(rowOf(link)) : this.#cells.link(link);
  }

  #setNext(link: number, next: number): void {
    if (isRow(link)) this.#rows.setNext(rowOf(link), next);
    else this.#cells.setLink(link, next);
  }

  #head(bucket: number): number {
    return (this.#pages[bucket >>> PAGE_LOG2] as Int32Array)[bucket & (PAGE - 1)] as number;
  }

  #setHead(bucket: number, link: number): void {
    (this.#pages[bucket >>> PAGE_LOG2] as Int32Array)[bucket & (PAGE - 1)] = link;
  }
}

export function isRow(link: number): boolean {
  return (link & ROW) !== 0;
}

export function rowOf(link: number): number {
  return link ^ ROW;
}

export function toLink(row: number): number {
  return row | ROW;
}
