/**
 * Where the token index keeps its tokens: cells in blocks of eight, in chunks that never move. A *cell* is a token, its tag and one link
 * (28 bytes); a *block* names record, member, class and place of its eight cells (1.5 bytes a token). A class is padded to a power of two of
 * at least eight, so blocks are full and any free block fits any record. Cell and block 0 stand for "none".
 */
import { CausewayError } from "../../shared/core/errors.ts";

export const TOKEN_WORDS = 4;
/** The word of a cell at which its tag stands, and how many it has. */
export const TAG = 4;
export const TAG_WORDS = 2;
const LINK = 6;
const CELL_WORDS = 7;

const BLOCK_CELLS_LOG2 = 3;
export const BLOCK_CELLS = 1 << BLOCK_CELLS_LOG2;
const BLOCK_WORDS = 3;
const BLOCK_TAG = 1;
const BLOCK_NEXT = 2;

/** Small enough to allocate without a noticeable pause and to waste little at a million tokens. */
const CHUNK_BLOCKS_LOG2 = 11;
const CHUNK_BLOCKS = 1 << CHUNK_BLOCKS_LOG2;
const CHUNK_CELLS = CHUNK_BLOCKS * BLOCK_CELLS;

/** Links take 30 bits, see `token-chains.ts`: twenty times the largest federation planned for. */
const CELLS_MAX = 2 ** 30;

export class CellArena {
  readonly #chunks: Int32Array[] = [];
  readonly #blocks: Int32Array[] = [];
  #freeBlock = 0;
  #freshBlock = 1;

  get bytes(): number {
    return this.#chunks.length * 4 * (CHUNK_CELLS * CELL_WORDS + CHUNK_BLOCKS * BLOCK_WORDS);
  }

  wipe(): void {
    for (const chunk of this.#chunks) chunk.fill(0);
  }

  allocate(record: number, member: number, classNumber: number, ordinal: number): number {
    const block = this.#freeBlock === 0 ? this.#fresh() : this.#freeBlock;
    if (block === this.#freeBlock) this.#freeBlock = this.nextBlock(block);
    const page = this.#page(block);
    const at = placeInPage(block);
    page[at] = record;
    page[at + BLOCK_TAG] = (member << 16) | (ordinal << 2) | classNumber;
    page[at + BLOCK_NEXT] = 0;
    return block;
  }

  release(block: number): void {
    this.setNextBlock(block, this.#freeBlock);
    this.#freeBlock = block;
  }

  nextBlock(block: number): number {
    return this.#blockWord(block, BLOCK_NEXT);
  }

  setNextBlock(block: number, next: number): void {
    this.#page(block)[placeInPage(block) + BLOCK_NEXT] = next;
  }

  record(cell: number): number {
    return this.#blockWord(cell >>> BLOCK_CELLS_LOG2, 0);
  }

  member(cell: number): number {
    return this.#blockWord(cell >>> BLOCK_CELLS_LOG2, BLOCK_TAG) >>> 16;
  }

  classNumber(cell: number): number {
    return this.#blockWord(cell >>> BLOCK_CELLS_LOG2, BLOCK_TAG) & 3;
  }

  position(cell: number): number {
    const ordinal = (this.#blockWord(cell >>> BLOCK_CELLS_LOG2, BLOCK_TAG) & 0xffff) >>> 2;
    return ordinal * BLOCK_CELLS + (cell & (BLOCK_CELLS - 1));
  }

  link(cell: number): number {
    return this.#chunk(cell)[this.#at(cell) + LINK] as number;
  }

  setLink(cell: number, link: number): void {
    this.#chunk(cell)[this.#at(cell) + LINK] = link;
  }

  /** One word of a cell. */
  word(cell: number, word: number): number {
    return this.#chunk(cell)[this.#at(cell) + word] as number;
  }

  setToken(cell: number, w0: number, w1: number, w2: number, w3: number): void {
    const chunk = this.#chunk(cell);
    const at = this.#at(cell);
    chunk[at] = w0;
    chunk[at + 1] = w1;
    chunk[at + 2] = w2;
    chunk[at + 3] = w3;
  }

  setTag(cell: number, w0: number, w1: number): void {
    const chunk = this.#chunk(cell);
    const at = this.#at(cell) + TAG;
    chunk[at] = w0;
    chunk[at + 1] = w1;
  }

  /** Overwrites token and tag. */
  clear(cell: number): void {
    this.setToken(cell, 0, 0, 0, 0);
    this.setTag(cell, 0, 0);
  }

  holds(cell: number, w0: number, w1: number, w2: number, w3: number): boolean {
    const chunk = this.#chunk(cell);
    const at = this.#at(cell);
    return chunk[at] === w0 && chunk[at + 1] === w1 && chunk[at + 2] === w2 && chunk[at + 3] === w3;
  }

  equal(a: number, b: number): boolean {
    return this.holds(a, this.word(b, 0), this.word(b, 1), this.word(b, 2), this.word(b, 3));
  }

  /** `count` words of each of these cells, joined, from the one at `first` on. */
  words(cells: readonly number[], first: number, count: number): Uint8Array {
    const joined = new Uint8Array(cells.length * count * 4);
    const view = new DataView(joined.buffer);
    for (const [i, cell] of cells.entries()) {
      for (let w = 0; w < count; w += 1) view.setInt32((i * count + w) * 4, this.word(cell, first + w), true);
    }
    return joined;
  }

  #chunk(cell: number): Int32Array {
    return this.#chunks[cell >>> (BLOCK_CELLS_LOG2 + CHUNK_BLOCKS_LOG2)] as Int32Array;
  }

  #at(cell: number): number {
    return (cell & (CHUNK_CELLS - 1)) * CELL_WORDS;
  }

  #blockWord(block: number, word: number): number {
    return this.#page(block)[placeInPage(block) + word] as number;
  }

  #page(block: number): Int32Array {
    return this.#blocks[block >>> CHUNK_BLOCKS_LOG2] as Int32Array;
  }

  #fresh(): number {
    const block = this.#freshBlock;
    if (block === CELLS_MAX / BLOCK_CELLS) throw new CausewayError("EXHAUSTED", "the token index is full");
    if (block >= this.#chunks.length * CHUNK_BLOCKS) {
      this.#chunks.push(new Int32Array(CHUNK_CELLS * CELL_WORDS));
      this.#blocks.push(new Int32Array(CHUNK_BLOCKS * BLOCK_WORDS));
    }
    this.#freshBlock += 1;
    return block;
  }
}

function placeInPage(block: number): number {
  return (block & (CHUNK_BLOCKS - 1)) * BLOCK_WORDS;
}
