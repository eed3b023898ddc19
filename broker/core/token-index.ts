/**
 * The broker's token index: which records hold an equal token in the same class, for one (epoch, domain). It lives in
 * typed arrays, is a cache (owners hold the truth), and is dropped as a whole when its epoch retires.
 *
 * Who controls what: a member chooses its tokens freely. It may choose ones that would collide in a known hash, repeat
 * one token in every record, or flood a token that others hold, to slow the broker down or to push others out of sight.
 * - Slots are chosen by a keyed hash whose 128-bit seed only this process knows; tokens cannot be made to crowd a slot.
 * - Equal tokens take one slot however many records hold them. Their cells hang from it, grouped by member, so a walk
 *   steps over a whole member at once: what one member repeats costs a lookup at most `recordsPerMemberMax` steps and
 *   hides nobody else.
 * Known weakness: whoever sees the latency of single lookups, over a network, learns a little about slot occupancy.
 *
 * Layout, 45 bytes a token: a *cell* (token, tag, two links; 32 bytes) and a *slot* (hash, cell; 8 bytes at a load between
 * 0.64 and 0.8), while a *block* of eight cells names record, member, class and place (1.5 bytes a token). A class is
 * padded to a power of two of at least eight, so blocks are full and any free block fits any record.
 */
import {
  OPENING_CLASSES,
  type TagSet,
  type TokenClass,
  type TokenSet,
  TOKEN_CLASSES,
} from "../../shared/core/data-plane.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { TAG_BYTES, TOKEN_BYTES } from "../../shared/crypto/token.ts";

const TOKEN_WORDS = 4;
/** By class number: whether one token is enough. Opening classes come first. */
const OPENS = TOKEN_CLASSES.map((tokenClass) => (OPENING_CLASSES as readonly TokenClass[]).includes(tokenClass));
/** Tokens looked up together, see `SlotTable.findBatch`. At least a block's. */
const BATCH_TOKENS = 32;

/** Record numbers are dense and small in practice; heads are paged so that an index that sees few of them stays small. */
const RECORD_NUMBER_MAX = 0x7fff_ffff;
/** Member numbers are this process's own, given out in order of appearance. */
const MEMBER_NUMBER_MAX = 0xffff;
/** Tokens of one class in one record; what a member may publish is far less and is checked at intake. */
const CLASS_TOKENS_MAX = 1 << 17;

/** Writes two hash words of a token (four little-endian words) into `out`. */
export type TokenHash = (w0: number, w1: number, w2: number, w3: number, out: Int32Array) => void;

/** A record's tokens, and a tag for each in the same order. */
export type TaggedTokens = { readonly tokens: TokenSet; readonly tags: TagSet };

/** Where a token stands in a record: class and index within the class. */
export type TokenPlace = { readonly tokenClass: TokenClass; readonly position: number };

/** A token of one record that also stands, at `otherPosition` of the same class, in another record. */
export type MetToken = TokenPlace & { readonly otherPosition: number };

export type EncounterRules = {
  /** A token that more members hold than this meets nobody. */
  readonly membersMax: Readonly<Record<TokenClass, number>>;
  /** How many records of one member a token leads to; bounds what a flood by one member costs. */
  readonly recordsPerMemberMax: number;
  /** Whether a record counts: not expired, not hidden. */
  readonly accepts: (record: number) => boolean;
};

export type Encounters = {
  /** Records of other members that share a token of an opening class, each with every token it shares. */
  readonly byRecord: ReadonlyMap<number, readonly MetToken[]>;
  /** Tokens that met nobody because too many members hold them. */
  readonly common: readonly TokenPlace[];
  /** Tokens that one member holds in more records than were looked at. */
  readonly crowded: readonly (TokenPlace & { readonly member: number })[];
};

/**
 * Chaskey-12 (Mouha et al.; ISO/IEC 29192-6) over exactly one 16-byte block: one keyed permutation, all in 32-bit
 * words. `seed`: 16 secret random bytes, drawn by the process at start. Throws INVALID for another length.
 */
