/**
 * Birth dates as lists give them: years, months, full dates, several of them, and whole years written as a range. A day
 * and a month that can be exchanged are compared without order, because that is the commonest slip.
 */
import { YEARS_MAX } from "./bounds.ts";
import { plainText } from "./plain-text.ts";
import { hashOf, lowestRanked } from "./ranking.ts";

export type BirthDates = {
  /** `YYYY-aabb`: year, then month and day with the smaller number first. */
  readonly full: readonly string[];
  /** `aabb` of every full date. */
  readonly monthDays: readonly string[];
  readonly years: readonly string[];
  /** Positions in the input that gave nothing. */
  readonly bad: readonly number[];
};

/** First of January stands for "some day of that year" in so many registers that it counts as the year alone. */
const PLACEHOLDER_DAY = "01-01";
const LAST_DAY = "12-31";

/** A longer range says too little for each of its years. */
const RANGE_YEARS_MAX = 5;

export function birthDatesOf(texts: readonly string[]): BirthDates {
  const full = new Set<string>();
  const monthDays = new Set<string>();
  const years = new Set<string>();
  const bad: number[] = [];
  const present = new Set(texts);
  for (const [i, text] of texts.entries()) {
    const [year, rest] = partsOf(text);
    if (year === undefined) {
      bad.push(i);
      continue;
    }
    const first = rest === LAST_DAY ? rangeStart(Number(year), present) : undefined;
    for (let each = first ?? Number(year); each <= Number(year); each += 1) years.add(String(each));
    if (rest === undefined || rest === PLACEHOLDER_DAY || first !== undefined) continue;
    const monthDay = rest.split("-").sort().join("");
    full.add(`${year}-${monthDay}`);
    monthDays.add(monthDay);
  }
  return { full: [...full], monthDays: [...monthDays], years: lowestRanked([...years], YEARS_MAX, hashOf), bad };
}

/** Lists write "between 1964 and 1966" as the two dates that bound it; the nearest first of January is the other one. */
function rangeStart(lastYear: number, present: ReadonlySet<string>): number | undefined {
  for (let year = lastYear; year > lastYear - RANGE_YEARS_MAX; year -= 1) {
    if (present.has(`${year}-${PLACEHOLDER_DAY}`)) return year;
  }
  return undefined;
}

/** A year from 1880 to 2100, and month and day where both are given and exist, in either order. */
function partsOf(text: string): [year?: string, monthDay?: string] {
  const match = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/.exec(plainText(text).trim());
  const [, year, a, b] = match ?? [];
  if (year === undefined || year < "1880" || year > "2100") return [];
  if (a === undefined) return [year];
  if (b === undefined) return a >= "01" && a <= "12" ? [year] : [];
  const smaller = Math.min(Number(a), Number(b));
  const larger = Math.max(Number(a), Number(b));
  if (smaller < 1 || smaller > 12 || larger > 31) return [year];
  return [year, `${a}-${b}`];
}
