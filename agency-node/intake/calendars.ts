/**
 * Dates of other calendars as Gregorian ones. The platform knows the calendars one way only, from a day to its date, so
 * the way back is an estimate and a short search. Calendars of the moon are kept differently from country to country,
 * so a Hijri date can be two neighbouring days: both are given.
 */

export type Calendar = "hijri" | "solarHijri" | "ethiopian";

type Rule = {
  /** Calendars of the platform (Unicode names). */
  readonly names: readonly string[];
  /** Day of 1-1-1, in days before 1970-01-01. */
  readonly epochDay: number;
  readonly yearDays: number;
  readonly monthDays: number;
  readonly months: number;
};

const RULES: Readonly<Record<Calendar, Rule>> = {
  hijri: {
    names: ["islamic-umalqura", "islamic-civil"],
    epochDay: -492_148,
    yearDays: 354.367,
    monthDays: 29.53,
    months: 12,
  },
  solarHijri: { names: ["persian"], epochDay: -492_268, yearDays: 365.2422, monthDays: 30.6, months: 12 },
  ethiopian: { names: ["ethiopic"], epochDay: -716_367, yearDays: 365.25, monthDays: 30, months: 13 },
};

/** How far the estimate can be from the day. */
const SEARCH_DAYS = 4;

const DAY_MS = 86_400_000;

const FORMATS = new Map<string, Intl.DateTimeFormat>();

/** ISO days that may be meant, none where the date does not exist. `month` counts from 1. */
export function gregorianDays(calendar: Calendar, year: number, month: number, day: number): string[] {
  const { names, epochDay, yearDays, monthDays, months } = RULES[calendar];
  if (month < 1 || month > months || day < 1 || day > 31) return [];
  const estimate = Math.round(epochDay + (year - 1) * yearDays + (month - 1) * monthDays + day - 1);
  const found = names.flatMap((name) => {
    for (let each = estimate - SEARCH_DAYS; each <= estimate + SEARCH_DAYS; each += 1) {
      if (dateIn(name, each) === `${year}-${month}-${day}`) return [isoDay(each)];
    }
    return [];
  });
  return [...new Set(found)].sort();
}

/** The Gregorian years in which a year of `calendar` begins and ends. */
export function gregorianYears(calendar: Calendar, year: number): string[] {
  const first = gregorianDays(calendar, year, 1, 1).map((day) => day.slice(0, 4));
  const last = gregorianDays(calendar, year + 1, 1, 1).map((day) => day.slice(0, 4));
  return [...new Set([...first, ...last])].sort();
}

function dateIn(calendar: string, day: number): string {
  const parts = new Map(
    formatOf(calendar)
      .formatToParts(new Date(day * DAY_MS))
      .map(({ type, value }) => [type, value]),
  );
  return `${parts.get("year")}-${parts.get("month")}-${parts.get("day")}`;
}

function formatOf(calendar: string): Intl.DateTimeFormat {
  const known = FORMATS.get(calendar);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat(`en-u-ca-${calendar}-nu-latn`, {
    timeZone: "UTC",
    year: "numeric",
    month: "numeric",
    day: "numeric",
  });
  FORMATS.set(calendar, format);
  return format;
}

function isoDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
