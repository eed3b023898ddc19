/**
 * The broker's token index: which records hold an equal token in the same class, for one (epoch, domain). It lives in
 * typed arrays, is a cache (owners hold the truth), and is dropped as a whole when its epoch retires.
 *
 * Who controls what: a member chooses its tokens freely. It may choose ones that would collide in a known hash, repeat
 * one token in every record, or flood a token that others hold, to slow the broker down or to push others out of sight.
 * - Buckets are chosen by a keyed hash whose 128-bit seed only this process knows; tokens cannot be made to crowd one.
 * - Equal tokens take one place in a chain however many records hold them. These hang from it, grouped by member, so a walk
 *   steps over a whole member at once: what one member repeats costs a lookup at most `recordsPerMemberMax` steps and
 *   hides nobody else.
 * Known weakness: whoever sees the latency of single lookups, over a network, learns a little about how full a bucket is.
 *
 * Layout, 33 bytes a token: a cell and its part of a block (`cell-arena.ts`, 29.5), a bucket (`token-chains.ts`, 3.2); besides, 16 for each
 * holder of a token that several records hold (`holder-rows.ts`).
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
import { BLOCK_CELLS, CellArena, TAG, TAG_WORDS, TOKEN_WORDS } from "./cell-arena.ts";
import { HolderRows } from "./holder-rows.ts";
import { BATCH_TOKENS, isRow, rowOf, toLink, TokenChains } from "./token-chains.ts";
import { word } from "./token-hash.ts";
import type { TokenHash } from "./token-hash.ts";

const BLOCK_BYTES = BLOCK_CELLS * TOKEN_BYTES;
// In place of a cell's link: it hangs nowhere. Any lower number says which row it is in; anything else is the link of what follows in its
// chain, of a cell that alone holds its token.
const EMPTY = -1;
const REPEATED = -2;

/** By class number: whether one token is enough. Opening classes come first. */
const OPENS = TOKEN_CLASSES.map((tokenClass) => (OPENING_CLASSES as readonly TokenClass[]).includes(tokenClass));

/** Record numbers are dense and small in practice; heads are paged so that an index that sees few of them stays small. */
const RECORD_NUMBER_MAX = 0x7fff_ffff;
/** Member numbers are this process's own, given out in order of appearance. */
const MEMBER_NUMBER_MAX = 0xffff;
/** Tokens of one class in one record; what a member may publish is far less and is checked at intake. */
const CLASS_TOKENS_MAX = 1 << 17;

/** A record's tokens, and a tag for each in the same order. */
export type TaggedTokens = { readonly tokens: TokenSet; readonly tags: TagSet };

/** Where a token stands in a record: class and index within the class. */
export type TokenPlace = { readonly tokenClass: TokenClass; readonly position: number };

/** A token of one record that also stands, at `otherPosition` of the same class, in another record. */
export type MetToken = TokenPlace & { readonly otherPosition: number };