export function keyedTokenHash(seed: Uint8Array): TokenHash {
  if (seed.length !== TOKEN_BYTES) throw new CausewayError("INVALID", "the seed is 16 bytes");
  const k0 = word(seed, 0);
  const k1 = word(seed, 4);
  const k2 = word(seed, 8);
  const k3 = word(seed, 12);
  // The subkey of a full last block: the key doubled in GF(2^128).
  const s0 = (k0 << 1) ^ (k3 < 0 ? 0x87 : 0);
  const s1 = (k1 << 1) | (k0 >>> 31);
  const s2 = (k2 << 1) | (k1 >>> 31);
  const s3 = (k3 << 1) | (k2 >>> 31);
  return (w0, w1, w2, w3, out) => {
    let a = w0 ^ k0 ^ s0;
    let b = w1 ^ k1 ^ s1;
    let c = w2 ^ k2 ^ s2;
    let d = w3 ^ k3 ^ s3;
    for (let round = 0; round < 12; round += 1) {
      a = (a + b) | 0;
      b = rotateLeft(b, 5) ^ a;
      a = rotateLeft(a, 16);
      c = (c + d) | 0;
      d = rotateLeft(d, 8) ^ c;
      a = (a + d) | 0;
      d = rotateLeft(d, 13) ^ a;
      c = (c + b) | 0;
      b = rotateLeft(b, 7) ^ c;
      c = rotateLeft(c, 16);
    }
    out[0] = a ^ s0;
    out[1] = b ^ s1;
  };
}

export class TokenIndex {
  readonly #cells = new CellArena();
  readonly #slots: SlotTable;
  readonly #firstBlocks = new RecordHeads();
  /** Scratch of one batch of look-ups: the tokens' words, and the first cell that holds each. */
  readonly #lookups = { words: new Int32Array(BATCH_TOKENS * TOKEN_WORDS), heads: new Int32Array(BATCH_TOKENS) };
  #size = 0;
  #recordCount = 0;

  constructor(hash: TokenHash) {
    this.#slots = new SlotTable(hash, this.#cells);
  }

  /** Tokens held, a repetition within one record and class not counted. */
  get size(): number {
    return this.#size;
  }

  get recordCount(): number {
    return this.#recordCount;
  }

  /** Bytes of every typed array in use. Freed blocks are used again, never given back: it stays at its high-water mark. */
  get bytes(): number {
    return this.#cells.bytes + this.#slots.bytes + this.#firstBlocks.bytes;
  }

  /** Slots that growth has moved, ever: shows that no single `put` pays for the whole. */
  get movedSlots(): number {
    return this.#slots.moved;
  }

  has(record: number): boolean {
    return this.#firstBlocks.get(record) !== 0;
  }

  /**
   * Makes `tokens` the whole token set of `record`, with their tags; one without tokens is not held. Throws INVALID, with nothing changed, for
   * a number out of range, a class that is not a whole number of tokens, or not as many tags. A token repeated within a class counts at its
   * first position only.
   */
  put(record: number, member: number, { tokens, tags }: TaggedTokens): void {
    checkNumbers(record, member);
    for (const tokenClass of TOKEN_CLASSES) {
      checkClass(tokenClass, tokens[tokenClass]);
      checkTags(tokenClass, tokens[tokenClass], tags[tokenClass]);
    }
    this.remove(record);
    let lastBlock = 0;
    for (const [classNumber, tokenClass] of TOKEN_CLASSES.entries()) {
      const bytes = tokens[tokenClass];
      for (let ordinal = 0; ordinal * BLOCK_BYTES < bytes.length; ordinal += 1) {
        const block = this.#cells.allocate(record, member, classNumber, ordinal);
        if (lastBlock === 0) this.#firstBlocks.set(record, block);
        else this.#cells.setNextBlock(lastBlock, block);
        lastBlock = block;
        this.#fill(block, classNumber, { bytes, tags: tags[tokenClass], first: ordinal * BLOCK_CELLS });
      }
    }
    if (lastBlock !== 0) this.#recordCount += 1;
  }

