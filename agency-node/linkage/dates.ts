/**
 * Birth dates as lists give them: years, months, full dates, several of them, and whole years written as a range. A day
 * and a month that can be exchanged are compared without order, because that is the commonest slip.
 */

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
    years.add(year);
    if (rest === undefined || rest === PLACEHOLDER_DAY || isWholeYear(year, rest, present)) continue;
    const monthDay = rest.split("-").sort().join("");
    full.add(`${year}-${monthDay}`);
    monthDays.add(monthDay);
  }
  return { full: [...full], monthDays: [...monthDays], years: [...years], bad };
}

/** A year from 1880 to 2100, and month and day where both are given and exist, in either order. */
function partsOf(text: string): [year?: string, monthDay?: string] {
  const match = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/.exec(text.trim());
  const [, year, a, b] = match ?? [];
  if (year === undefined || year < "1880" || year > "2100") return [];
  if (a === undefined) return [year];
  if (b === undefined) return a >= "01" && a <= "12" ? [year] : [];
  const smaller = Math.min(Number(a), Number(b));
  const larger = Math.max(Number(a), Number(b));
  if (smaller < 1 || smaller > 12 || larger > 31) return [year];
  return [year, `${a}-${b}`];
}

/** Lists write "some day in 1984" as the two dates that bound it. */
function isWholeYear(year: string, rest: string, present: ReadonlySet<string>): boolean {
  return rest === "12-31" && present.has(`${year}-${PLACEHOLDER_DAY}`);
}
