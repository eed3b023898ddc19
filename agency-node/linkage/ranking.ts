/**
 * Which items stay where there are too many: those of the lowest hash. What is cut off must not depend on the order in which a source
 * lists its values, or two sources would keep different ones.
 */

const FIRST_HASH = 0x811c9dc5;

/** All, in their order, if there are no more than `most`; else those that rank lowest. */
export function lowestRanked<T>(items: readonly T[], most: number, rankOf: (item: T) => number): readonly T[] {
  if (items.length <= most) return items;
  const ranked = items.map((item) => ({ item, rank: rankOf(item) })).sort((a, b) => a.rank - b.rank);
  return ranked.slice(0, most).map(({ item }) => item);
}

/** FNV-1a, 32 bits, over UTF-16 units, going on from `start`: an order, no secret and no security. */
export function hashOf(text: string, start = FIRST_HASH): number {
  let hash = start;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
