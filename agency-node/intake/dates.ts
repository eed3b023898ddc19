/**
 * Dates as files write them, to ISO. The year stands first or last and has four digits. Points mean day.month.year;
 * with strokes or hyphens the order of day and month is a property of the file, so it is an argument.
 */

export type DayMonthOrder = "dmy" | "mdy";

export type ReadDate =
  | { readonly iso: string; /** The order was needed and not known: read day first. */ readonly ambiguous: boolean }
  | { readonly fault: "DATE_FORM" | "DATE_IMPOSSIBLE" };

const YEAR_FIRST = /^(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?$/;
const YEAR_FIRST_DIGITS = /^((?:19|20)\d\d)(\d\d)(\d\d)$/;
const MONTH_YEAR = /^(\d{1,2})[-/.](\d{4})$/;
const POINTS = /^(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})$/;
const STROKES = /^(\d{1,2})[-/](\d{1,2})[-/](\d{4})$/;
const TIME_OF_DAY = /[T ]\d{1,2}:\d\d.*$/;

/** `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; a month or day written as zero counts as not known. */
export function readDate(text: string, order?: DayMonthOrder): ReadDate {
  const plain = plainDate(text);
  const yearFirst = YEAR_FIRST.exec(plain) ?? YEAR_FIRST_DIGITS.exec(plain);
  if (yearFirst) return isoDate(yearFirst[1], yearFirst[2], yearFirst[3]);
  const monthYear = MONTH_YEAR.exec(plain);
  if (monthYear) return isoDate(monthYear[2], monthYear[1]);
  const points = POINTS.exec(plain);
  if (points) return isoDate(points[3], points[2], points[1]);
  const strokes = STROKES.exec(plain);
  if (!strokes) return { fault: "DATE_FORM" };
  const [, first, second, year] = strokes;
  const known = order ?? orderShownBy(text);
  const date = known === "mdy" ? isoDate(year, first, second) : isoDate(year, second, first);
  const ambiguous = known === undefined && Number(first) !== Number(second);
  return "fault" in date ? date : { iso: date.iso, ambiguous };
}

/** The order that this one date proves, because the other is impossible. */
function orderShownBy(text: string): DayMonthOrder | undefined {
  const [, first, second] = STROKES.exec(plainDate(text)) ?? [];
  if (Number(first) > 12 && Number(second) <= 12) return "dmy";
  return Number(second) > 12 && Number(first) <= 12 ? "mdy" : undefined;
}

/** The order of a file: what its dates prove, nothing if they prove both or none. */
export function orderOf(texts: Iterable<string>): DayMonthOrder | undefined {
  const shown = new Set<DayMonthOrder>();
  for (const text of texts) {
    const order = orderShownBy(text);
    if (order !== undefined) shown.add(order);
  }
  return shown.size === 1 ? [...shown][0] : undefined;
}

/** Whether `text` is an existing day written `YYYY-MM-DD`. */
export function isIsoDay(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  return year !== undefined && exists(Number(year), Number(month), Number(day));
}

/** The day `days` after an ISO day. */
export function addDays(isoDay: string, days: number): string {
  return new Date(Date.parse(`${isoDay}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** Arabic and Persian digits become ASCII; a time of day goes. */
function plainDate(text: string): string {
  const ascii = text
    .normalize("NFKC")
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 0xf));
  return ascii.trim().replace(TIME_OF_DAY, "");
}

function isoDate(year?: string, month?: string, day?: string): ReadDate {
  const m = Number(month ?? 0);
  const d = Number(day ?? 0);
  if (Number(year) === 0 || m > 12 || (m === 0 && d > 0)) return { fault: "DATE_IMPOSSIBLE" };
  if (d > 0 && !exists(Number(year), m, d)) return { fault: "DATE_IMPOSSIBLE" };
  const parts = [String(year), ...[m, d].filter((part) => part > 0).map((part) => String(part).padStart(2, "0"))];
  return { iso: parts.join("-"), ambiguous: false };
}

function exists(year: number, month: number, day: number): boolean {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
