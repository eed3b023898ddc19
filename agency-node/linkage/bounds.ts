/**
 * How much of one record is compared. Names are multiplied by dates, places and addresses, and the source of a file controls how many of
 * each there are: three thousand of two kinds would hold up a node for seconds. So each factor is cut before it is multiplied, and again where
 * the product were too large: well above what the public lists have (46 names, 10 birth dates, 38 words and 65 pairs of them for one person,
 * 360 combinations).
 */
import type { Subject } from "../core/record.ts";
import type { Report } from "./identifier.ts";
import { hashOf, lowestRanked } from "./ranking.ts";

/** Values of a field of a subject. */
const VALUES_MAX = 100;
const VALUES_OF: { readonly [list in keyof Subject]?: number } = {
  firstNames: 10,
  middleNames: 10,
  lastNames: 10,
  birthDates: 12,
  birthPlaces: 4,
  countries: 8,
  addresses: 8,
};

/** Distinct words of the names, distinct pairs of them within a name, and years of birth with those of ranges. */
export const WORDS_MAX = 48;
export const PAIRS_MAX = 96;
export const YEARS_MAX = 12;

/** Combinations of what is multiplied with what it is bound to, such as pairs with years; each gives up to 17 identifiers. */
const COMBINATIONS_MAX = 500;

/** More than any record gives within these bounds, before most are cut off: see the test that tries. */
export const IDENTIFIERS_BEFORE_CAPS_MAX = 20_000;

/** As many of the items as may be combined with `others` others each; at least one. */
export function combinable<T>(items: readonly T[], others: number, keyOf: (item: T) => string): readonly T[] {
  const most = Math.max(1, Math.floor(COMBINATIONS_MAX / Math.max(1, others)));
  return lowestRanked(items, most, (item) => hashOf(keyOf(item)));
}

/** The subject with the first values of each field, and a report of the first that is left out. */
export function withinBounds(subject: Subject, report: Report): Subject {
  const over = Object.entries(subject).filter(([list, values]) => Array.isArray(values) && values.length > most(list));
  const cut = over.map(([list, values]) => {
    report(`${list}[${most(list)}]`, "many");
    return [list, (values as readonly unknown[]).slice(0, most(list))];
  });
  return cut.length === 0 ? subject : { ...subject, ...Object.fromEntries(cut) };
}

function most(list: string): number {
  return VALUES_OF[list as keyof Subject] ?? VALUES_MAX;
}
