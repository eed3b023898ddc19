/** The keys of names that many bear, counted over populations. Each side of each set is a population of its own. */
import { COMMON_NAMES } from "../../agency-node/linkage/name-words.ts";
import { personNames } from "../../agency-node/linkage/names.ts";
import type { Facts, TrainingSet } from "./sets.ts";

/** From which share of a population on a key is not rarer than this. */
const SHARES = { common: 1 / 50, frequent: 1 / 200, usual: 1 / 1_000 } as const;

/** A key that fewer bear may be frequent by chance. */
const LEAST_COUNT = 8;
/** A smaller population tells nothing of frequency. */
const LEAST_POPULATION = 500;

/** Source of `common-keys.ts`. */
export function keysModule(sets: readonly TrainingSet[], date: string): string {
  const populations = sets
    .flatMap(({ left, right }) => [left, right])
    .filter((population) => population.size >= LEAST_POPULATION);
  const known = COMMON_NAMES.flatMap((name) => personNames(name).flat());
  const families = [
    ["SKELETONS", "skeletons", known.map(({ skeletons: [skeleton] }) => skeleton)],
    ["SPELLINGS", "spellings", known.map(({ text }) => text)],
  ] as const;
  const tables = families.map(([name, family, listed]) => {
    const common = keysAbove(populations, family, SHARES.common);
    const frequent = [...new Set([...keysAbove(populations, family, SHARES.frequent), ...listed])];
    const usual = keysAbove(populations, family, SHARES.usual);
    return table(name, {
      common,
      frequent: frequent.filter((key) => !common.includes(key)),
      usual: usual.filter((key) => !common.includes(key) && !frequent.includes(key)),
    });
  });
  const people = populations.reduce((sum, population) => sum + population.size, 0);
  return `${head(sets, populations.length, people, date)}\n${tables.join("")}`;
}

function keysAbove(populations: readonly ReadonlyMap<string, Facts>[], family: string, share: number): string[] {
  const found = populations.flatMap((population) => {
    const counts = new Map<string, number>();
    for (const facts of population.values()) {
      for (const key of facts[family] ?? []) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const least = Math.max(LEAST_COUNT, population.size * share);
    return [...counts].filter(([, count]) => count >= least).map(([key]) => key);
  });
  return [...new Set(found)];
}

function table(name: string, rarities: Readonly<Record<string, readonly string[]>>): string {
  const rows = Object.entries(rarities).map(([rarity, keys]) => `  ${rarity}: keys(\`\n    ${wrapped(keys)}\n  \`),\n`);
  return `\nexport const ${name}: KeyTable = {\n${rows.join("")}};\n`;
}

function wrapped(keys: readonly string[]): string {
  const lines: string[] = [];
  for (const key of keys.filter(({ length }) => length > 1).sort()) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + key.length < 112) lines[lines.length - 1] = `${last} ${key}`;
    else lines.push(key);
  }
  return lines.join("\n    ");
}

function head(sets: readonly TrainingSet[], populations: number, people: number, date: string): string {
  return `/**
 * Keys of names that many bear. Made by \`node tests/train/main.ts --keys DIR…\` on ${date}
 * from ${populations} populations with ${people} records (sets ${sets.map(({ name }) => name).join(", ")})
 * and from \`COMMON_NAMES\` in \`name-words.ts\`: common from one in 50 of a population, frequent
 * from one in 200 (and all of \`COMMON_NAMES\`), usual from one in 1,000.
 * A key stands for every name that sounds or looks like it; no single person can be told from it.
 */
/** Keys by how many bear them; what stands in none is rare. */
type KeyTable = Readonly<Record<"usual" | "frequent" | "common", ReadonlySet<string>>>;

const keys = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\\s+/));
`;
}
