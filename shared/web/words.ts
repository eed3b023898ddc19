/** Numbers, times and names as people read them. Times are UTC everywhere: readers sit in several countries. */
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const dateFormat = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC",
  day: "numeric",
  month: "long",
  year: "numeric",
});
const timeFormat = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", hour: "2-digit", minute: "2-digit" });
const secondFormat = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const countFormat = new Intl.NumberFormat("en-GB");

/** "22 November 2026" */
export function date(ms: number): string {
  return dateFormat.format(ms);
}

/** "22 November 2026, 14:05 UTC" */
export function dateTime(ms: number): string {
  return `${date(ms)}, ${timeFormat.format(ms)} UTC`;
}

/** "14:05:07 UTC" */
export function clockTime(ms: number): string {
  return `${secondFormat.format(ms)} UTC`;
}

/** "1,204" */
export function count(value: number): string {
  return countFormat.format(value);
}

/** "1,204 records", "1 record" */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** "38 %", which no line breaks; never "100 %" or "0 %" of something that is only nearly so. */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return "0\u00a0%";
  const exact = (100 * part) / whole;
  const shown = part < whole ? Math.min(99, Math.floor(exact)) : Math.floor(exact);
  return part > 0 && shown === 0 ? "under 1\u00a0%" : `${count(shown)}\u00a0%`;
}

/** "4 minutes", in the largest unit of which there are two, so that nothing is rounded to half. */
export function duration(ms: number): string {
  const span = Math.max(0, ms);
  if (span < 2 * MINUTE) return counted(Math.round(span / SECOND), "second");
  if (span < 2 * HOUR) return counted(Math.floor(span / MINUTE), "minute");
  if (span < 2 * DAY) return counted(Math.floor(span / HOUR), "hour");
  return counted(Math.floor(span / DAY), "day");
}

/** "a", "a and b", "a, b and c" */
export function listed(items: readonly string[]): string {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

/** "Records" from "records". */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