  /** Forgets a record; false if it held nothing. */
  remove(record: number): boolean {
    const cells = this.#cells;
    let block = this.#firstBlocks.get(record);
    if (block === 0) return false;
    while (block !== 0) {
      const classNumber = cells.classNumber(block * BLOCK_CELLS);
      for (let i = 0; i < BLOCK_CELLS; i += 1) {
        this.#unlink(block * BLOCK_CELLS + i, classNumber);
        // A block may wait long for its next use; what was taken back is not kept meanwhile.
        cells.clear(block * BLOCK_CELLS + i);
      }
      const next = cells.nextBlock(block);
      cells.release(block);
      block = next;
    }
    this.#firstBlocks.set(record, 0);
    this.#recordCount -= 1;
    return true;
  }

  /** The tokens of a record as they were put; empty classes for an unknown record. */
  tokensOf(record: number): TokenSet {
    return this.#read(record, 0, TOKEN_WORDS);
  }

  /** Their tags, in the same order. */
  tagsOf(record: number): TagSet {
    return this.#read(record, TAG, TAG_WORDS);
  }

  /** `count` words of each of the record's cells, from the one at `first` on. */
  #read(record: number, first: number, count: number): Readonly<Record<TokenClass, Uint8Array>> {
    const found: number[][] = TOKEN_CLASSES.map(() => []);
    for (let block = this.#firstBlocks.get(record); block !== 0; block = this.#cells.nextBlock(block)) {
      const head = block * BLOCK_CELLS;
      const ofClass = found[this.#cells.classNumber(head)] as number[];
      for (let i = 0; i < BLOCK_CELLS; i += 1) if (!this.#cells.isEmpty(head + i)) ofClass.push(head + i);
    }
    const [single, opening, support] = found.map((cells) => this.#cells.words(cells, first, count));
    return { single, opening, support } as Readonly<Record<TokenClass, Uint8Array>>;
  }

  /** Overwrites every token. The index cannot be used afterwards. */
  wipe(): void {
    this.#cells.wipe();
    this.#lookups.words.fill(0);
  }

  /** How many members hold each of these tokens of one class (concatenated, 16 bytes each). */
  membersHolding(tokenClass: TokenClass, tokens: Uint8Array): Uint32Array {
    checkClass(tokenClass, tokens);
    const classNumber = TOKEN_CLASSES.indexOf(tokenClass);
    const members = new Uint32Array(tokens.length / TOKEN_BYTES);
    const { words, heads } = this.#lookups;
    for (let first = 0; first < members.length; first += BATCH_TOKENS) {
      const count = Math.min(BATCH_TOKENS, members.length - first);
      for (let w = 0; w < count * TOKEN_WORDS; w += 1) words[w] = word(tokens, first * TOKEN_BYTES + w * 4);
      this.#slots.findBatch(classNumber, words, count, heads);
      for (let i = 0; i < count; i += 1) {
        for (let group = heads[i] as number; group !== 0; group = this.#cells.across(group)) {
          members[first + i] = (members[first + i] as number) + 1;
        }
      }
    }
    return members;
  }

  /**
   * Every record of another member that shares a token of an opening class with `record`, and all that the two share. At most
   * (members x `recordsPerMemberMax`) accepted holders a token, whatever was published; a crowded token costs a look
   * through the records found of that member besides.
   */
  encounters(record: number, rules: EncounterRules): Encounters {
    const byRecord = new Map<number, MetToken[]>();
    const common: TokenPlace[] = [];
    const crowds: Crowd[] = [];
    const { words, heads } = this.#lookups;
    for (let block = this.#firstBlocks.get(record); block !== 0; block = this.#cells.nextBlock(block)) {
      const first = block * BLOCK_CELLS;
      this.#cells.copyTokens(first, BLOCK_CELLS, words);
      this.#slots.findBatch(this.#cells.classNumber(first), words, BLOCK_CELLS, heads);
      for (let cell = first; cell < first + BLOCK_CELLS; cell += 1) {
        if (this.#cells.isUnlinked(cell)) continue;
        const head = heads[cell - first] as number;
        if (this.#isCommon(head, rules.membersMax[this.#classOf(cell)])) common.push(this.#place(cell));
        else crowds.push(...this.#meet(cell, head, rules, byRecord));
      }
    }
    for (const crowd of crowds) this.#complete(crowd, byRecord);
    return {
      byRecord,
      common,
      crowded: crowds.map(({ cell, member }) => ({ ...this.#place(cell), member })),
    };
  }

  /** Writes up to eight tokens of a class, from the `first` on, into a fresh block and links them. */
  #fill(
    block: number,
    classNumber: number,
    { bytes, tags, first }: { readonly bytes: Uint8Array; readonly tags: Uint8Array; readonly first: number },
  ): void {
    for (let i = 0; i < BLOCK_CELLS; i += 1) {
      const cell = block * BLOCK_CELLS + i;
      const at = (first + i) * TOKEN_BYTES;
      if (at >= bytes.length) {
        this.#cells.setLinks(cell, UNLINKED, EMPTY);
        continue;
      }
      this.#cells.setToken(cell, word(bytes, at), word(bytes, at + 4), word(bytes, at + 8), word(bytes, at + 12));
      const tagAt = (first + i) * TAG_BYTES;
      this.#cells.setTag(cell, word(tags, tagAt), word(tags, tagAt + 4));
      this.#link(cell, classNumber);
    }
  }

  #link(cell: number, classNumber: number): void {
    const cells = this.#cells;
    let group = this.#find(cell, classNumber);
    if (group === 0) this.#slots.add(cell);
    for (let last = 0; ; last = group, group = cells.across(group)) {
      if (group === 0) {
        cells.setLinks(cell, 0, 0);
        if (last !== 0) cells.setAcross(last, cell);
        break;
      }
      if (cells.member(group) !== cells.member(cell)) continue;
      // Cells of one record are linked in one go, so an earlier equal token of it is the head or comes right after.
      const second = cells.down(group);
      const record = cells.record(cell);
      if (cells.record(group) === record || (second !== 0 && cells.record(second) === record)) {
        cells.setLinks(cell, UNLINKED, REPEATED);
        return;
      }
      cells.setLinks(cell, ~group, second);
      if (second !== 0) cells.setAcross(second, ~cell);
      cells.setDown(group, cell);
      break;
    }
    this.#size += 1;
  }

  #unlink(cell: number, classNumber: number): void {
    const cells = this.#cells;
    if (cells.isUnlinked(cell)) return;
    this.#size -= 1;
    const across = cells.across(cell);
    const second = cells.down(cell);
    if (across < 0) {
      cells.setDown(~across, second);
      if (second !== 0) cells.setAcross(second, across);
      return;
    }
    if (second !== 0) cells.setAcross(second, across);
    this.#replaceHead(cell, classNumber, second === 0 ? across : second);
  }

  /** Puts `replacement` (0 for none) where the group head `cell` hung. */
  #replaceHead(cell: number, classNumber: number, replacement: number): void {
    let group = this.#find(cell, classNumber);
    if (group !== cell) {
      while (this.#cells.across(group) !== cell) group = this.#cells.across(group);
      this.#cells.setAcross(group, replacement);
    } else if (replacement === 0) this.#slots.removeFound();
    else this.#slots.replaceFound(replacement);
  }

  #find(cell: number, classNumber: number): number {
    const at = this.#cells.at(cell);
    const chunk = this.#cells.chunk(cell);
    return this.#slots.find(
      classNumber,
      chunk[at] as number,
      chunk[at + 1] as number,
      chunk[at + 2] as number,
      chunk[at + 3] as number,
    );
  }

  #isCommon(head: number, membersMax: number): boolean {
    let members = 0;
    for (let group = head; group !== 0; group = this.#cells.across(group)) {
      members += 1;
      if (members > membersMax) return true;
    }
    return false;
  }

  /** Collects who else holds the token of `cell`; answers the members that hold it too often to look at all. */
  #meet(cell: number, head: number, rules: EncounterRules, byRecord: Map<number, MetToken[]>): Crowd[] {
    const cells = this.#cells;
    const crowds: Crowd[] = [];
    for (let group = head; group !== 0; group = cells.across(group)) {
      if (cells.member(group) === cells.member(cell)) continue;
      let met = 0;
      for (let holder = group; holder !== 0; holder = cells.down(holder)) {
        if (!rules.accepts(cells.record(holder))) continue;
        if (met === rules.recordsPerMemberMax) {
          crowds.push({ cell, member: cells.member(group) });
          break;
        }
        met += 1;
        // Blocks come in the order of the classes: whoever a support token may be told with has been found by now.
        if (OPENS[cells.classNumber(cell)] || byRecord.has(cells.record(holder))) this.#note(byRecord, cell, holder);
      }
    }
    return crowds;
  }

  /** A crowded token is still evidence against the records of that member which other tokens have led to. */
  #complete(crowd: Crowd, byRecord: Map<number, MetToken[]>): void {
    const { tokenClass, position } = this.#place(crowd.cell);
    for (const [record, tokens] of byRecord) {
      const first = this.#firstBlocks.get(record);
      if (this.#cells.member(first * BLOCK_CELLS) !== crowd.member) continue;
      if (tokens.some((token) => token.tokenClass === tokenClass && token.position === position)) continue;
      const holder = this.#holderIn(first, crowd.cell);
      if (holder !== 0) this.#note(byRecord, crowd.cell, holder);
    }
  }

  /** The linked cell, in the record whose blocks start at `first`, that equals `cell`; 0 if none. */
  #holderIn(first: number, cell: number): number {
    const cells = this.#cells;
    for (let block = first; block !== 0; block = cells.nextBlock(block)) {
      if (cells.classNumber(block * BLOCK_CELLS) !== cells.classNumber(cell)) continue;
      for (let other = block * BLOCK_CELLS; other < (block + 1) * BLOCK_CELLS; other += 1) {
        if (!cells.isUnlinked(other) && cells.equal(cell, other)) return other;
      }
    }
    return 0;
  }

