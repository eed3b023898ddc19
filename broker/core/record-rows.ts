/** Rows of fixed width for records, in pages that never move: 136 bytes each. Whose row it is, and what is in it, `records.ts` knows. */

/** Where each field begins, in bytes. Numbers are in the machine's order: pages never leave this process. */
export const ROW = {
  handle: 0,
  conversationKey: 16,
  blind: 48,
  incarnation: 80,
  sinceMs: 96,
  sequence: 104,
  reviewByDay: 112,
  tokens: 116,
  published: 120,
  settled: 124,
  /** Member number + 1; 0: the row is free. */
  member: 128,
  domainAndHandling: 132,
} as const;

const ROW_BYTES = 136;
const PAGE_ROWS_LOG2 = 10;
const PAGE_ROWS = 1 << PAGE_ROWS_LOG2;

type Page = { readonly bytes: Uint8Array; readonly words: Uint32Array; readonly doubles: Float64Array };

export class RecordRows {
  readonly #pages: Page[] = [];

  /** Makes the row of a number, the next one at most. */
  reach(number: number): void {
    if (number < this.#pages.length * PAGE_ROWS) return;
    const buffer = new ArrayBuffer(PAGE_ROWS * ROW_BYTES);
    this.#pages.push({
      bytes: new Uint8Array(buffer),
      words: new Uint32Array(buffer),
      doubles: new Float64Array(buffer),
    });
  }

  word(number: number, field: number): number {
    return this.#page(number).words[(placeInPage(number) + field) >>> 2] as number;
  }

  setWord(number: number, field: number, value: number): void {
    this.#page(number).words[(placeInPage(number) + field) >>> 2] = value;
  }

  double(number: number, field: number): number {
    return this.#page(number).doubles[(placeInPage(number) + field) >>> 3] as number;
  }

  setDouble(number: number, field: number, value: number): void {
    this.#page(number).doubles[(placeInPage(number) + field) >>> 3] = value;
  }

  /** A view, good until the row changes. */
  view(number: number, field: number, length: number): Uint8Array {
    const at = placeInPage(number) + field;
    return this.#page(number).bytes.subarray(at, at + length);
  }

  setBytes(number: number, field: number, bytes: Uint8Array): void {
    this.#page(number).bytes.set(bytes, placeInPage(number) + field);
  }

  #page(number: number): Page {
    return this.#pages[number >>> PAGE_ROWS_LOG2] as Page;
  }
}

function placeInPage(number: number): number {
  return (number & (PAGE_ROWS - 1)) * ROW_BYTES;
}
