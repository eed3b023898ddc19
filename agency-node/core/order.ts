/**
 * The order in which things leave the node, and when (protocol section 3): whoever knows a public list and the order of a file names every
 * record that goes out in that order. So what goes next is drawn uniformly among all that is due, and what was entered within one beat
 * goes together.
 */

/** `n` fresh random bytes. */
export type RandomBytes = (n: number) => Uint8Array;

const WORD_BYTES = 4;
const TWO_TO_32 = 2 ** 32;

/**
 * Drawing without putting back: whatever is in it is as likely as anything else to be drawn next. The order in which things were added
 * says nothing about the order in which they are taken (Fisher and Yates).
 */
export class Urn<Item> {
  readonly #random: RandomBytes;
  readonly #items: Item[] = [];

  constructor(random: RandomBytes) {
    this.#random = random;
  }

  get size(): number {
    return this.#items.length;
  }

  add(items: Iterable<Item>): void {
    for (const item of items) this.#items.push(item);
  }

  /** The next `count`, or as many as there are. */
  take(count: number): Item[] {
    return Array.from({ length: Math.min(count, this.#items.length) }, () => this.#draw());
  }

  #draw(): Item {
    const items = this.#items;
    const at = below(this.#random, items.length);
    const drawn = items[at] as Item;
    const last = items.pop() as Item;
    if (at < items.length) items[at] = last;
    return drawn;
  }
}

/** All of them, in an order drawn uniformly. */
export function shuffled<Item>(items: Iterable<Item>, random: RandomBytes): Item[] {
  const urn = new Urn<Item>(random);
  urn.add(items);
  return urn.take(urn.size);
}

/** How long it is until the next beat, in ms, from 1 to `beatMs`; beats are the multiples of `beatMs`. 0 if there are none. */
export function untilBeat(nowMs: number, beatMs: number): number {
  return beatMs === 0 ? 0 : beatMs - (nowMs % beatMs);
}

/** Uniform in 0..limit-1, at most 2^32: words beyond the last whole multiple of `limit` are drawn again. */
export function below(random: RandomBytes, limit: number): number {
  const usable = TWO_TO_32 - (TWO_TO_32 % limit);
  for (;;) {
    const word = wordOf(random);
    if (word < usable) return word % limit;
  }
}

/** From 0 to below 1. */
export function fraction(random: RandomBytes): number {
  return wordOf(random) / TWO_TO_32;
}

function wordOf(random: RandomBytes): number {
  const bytes = random(WORD_BYTES);
  let word = 0;
  for (let i = 0; i < WORD_BYTES; i += 1) word = 256 * word + (bytes[i] as number);
  return word;
}
