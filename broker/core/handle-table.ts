/**
 * From one member's handles to record numbers: open addressing with linear probing, four bytes a slot. The member chooses its handles, so
 * slots are chosen by the keyed hash; the handles themselves stand in the rows.
 */
import { ROW } from "./record-rows.ts";
import type { RecordRows } from "./record-rows.ts";
import type { TokenHash } from "./token-hash.ts";
import { word } from "./token-hash.ts";

const SLOTS_MIN = 8;
const LOAD_MAX = 0.75;

export class HandleTable {
  readonly #rows: RecordRows;
  readonly #hash: TokenHash;
  readonly #hashed = new Int32Array(2);
  /** Record number + 1; 0: free. A power of two of them. */
  #slots = new Int32Array(SLOTS_MIN);
  #size = 0;

  constructor(rows: RecordRows, hash: TokenHash) {
    this.#rows = rows;
    this.#hash = hash;
  }

  get size(): number {
    return this.#size;
  }

  /** `handle`: sixteen bytes. */
  find(handle: Uint8Array): number | undefined {
    const number = this.#slots[this.#slotOf(handle)] as number;
    return number === 0 ? undefined : number - 1;
  }

  /** A record whose handle stands in its row, and is not here yet. */
  add(number: number): void {
    if (this.#size + 1 > this.#slots.length * LOAD_MAX) this.#grow();
    this.#slots[this.#slotOf(this.#handleOf(number))] = number + 1;
    this.#size += 1;
  }

  /** A record that is here, with its handle still in its row. Later slots of the run move back, so that there is no gap in it. */
  remove(number: number): void {
    let gap = this.#slotOf(this.#handleOf(number));
    for (let slot = this.#after(gap); this.#slots[slot] !== 0; slot = this.#after(slot)) {
      const home = this.#homeOf(this.#handleOf((this.#slots[slot] as number) - 1));
      const reachesGap = gap < slot ? home <= gap || home > slot : home <= gap && home > slot;
      if (!reachesGap) continue;
      this.#slots[gap] = this.#slots[slot] as number;
      gap = slot;
    }
    this.#slots[gap] = 0;
    this.#size -= 1;
  }

  /** In no order that means anything; not to be changed meanwhile. */
  *numbers(): Generator<number> {
    for (const slot of this.#slots) if (slot !== 0) yield slot - 1;
  }

  #grow(): void {
    const numbers = [...this.numbers()];
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (const number of numbers) this.#slots[this.#slotOf(this.#handleOf(number))] = number + 1;
  }

  /** Where the handle stands, or would stand. */
  #slotOf(handle: Uint8Array): number {
    let slot = this.#homeOf(handle);
    while (this.#slots[slot] !== 0 && !isEqual(this.#handleOf((this.#slots[slot] as number) - 1), handle))
      slot = this.#after(slot);
    return slot;
  }

  #homeOf(handle: Uint8Array): number {
    this.#hash(word(handle, 0), word(handle, 4), word(handle, 8), word(handle, 12), this.#hashed);
    return (this.#hashed[0] as number) & (this.#slots.length - 1);
  }

  #after(slot: number): number {
    return (slot + 1) & (this.#slots.length - 1);
  }

  #handleOf(number: number): Uint8Array {
    return this.#rows.view(number, ROW.handle, 16);
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  for (let at = 0; at < 16; at += 4) if (word(a, at) !== word(b, at)) return false;
  return true;
}
