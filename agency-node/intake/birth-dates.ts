/**
 * Birth dates as sources write them, which is more than a date: a year that is only about right, a range of years, a date
 * of another calendar. One text can mean several dates; all of them are compared, and the text itself is kept.
 */
import { type Calendar, gregorianDays, gregorianYears } from "./calendars.ts";
import { type DayMonthOrder, type ReadDate, readDate } from "./dates.ts";

export type ReadBirthDate =
  | {
      readonly isos: readonly string[];
      readonly ambiguous: boolean;
      /** The text says more than the dates. */ readonly vague: boolean;
    }
  | Extract<ReadDate, { readonly fault: string }>;

/** A longer range says too little for each of its years. */
const RANGE_YEARS_MAX = 5;

const CIRCA =
  /^(?:c(?:a|irca|irka)?|approx(?:imately)?|about|around|circa|environ|vers|um|etwa|~|около)[.\s]*(?=\d)|\s*\(?(?:approx(?:imately)?|circa|ca)\.?\)?$/i;
const RANGE = /^(?:between|from|entre|zwischen|von|de)?\s*(\d{4})\s*(?:-|–|\/|to|and|bis|und|y|et|a)\s*(\d{4})$/i;

/** What marks a calendar in the text; the mark is not part of the date. */
const MARKS: readonly (readonly [Calendar, RegExp])[] = [
  ["solarHijri", /\s*\(?(?:a\.?p\.?|s\.?h\.?|shamsi|solar(?: hijri)?|jalali|هـ?\s*\.?\s*ش\.?|ش|شمسی|شمسي)\)?\.?$/iu],
  ["hijri", /\s*\(?(?:a\.?h\.?|h\.|hijri|hegira|qamari|lunar|هـ|ه|هجري|هجری|ق|قمری)\)?\.?$/iu],
  ["ethiopian", /\s*\(?(?:e\.?c\.?|eth(?:iopian)?(?: calendar)?|ዓ\.?\s*ም\.?)\)?$/iu],
];

/** Years that are none of the Gregorian calendar's for anybody alive: solar up to 1410, lunar up to 1450. */
const UNMARKED = { first: 1280, lastSolar: 1410, last: 1450 } as const;

export function readBirthDate(text: string, order?: DayMonthOrder): ReadBirthDate {
  const plain = text
    .normalize("NFKC")
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 0xf))
    .trim();
  for (const [calendar, mark] of MARKS) {
    if (mark.test(plain)) return readIn([calendar], plain.replace(mark, ""));
  }
  const year = Number(/^(\d{4})(?!\d)|(?<!\d)(\d{4})$/.exec(plain)?.[0] ?? 0);
  if (year >= UNMARKED.first && year <= UNMARKED.last) {
    return readIn(year > UNMARKED.lastSolar ? ["hijri"] : ["solarHijri", "hijri"], plain);
  }
  const vague = vagueYears(plain);
  if (vague !== undefined) return { isos: vague, ambiguous: false, vague: true };
  const date = readDate(text, order);
  return "fault" in date ? date : { isos: [date.iso], ambiguous: date.ambiguous, vague: false };
}

/** Each year of a short range; the year before and after one that is about right. */
function vagueYears(text: string): string[] | undefined {
  const [, first, last] = RANGE.exec(text) ?? [];
  if (first !== undefined && last !== undefined) return yearsBetween(Number(first), Number(last));
  if (!CIRCA.test(text)) return undefined;
  const year = /^\d{4}$/.exec(text.replace(CIRCA, "").trim())?.[0];
  return year === undefined ? undefined : yearsBetween(Number(year) - 1, Number(year) + 1);
}

function yearsBetween(first: number, last: number): string[] | undefined {
  const count = last - first + 1;
  if (count < 1 || count > RANGE_YEARS_MAX) return undefined;
  return Array.from({ length: count }, (_, i) => String(first + i));
}

/** Year, and month and day where both are given, first or last. Without a mark both calendars may be meant. */
function readIn(calendars: readonly Calendar[], text: string): ReadBirthDate {
  const yearFirst = /^(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?$/.exec(text.trim());
  const yearLast = /^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})$/.exec(text.trim());
  const [year, month, day] = yearFirst?.slice(1) ?? yearLast?.slice(1).toReversed() ?? [];
  if (year === undefined) return { fault: "DATE_FORM" };
  const isos = calendars.flatMap((calendar) =>
    day === undefined
      ? gregorianYears(calendar, Number(year))
      : gregorianDays(calendar, Number(year), Number(month), Number(day)),
  );
  return isos.length === 0
    ? { fault: "DATE_IMPOSSIBLE" }
    : { isos: [...new Set(isos)].sort(), ambiguous: false, vague: true };
}
