/**
 * Day numbers: days since 1970-01-01 UTC. Review days travel as such and hold through 24:00 UTC (protocol section 12).
 * Calendar arithmetic is the proleptic Gregorian one, after H. Hinnant, "chrono-compatible low-level date algorithms".
 */
const DAY_MS = 86_400_000;
const DAYS_PER_ERA = 146_097;
/** Days from 0000-03-01, where the algorithm's eras begin, to 1970-01-01. */
const EPOCH_SHIFT = 719_468;

/** The day of an instant in milliseconds. */
export function dayOf(instantMs: number): number {
  return Math.floor(instantMs / DAY_MS);
}

/** The last day of the month that `day` lies in: what the broker is told of a review day. */
export function monthEnd(day: number): number {
  const { year, month } = civilOf(day);
  return month === 12 ? dayNumber(year + 1, 1, 1) - 1 : dayNumber(year, month + 1, 1) - 1;
}

/** `YYYY-MM-DD`. */
export function isoDay(day: number): string {
  const { year, month, date } = civilOf(day);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(date)}`;
}

/** The day number of `YYYY-MM-DD`, `undefined` for another form or a day that does not exist. */
export function parseIsoDay(text: string): number | undefined {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (parts === null) return undefined;
  const day = dayNumber(Number(parts[1]), Number(parts[2]), Number(parts[3]));
  return isoDay(day) === text ? day : undefined;
}

function civilOf(day: number): { year: number; month: number; date: number } {
  const shifted = day + EPOCH_SHIFT;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  const leapDays = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const date = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, date };
}

function dayNumber(year: number, month: number, date: number): number {
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + date - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_PER_ERA + dayOfEra - EPOCH_SHIFT;
}
