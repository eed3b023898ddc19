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

/** Keys of so few letters are few themselves, so that none of them is rarer, whatever a table has seen. */
const OF_LENGTH: readonly Rarity[] = ["common", "common", "frequent", "usual"];

const KNOWN_SKELETONS = rarities(SKELETONS);
const KNOWN_SPELLINGS = rarities(SPELLINGS);

export function rarityOfSkeleton(key: string): Rarity {
  return rarityOf(key, KNOWN_SKELETONS);
}

export function rarityOfSpelling(word: string): Rarity {
  return rarityOf(word, KNOWN_SPELLINGS);
}

function rarities(table: typeof SKELETONS): ReadonlyMap<string, Rarity> {
  const { usual, frequent, common } = table;
  const levels = Object.entries({ usual, frequent, common }) as [Rarity, ReadonlySet<string>][];
  return new Map(levels.flatMap(([rarity, keys]) => [...keys].map((key) => [key, rarity] as const)));
}

/** What the table says, unless the length allows less. */
function rarityOf(key: string, known: ReadonlyMap<string, Rarity>): Rarity {
  const seen = known.get(key) ?? "rare";
  const ofLength = OF_LENGTH[key.length];
  return ofLength !== undefined && RANK[seen] < RANK[ofLength] ? ofLength : seen;
}

/** 0 for the rarest. */
export const RANK: Readonly<Record<Rarity, number>> = { rare: 0, usual: 1, frequent: 2, common: 3 };

export function pairRarityOf(a: Rarity, b: Rarity): PairRarity {
  return RANK[a] <= RANK[b] ? `${a}-${b}` : `${b}-${a}`;
}
