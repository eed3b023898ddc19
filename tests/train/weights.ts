/**
 * Weights of evidence of Fellegi and Sunter, by counting: m is how often a fact agrees between two records of one
 * person, u how often between records of two, both where each side says something about it. In decibans.
 */
import type { Facts, TrainingSet } from "./sets.ts";

const FACTS = [
  "name.rare",
  "name.usual",
  "name.frequent",
  "name.common",
  "name.start",
  "third.any",
  "birth.full",
  "birth.monthday",
  "birth.year",
  "nationality.same",
  "birthplace.same",
  "sex.same",
  "street.same",
  "house.same",
  "area.same",
] as const;

/** Fewer true pairs that could agree tell nothing. */
const LEAST_PAIRS = 20;
/** A fact that no two of so few records share by chance is not without limit. */
const LEAST_CHANCE = 0.5;

type Count = { readonly set: string; readonly m: number; readonly u: number; readonly pairs: number };

/** Weights of facts that no set can tell: each by the reasoning beside it. */
const ASSUMED: Readonly<Record<string, readonly [weight: number, why: string]>> = {
  "third.any": [16, "two thirds of a usual name: the names of one person are not independent"],
  "birthplace.same": [12, "one birth place in sixteen, because persons of one name come from one region"],
  "sex.same": [3, "one of two"],
};

/** Source of `weights.ts`. */
export function weightsModule(sets: readonly TrainingSet[], date: string, half: number | undefined): string {
  const rows = FACTS.map((fact) => {
    const counts = sets.map((set) => countOf(set, fact)).filter(({ pairs }) => pairs >= LEAST_PAIRS);
    const assumed = ASSUMED[fact];
    if (assumed !== undefined) return `  // Assumed: ${assumed[1]}.\n  "${fact}": ${assumed[0]},\n`;
    const mean = counts.reduce((sum, { m, u }) => sum + 10 * Math.log10(m / u), 0) / Math.max(counts.length, 1);
    const seen = counts.map(({ set, m, u }) => `  // ${set}: m ${m.toPrecision(3)}, u ${u.toPrecision(2)}\n`);
    return `${seen.join("")}  "${fact}": ${Math.max(0, Math.round(mean))},\n`;
  });
  const pairs = sets.reduce((sum, { counted }) => sum + counted.length, 0);
  return `/**
 * Weights of evidence in decibans, learned by \`node tests/train/main.ts${half === undefined ? "" : ` --half ${half}`} DIR…\` on ${date} from
 * ${sets.map(({ name }) => name).join(", ")}
 * (${pairs} true pairs${half === undefined ? "" : `, every second one; the others are held out`}): the mean over the sets of 10 log10 (m / u), where m is
 * how often the fact agrees between records of one person and u how often between records of two.
 */
export const WEIGHTS = {
${rows.join("")}} as const;
`;
}

function countOf({ name, left, right, truth, counted }: TrainingSet, fact: string): Count {
  const both = counted
    .map(([a, b]) => [left.get(a), right.get(b)] as const)
    .filter(([a, b]) => says(a, fact) && says(b, fact));
  const agreeing = both.filter(([a, b]) => shares(a as Facts, b as Facts, fact)).length;
  const saying = [left, right].map((side) => [...side.values()].filter((facts) => says(facts, fact)).length);
  const comparisons = (saying[0] as number) * (saying[1] as number) - both.length;
  const chance = Math.max(LEAST_CHANCE, chanceAgreements(left, right, truth, fact));
  return {
    set: name,
    m: agreeing / Math.max(both.length, 1),
    u: chance / Math.max(comparisons, 1),
    pairs: both.length,
  };
}

function says(facts: Facts | undefined, fact: string): boolean {
  return (facts?.[fact] ?? []).length > 0;
}

function shares(a: Facts, b: Facts, fact: string): boolean {
  return (a[fact] ?? []).some((key) => b[fact]?.includes(key));
}

/** Pairs of records that share a key of `fact` and are not of one person. */
function chanceAgreements(
  left: ReadonlyMap<string, Facts>,
  right: ReadonlyMap<string, Facts>,
  truth: ReadonlySet<string>,
  fact: string,
): number {
  const owners = new Map<string, string[]>();
  for (const [id, facts] of right) {
    for (const key of facts[fact] ?? []) owners.set(key, [...(owners.get(key) ?? []), id]);
  }
  let agreements = 0;
  for (const [id, facts] of left) {
    const others = new Set((facts[fact] ?? []).flatMap((key) => owners.get(key) ?? []));
    for (const other of others) if (!truth.has(`${id},${other}`)) agreements += 1;
  }
  return agreements;
}