export type EncounterRules = {
  /** At least one. A token that more members hold than this meets nobody. */
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

export class TokenIndex {
  readonly #cells = new CellArena();
  readonly #rows = new HolderRows();
  /** By class number. */
  readonly #chains: readonly TokenChains[];
  readonly #firstBlocks = new RecordHeads();
  /** Scratch of one batch: tokens' words and the links that were found, or cells to link. */
  readonly #lookups = {
    words: new Int32Array(BATCH_TOKENS * TOKEN_WORDS),
    links: new Int32Array(BATCH_TOKENS),
    cells: new Int32Array(BATCH_TOKENS),
  };
  #size = 0;
  #recordCount = 0;

  constructor(hash: TokenHash) {
    this.#chains = TOKEN_CLASSES.map(() => new TokenChains(hash, this.#cells, this.#rows));
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
    const chains = this.#chains.reduce((sum, { bytes }) => sum + bytes, 0);
    return this.#cells.bytes + this.#rows.bytes + chains + this.#firstBlocks.bytes;
  }

  /** Tokens that growth has moved, ever: shows that no single `put` pays for the whole. */
  get moved(): number {
    return this.#chains.reduce((sum, { moved }) => sum + moved, 0);
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
        this.#fill(block, { bytes, tags: tags[tokenClass], first: ordinal * BLOCK_CELLS });
      }
    }
    if (lastBlock === 0) return;
    this.#linkAll(record);
    this.#recordCount += 1;
  }

  /** Makes room ahead for so many tokens in all, by class number, where it is known how many will come. */
  reserve(counts: readonly number[]): void {
    for (const [classNumber, count] of counts.entries()) this.#chainsOf(classNumber).reserve(count);
  }

  /** What `reserve` takes, as it is now. */
  get room(): readonly number[] {
    return this.#chains.map(({ size }) => size);
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
      for (let i = 0; i < BLOCK_CELLS; i += 1) if (this.#cells.link(head + i) !== EMPTY) ofClass.push(head + i);
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
    const chains = this.#chainsOf(TOKEN_CLASSES.indexOf(tokenClass));
    const members = new Uint32Array(tokens.length / TOKEN_BYTES);
    const { words, links } = this.#lookups;
    for (let first = 0; first < members.length; first += BATCH_TOKENS) {
      const count = Math.min(BATCH_TOKENS, members.length - first);
      for (let w = 0; w < count * TOKEN_WORDS; w += 1) words[w] = word(tokens, first * TOKEN_BYTES + w * 4);
      chains.findBatch(words, count, links);
      for (let i = 0; i < count; i += 1) members[first + i] = this.#membersAt(links[i] as number);
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
    for (let block = this.#firstBlocks.get(record); block !== 0; block = this.#cells.nextBlock(block)) {
      for (let cell = block * BLOCK_CELLS; cell < (block + 1) * BLOCK_CELLS; cell += 1) {
        if (!this.#isShared(cell)) continue;
        const head = this.#firstRowOf(cell);
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

  /** Writes up to eight tokens of a class, from the `first` on, into a fresh block. */
  #fill(
    block: number,
    { bytes, tags, first }: { readonly bytes: Uint8Array; readonly tags: Uint8Array; readonly first: number },
  ): void {
    for (let i = 0; i < BLOCK_CELLS; i += 1) {
      const cell = block * BLOCK_CELLS + i;
      const at = (first + i) * TOKEN_BYTES;
      this.#cells.setLink(cell, at >= bytes.length ? EMPTY : 0);
      if (at >= bytes.length) continue;
      this.#cells.setToken(cell, word(bytes, at), word(bytes, at + 4), word(bytes, at + 8), word(bytes, at + 12));
      const tagAt = (first + i) * TAG_BYTES;
      this.#cells.setTag(cell, word(tags, tagAt), word(tags, tagAt + 4));
    }
  }

  /** Links all tokens of a record, as many of one class at once as go together. */
  #linkAll(record: number): void {
    const batch = this.#lookups.cells;
    let [count, classNumber] = [0, 0];
    for (let block = this.#firstBlocks.get(record); block !== 0; block = this.#cells.nextBlock(block)) {
      const ofBlock = this.#cells.classNumber(block * BLOCK_CELLS);
      if (ofBlock !== classNumber || count + BLOCK_CELLS > BATCH_TOKENS) {
        this.#linkBatch(classNumber, count);
        [count, classNumber] = [0, ofBlock];
      }
      for (let cell = block * BLOCK_CELLS; cell < (block + 1) * BLOCK_CELLS; cell += 1) {
        if (this.#cells.link(cell) !== EMPTY) batch[count++] = cell;
      }
    }
    this.#linkBatch(classNumber, count);
  }

  #linkBatch(classNumber: number, count: number): void {
    const chains = this.#chainsOf(classNumber);
    const { cells } = this.#lookups;
    chains.prepare(cells, count);
    for (let i = 0; i < count; i += 1) {
      const cell = cells[i] as number;
      const link = chains.findPrepared(i, cell);
      if (link === 0) {
        chains.add(cell);
        this.#size += 1;
      } else if (!isRow(link) && this.#cells.record(link) === this.#cells.record(cell)) {
        this.#cells.setLink(cell, REPEATED);
      } else this.#join(cell, isRow(link) ? rowOf(link) : this.#share(link, chains));
    }
  }

  /** Gives the only holder of a token, just found, a row. */
  #share(cell: number, chains: TokenChains): number {
    const row = this.#rows.allocate(cell, 0, 0, this.#cells.link(cell));
    this.#cells.setLink(cell, toRowState(row));
    chains.replaceFound(toLink(row));
    return row;
  }

  /** Adds a cell to those that hold its token, the first of whose rows is `first`. */
  #join(cell: number, first: number): void {
    const [cells, rows] = [this.#cells, this.#rows];
    let [last, head] = [0, first];
    while (head !== 0 && cells.member(rows.cell(head)) !== cells.member(cell)) [last, head] = [head, rows.across(head)];
    let row: number;
    if (head === 0) {
      row = rows.allocate(cell, 0, 0, 0);
      rows.setAcross(last, row);
    } else {
      // Cells of one record are linked in one go, so an earlier equal token of it is the head or comes right after.
      const second = rows.down(head);
      const record = cells.record(cell);
      const isRepeated = cells.record(rows.cell(head)) === record;
      if (isRepeated || (second !== 0 && cells.record(rows.cell(second)) === record)) {
        cells.setLink(cell, REPEATED);
        return;
      }
      row = rows.allocate(cell, ~head, second, 0);
      if (second !== 0) rows.setAcross(second, ~row);
      rows.setDown(head, row);
    }
    cells.setLink(cell, toRowState(row));
    this.#size += 1;
  }

  #unlink(cell: number, classNumber: number): void {
    if (this.#isUnlinked(cell)) return;
    this.#size -= 1;
    const chains = this.#chainsOf(classNumber);
    const link = chains.findCell(cell);
    if (isRow(link)) this.#leave(fromRowState(this.#cells.link(cell)), rowOf(link), chains);
    else chains.removeFound(this.#cells.link(cell));
  }

  /** Takes a row from those of a token, the first of which is `first` and was just found. They are two or more. */
  #leave(row: number, first: number, chains: TokenChains): void {
    const rows = this.#rows;
    const [across, second] = [rows.across(row), rows.down(row)];
    let newFirst = first;
    if (second !== 0) rows.setAcross(second, across);
    if (across < 0) rows.setDown(~across, second);
    else {
      const replacement = second === 0 ? across : second;
      if (row === first) {
        newFirst = replacement;
        rows.setNext(newFirst, rows.next(first));
        chains.replaceFound(toLink(newFirst));
      } else {
        let head = first;
        while (rows.across(head) !== row) head = rows.across(head);
        rows.setAcross(head, replacement);
      }
    }
    rows.release(row);
    if (rows.across(newFirst) === 0 && rows.down(newFirst) === 0) this.#unshare(newFirst, chains);
  }

  /** Who is left alone with a token, just found, needs no row. */
  #unshare(row: number, chains: TokenChains): void {
    const cell = this.#rows.cell(row);
    this.#cells.setLink(cell, this.#rows.next(row));
    chains.replaceFound(cell);
    this.#rows.release(row);
  }

  #chainsOf(classNumber: number): TokenChains {
    return this.#chains[classNumber] as TokenChains;
  }

  #isUnlinked(cell: number): boolean {
    const link = this.#cells.link(cell);
    return link === EMPTY || link === REPEATED;
  }

  /** Whether other records hold its token too. */
  #isShared(cell: number): boolean {
    return this.#cells.link(cell) < REPEATED;
  }

  #firstRowOf(cell: number): number {
    return rowOf(this.#chainsOf(this.#cells.classNumber(cell)).findCell(cell));
  }

  #membersAt(link: number): number {
    if (link === 0) return 0;
    if (!isRow(link)) return 1;
    let members = 0;
    for (let head = rowOf(link); head !== 0; head = this.#rows.across(head)) members += 1;
    return members;
  }

  #isCommon(head: number, membersMax: number): boolean {
    let members = 0;
    for (let each = head; each !== 0; each = this.#rows.across(each)) {
      members += 1;
      if (members > membersMax) return true;
    }
    return false;
  }

  /** Collects who else holds the token of `cell`; answers the members that hold it too often to look at all. */
  #meet(cell: number, first: number, rules: EncounterRules, byRecord: Map<number, MetToken[]>): Crowd[] {
    const [cells, rows] = [this.#cells, this.#rows];
    const crowds: Crowd[] = [];
    for (let head = first; head !== 0; head = rows.across(head)) {
      const member = cells.member(rows.cell(head));
      if (member === cells.member(cell)) continue;
      let met = 0;
      for (let row = head; row !== 0; row = rows.down(row)) {
        const holder = rows.cell(row);
        if (!rules.accepts(cells.record(holder))) continue;
        if (met === rules.recordsPerMemberMax) {
          crowds.push({ cell, member });
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
        if (!this.#isUnlinked(other) && cells.equal(cell, other)) return other;
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

function toRowState(row: number): number {
  return REPEATED - row;
}

function fromRowState(state: number): number {
  return REPEATED - state;
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