  #note(byRecord: Map<number, MetToken[]>, cell: number, holder: number): void {
    const record = this.#cells.record(holder);
    const token = { ...this.#place(cell), otherPosition: this.#cells.position(holder) };
    const known = byRecord.get(record);
    if (known === undefined) byRecord.set(record, [token]);
    else known.push(token);
  }

  #place(cell: number): TokenPlace {
    return { tokenClass: this.#classOf(cell), position: this.#cells.position(cell) };
  }

  #classOf(cell: number): TokenClass {
    return TOKEN_CLASSES[this.#cells.classNumber(cell)] as TokenClass;
  }
}

/** A token of the record in question that `member` holds in too many records. */
type Crowd = { readonly cell: number; readonly member: number };

// A cell is eight words: the token, its tag, then two links. In a *head* (one for each member that holds the token) they are the
// head of the next member (0: none) and the next record of this member (0: none). In every other cell of a member's
// group they are ~(cell before) and the next record. So a group is entered at its head, and left from anywhere.
const CELL_WORDS = 8;
const TAG = 4;
const TAG_WORDS = 2;
const ACROSS = 6;
const DOWN = 7;
/** In place of the first link: a cell that hangs nowhere; the second link then says why. */
const UNLINKED = -1;
const EMPTY = 0;
const REPEATED = 1;

