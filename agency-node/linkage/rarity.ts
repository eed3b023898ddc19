/**
 * How many bear a name, told from its key alone, so that both nodes tell the same: from tables of key frequencies
 * (`common-keys.ts`) and the length of the key. What many bear says little, and is bound to more before it is published.
 */
import { SKELETONS, SPELLINGS } from "./common-keys.ts";

/** Borne by fewer than one in 1,000; in 200; in 50; by more. */
export const RARITIES = ["rare", "usual", "frequent", "common"] as const;

export type Rarity = (typeof RARITIES)[number];

/** The rarer first. */
export const PAIR_RARITIES = RARITIES.flatMap((first, i) =>
  RARITIES.slice(i).map((second) => `${first}-${second}` as const),
);

export type PairRarity = (typeof PAIR_RARITIES)[number];

export type KeyTable = { readonly [rarity in Exclude<Rarity, "rare">]: ReadonlySet<string> };

/** Keys of so few letters are few themselves, so that none of them is rarer, whatever a table has seen. */
const OF_LENGTH: readonly Rarity[] = ["common", "common", "frequent", "usual"];

export function rarityOfSkeleton(key: string): Rarity {
  return rarityOf(key, SKELETONS);
}

export function rarityOfSpelling(word: string): Rarity {
  return rarityOf(word, SPELLINGS);
}

function rarityOf(key: string, table: KeyTable): Rarity {
  const ofLength = OF_LENGTH[key.length] ?? "rare";
  if (ofLength === "common" || table.common.has(key)) return "common";
  if (ofLength === "frequent" || table.frequent.has(key)) return "frequent";
  return ofLength === "usual" || table.usual.has(key) ? "usual" : "rare";
}

export function pairRarityOf(a: Rarity, b: Rarity): PairRarity {
  const [first, second] = RARITIES.indexOf(a) <= RARITIES.indexOf(b) ? [a, b] : [b, a];
  return `${first}-${second}` as PairRarity;
}
