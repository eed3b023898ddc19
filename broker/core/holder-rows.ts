/**
 * Who holds a token that several records hold. Nearly all tokens are of one record, so only the others take this room (16 bytes a holder):
 * a row for each, grouped by member. In a *head*, one for each member, `across` is the head of the next member (0: none), in every other row
 * of a member's group it is ~(row before); `down` is the next record of this member (0: none). So a group is entered at its head, and left
 * from anywhere. `next` counts in the first head only: what follows in its chain. Row 0 stands for "none".
 */
import { CausewayError } from "../../shared/core/errors.ts";

const ROW_WORDS = 4;
const ACROSS = 1;
const DOWN = 2;
const NEXT = 3;

const PAGE_ROWS_LOG2 = 12;
const PAGE_ROWS = 1 << PAGE_ROWS_LOG2;
const ROWS_MAX = 2 ** 30;

export class HolderRows {
  readonly #pages: Int32Array[] = [];
  #free = 0;
  #fresh = 1;

  get bytes(): number {
    return this.#pages.length * PAGE_ROWS * ROW_WORDS * 4;
  }

  allocate(cell: number, across: number, down: number, next: number): number {
    const row = this.#free === 0 ? this.#fresh : this.#free;
    if (row === this.#free) this.#free = this.next(row);
    else this.#grow();
    const page = this.#page(row);
    const at = placeInPage(row);
    page[at] = cell;
    page[at + ACROSS] = across;
    page[at + DOWN] = down;
    page[at + NEXT] = next;
    return row;
  }

  release(row: number): void {
    this.setNext(row, this.#free);
    this.#free = row;
  }

  cell(row: number): number {
    return this.#page(row)[placeInPage(row)] as number;
  }

  across(row: number): number {
    return this.#page(row)[placeInPage(row) + ACROSS] as number;
  }

  down(row: number): number {
    return this.#page(row)[placeInPage(row) + DOWN] as number;
  }

  next(row: number): number {
    return this.#page(row)[placeInPage(row) + NEXT] as number;
  }

  setAcross(row: number, across: number): void {
    this.#page(row)[placeInPage(row) + ACROSS] = across;
  }

  setDown(row: number, down: number): void {
    this.#page(row)[placeInPage(row) + DOWN] = down;
  }

  setNext(row: number, next: number): void {
    this.#page(row)[placeInPage(row) + NEXT] = next;
  }

  #page(row: number): Int32Array {
    return this.#pages[row >>> PAGE_ROWS_LOG2] as Int32Array;
  }

  #grow(): void {
    if (this.#fresh === ROWS_MAX) throw new CausewayError("EXHAUSTED", "the token index is full");
    if (this.#fresh >= this.#pages.length * PAGE_ROWS) this.#pages.push(new Int32Array(PAGE_ROWS * ROW_WORDS));
    this.#fresh += 1;
  }
}

function placeInPage(row: number): number {
  return (row & (PAGE_ROWS - 1)) * ROW_WORDS;
}