const BLOCK_CELLS_LOG2 = 3;
const BLOCK_CELLS = 1 << BLOCK_CELLS_LOG2;
const BLOCK_BYTES = BLOCK_CELLS * TOKEN_BYTES;
const BLOCK_WORDS = 3;
const BLOCK_TAG = 1;
const BLOCK_NEXT = 2;

/** Small enough to allocate without a noticeable pause and to waste little at a million tokens. */
const CHUNK_BLOCKS_LOG2 = 11;
const CHUNK_BLOCKS = 1 << CHUNK_BLOCKS_LOG2;
const CHUNK_CELLS = CHUNK_BLOCKS * BLOCK_CELLS;

/** Cells in blocks of eight, in chunks that never move. Cell and block 0 stand for "none". */
class CellArena {
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

  chunk(cell: number): Int32Array {
    return this.#chunks[cell >>> (BLOCK_CELLS_LOG2 + CHUNK_BLOCKS_LOG2)] as Int32Array;
  }

  at(cell: number): number {
    return (cell & (CHUNK_CELLS - 1)) * CELL_WORDS;
  }

  across(cell: number): number {
    return this.chunk(cell)[this.at(cell) + ACROSS] as number;
  }

  down(cell: number): number {
    return this.chunk(cell)[this.at(cell) + DOWN] as number;
  }

  isUnlinked(cell: number): boolean {
    return this.across(cell) === UNLINKED;
  }

  isEmpty(cell: number): boolean {
    return this.isUnlinked(cell) && this.down(cell) === EMPTY;
  }

  setAcross(cell: number, across: number): void {
    this.chunk(cell)[this.at(cell) + ACROSS] = across;
  }

  setDown(cell: number, down: number): void {
    this.chunk(cell)[this.at(cell) + DOWN] = down;
  }

  setLinks(cell: number, across: number, down: number): void {
    this.setAcross(cell, across);
    this.setDown(cell, down);
  }

  setToken(cell: number, w0: number, w1: number, w2: number, w3: number): void {
    const chunk = this.chunk(cell);
    const at = this.at(cell);
    chunk[at] = w0;
    chunk[at + 1] = w1;
    chunk[at + 2] = w2;
    chunk[at + 3] = w3;
  }

  setTag(cell: number, w0: number, w1: number): void {
    const chunk = this.chunk(cell);
    const at = this.at(cell) + TAG;
    chunk[at] = w0;
    chunk[at + 1] = w1;
  }

  /** Overwrites token and tag. */
  clear(cell: number): void {
    this.setToken(cell, 0, 0, 0, 0);
    this.setTag(cell, 0, 0);
  }

  holds(cell: number, w0: number, w1: number, w2: number, w3: number): boolean {
    const chunk = this.chunk(cell);
    const at = this.at(cell);
    return chunk[at] === w0 && chunk[at + 1] === w1 && chunk[at + 2] === w2 && chunk[at + 3] === w3;
  }

  equal(a: number, b: number): boolean {
    const chunk = this.chunk(b);
    const at = this.at(b);
    return this.holds(
      a,
      chunk[at] as number,
      chunk[at + 1] as number,
      chunk[at + 2] as number,
      chunk[at + 3] as number,
    );
  }

  /** Copies the tokens of `count` neighbouring cells into `words`, four words each. */
  copyTokens(first: number, count: number, words: Int32Array): void {
    for (let i = 0; i < count; i += 1) {
      const chunk = this.chunk(first + i);
      const at = this.at(first + i);
      for (let w = 0; w < TOKEN_WORDS; w += 1) words[i * TOKEN_WORDS + w] = chunk[at + w] as number;
    }
  }

  /** `count` words of each of these cells, joined, from the one at `first` on. */
  words(cells: readonly number[], first: number, count: number): Uint8Array {
    const joined = new Uint8Array(cells.length * count * 4);
    const view = new DataView(joined.buffer);
    for (const [i, cell] of cells.entries()) {
      for (let w = 0; w < count; w += 1) {
        view.setInt32((i * count + w) * 4, this.chunk(cell)[this.at(cell) + first + w] as number, true);
      }
    }
    return joined;
  }

  #blockWord(block: number, word: number): number {
    return this.#page(block)[placeInPage(block) + word] as number;
  }

  #page(block: number): Int32Array {
    return this.#blocks[block >>> CHUNK_BLOCKS_LOG2] as Int32Array;
  }

  #fresh(): number {
    const block = this.#freshBlock;
    // The sign of a link is taken, so cells end at 2^31: fifty times the largest federation planned for.
    if (block === 2 ** 31 / BLOCK_CELLS) throw new CausewayError("EXHAUSTED", "the token index is full");
    if (block >= this.#chunks.length * CHUNK_BLOCKS) {
      this.#chunks.push(new Int32Array(CHUNK_CELLS * CELL_WORDS));
      this.#blocks.push(new Int32Array(CHUNK_BLOCKS * BLOCK_WORDS));
    }
    this.#freshBlock += 1;
    return block;
  }
}

/** Segments of each class. One grows at a time: at 50 million tokens that moves up to 50,000 slots, mostly in 0.3 ms. */
const SEGMENTS_LOG2 = 9;
const SEGMENTS = 1 << SEGMENTS_LOG2;
const SEGMENT_SLOTS_MIN = 32;
const GROWTH = 1.25;
const LOAD_MAX = 0.8;

/**
 * Open addressing with linear probing: (class, token) to the first cell that holds it. A slot is (hash, cell), cell 0
 * meaning free; keeping the whole hash word lets growth and removal work without touching a cell.
 *
 * `find` leaves a cursor; `add`, `replaceFound` and `removeFound` act where it stands and come right after it.
 */
class SlotTable {
  readonly #hash: TokenHash;
  readonly #cells: CellArena;
  readonly #segments: Int32Array[] = [];
  readonly #used = new Int32Array(SEGMENTS * TOKEN_CLASSES.length);
  readonly #hashed = new Int32Array(2);
  readonly #batch = {
    segments: new Int32Array(BATCH_TOKENS),
    hashes: new Int32Array(BATCH_TOKENS),
    slots: new Int32Array(BATCH_TOKENS),
  };
  #segment = 0;
  #slot = 0;
  moved = 0;
  bytes = 0;

  constructor(hash: TokenHash, cells: CellArena) {
    this.#hash = hash;
    this.#cells = cells;
    for (let i = 0; i < this.#used.length; i += 1) {
      // Sizes are staggered over one growth step: segments fill alike, and would otherwise all grow at the same time.
      const size = Math.floor(SEGMENT_SLOTS_MIN * GROWTH ** ((i % SEGMENTS) / SEGMENTS));
      this.#segments.push(new Int32Array(2 * size));
      this.bytes += 8 * size;
    }
  }

  /** The first cell that holds the token, or 0. */
  find(classNumber: number, w0: number, w1: number, w2: number, w3: number): number {
    const hashed = this.#hashed;
    this.#hash(w0, w1, w2, w3, hashed);
    const segment = classNumber * SEGMENTS + ((hashed[0] as number) >>> (32 - SEGMENTS_LOG2));
    const slots = this.#segments[segment] as Int32Array;
    const hash = hashed[1] as number;
    let slot = homeSlot(hash, slots);
    let cell = slots[slot + 1] as number;
    while (cell !== 0 && !(slots[slot] === hash && this.#cells.holds(cell, w0, w1, w2, w3))) {
      slot = nextSlot(slot, slots);
      cell = slots[slot + 1] as number;
    }
    this.#segment = segment;
    this.#slot = slot;
    return cell;
  }

  /**
   * `find` for up to `BATCH_TOKENS` tokens of one class, four words each; `found` gets the first cell that holds each, or 0. The cursor
   * is left undefined.
   *
   * In a large table nearly every look-up waits for memory. Done in passes, the waits of a batch overlap: the slots' loads are all under
   * way before the first is needed, and where a hash agrees the processor runs on to the next token while the cell is fetched.
   */
  findBatch(classNumber: number, words: Int32Array, count: number, found: Int32Array): void {
    const { segments, hashes, slots: at } = this.#batch;
    const hashed = this.#hashed;
    for (let i = 0; i < count; i += 1) {
      const w = i * TOKEN_WORDS;
      this.#hash(words[w] as number, words[w + 1] as number, words[w + 2] as number, words[w + 3] as number, hashed);
      segments[i] = classNumber * SEGMENTS + ((hashed[0] as number) >>> (32 - SEGMENTS_LOG2));
      hashes[i] = hashed[1] as number;
    }
    for (let i = 0; i < count; i += 1) {
      const slots = this.#segments[segments[i] as number] as Int32Array;
      const slot = homeSlot(hashes[i] as number, slots);
      at[i] = slot;
      found[i] = slots[slot + 1] as number;
    }
    for (let i = 0; i < count; i += 1) {
      const slots = this.#segments[segments[i] as number] as Int32Array;
      found[i] = this.#probe(slots, at[i] as number, hashes[i] as number, words, i * TOKEN_WORDS);
    }
  }

  #probe(slots: Int32Array, home: number, hash: number, words: Int32Array, w: number): number {
    const [w0, w1] = [words[w] as number, words[w + 1] as number];
    const [w2, w3] = [words[w + 2] as number, words[w + 3] as number];
    let slot = home;
    let cell = slots[slot + 1] as number;
    while (cell !== 0 && !(slots[slot] === hash && this.#cells.holds(cell, w0, w1, w2, w3))) {
      slot = nextSlot(slot, slots);
      cell = slots[slot + 1] as number;
    }
    return cell;
  }

  add(cell: number): void {
    const slots = this.#segments[this.#segment] as Int32Array;
    slots[this.#slot] = this.#hashed[1] as number;
    slots[this.#slot + 1] = cell;
    const used = (this.#used[this.#segment] as number) + 1;
    this.#used[this.#segment] = used;
    if (used > (slots.length / 2) * LOAD_MAX) this.#grow(this.#segment, slots);
  }

  replaceFound(cell: number): void {
    (this.#segments[this.#segment] as Int32Array)[this.#slot + 1] = cell;
  }

  /** Closes the gap by moving later slots of the run back, so there are no tombstones to wade through. */
  removeFound(): void {
    const slots = this.#segments[this.#segment] as Int32Array;
    let gap = this.#slot;
    for (let slot = nextSlot(gap, slots); slots[slot + 1] !== 0; slot = nextSlot(slot, slots)) {
      const home = homeSlot(slots[slot] as number, slots);
      const reachesGap = gap < slot ? home <= gap || home > slot : home <= gap && home > slot;
      if (!reachesGap) continue;
      slots[gap] = slots[slot] as number;
      slots[gap + 1] = slots[slot + 1] as number;
      gap = slot;
    }
    slots[gap + 1] = 0;
    this.#used[this.#segment] = (this.#used[this.#segment] as number) - 1;
  }

  #grow(segment: number, old: Int32Array): void {
    const grown = new Int32Array(2 * Math.ceil((old.length / 2) * GROWTH));
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue;
      let slot = homeSlot(old[from] as number, grown);
      while (grown[slot + 1] !== 0) slot = nextSlot(slot, grown);
      grown[slot] = old[from] as number;
      grown[slot + 1] = old[from + 1] as number;
    }
    this.#segments[segment] = grown;
    this.moved += this.#used[segment] as number;
    this.bytes += grown.byteLength - old.byteLength;
  }
}

const RECORDS_PER_PAGE = 1024;

/** Record number to its first block, 0 for none. */
class RecordHeads {
  readonly #pages = new Map<number, Int32Array>();

  get bytes(): number {
    return this.#pages.size * RECORDS_PER_PAGE * 4;
  }

  get(record: number): number {
    return this.#pages.get(Math.floor(record / RECORDS_PER_PAGE))?.[record % RECORDS_PER_PAGE] ?? 0;
  }

  set(record: number, block: number): void {
    const number = Math.floor(record / RECORDS_PER_PAGE);
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = new Int32Array(RECORDS_PER_PAGE);
      this.#pages.set(number, page);
    }
    page[record % RECORDS_PER_PAGE] = block;
  }
}

function placeInPage(block: number): number {
  return (block & (CHUNK_BLOCKS - 1)) * BLOCK_WORDS;
}

/** Where the probe for a hash begins: the hash scaled to the table, which works for any size and keeps growth in order. */
function homeSlot(hash: number, slots: Int32Array): number {
  return 2 * ((((hash >>> 0) * (slots.length >>> 1)) / 2 ** 32) >>> 0);
}

function nextSlot(slot: number, slots: Int32Array): number {
  return slot + 2 === slots.length ? 0 : slot + 2;
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** Four bytes, little-endian; by hand, because a view for every look-up would cost more than the look-up. */
function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

function checkNumbers(record: number, member: number): void {
  const fields: string[] = [];
  if (!Number.isInteger(record) || record < 0 || record > RECORD_NUMBER_MAX) fields.push("record");
  if (!Number.isInteger(member) || member < 0 || member > MEMBER_NUMBER_MAX) fields.push("member");
  if (fields.length > 0) throw new CausewayError("INVALID", "number out of range", { fields });
}

function checkClass(tokenClass: TokenClass, bytes: Uint8Array): void {
  if (bytes.length % TOKEN_BYTES === 0 && bytes.length <= CLASS_TOKENS_MAX * TOKEN_BYTES) return;
  throw new CausewayError("INVALID", "a class is up to 131,072 tokens of 16 bytes", {
    fields: [`tokens.${tokenClass}`],
  });
}

function checkTags(tokenClass: TokenClass, tokens: Uint8Array, tags: Uint8Array): void {
  if (tags.length * TOKEN_BYTES === tokens.length * TAG_BYTES) return;
  throw new CausewayError("INVALID", "each token has a tag of 8 bytes", { fields: [`tags.${tokenClass}`] });
}
