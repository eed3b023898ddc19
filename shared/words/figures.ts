/** Numbers, times and lists as people read them. Times are UTC everywhere: administrators sit in several countries. */
import { locale, say } from "./say.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What makes a formatter; each is made once for a language, as that takes longer than using it. */
function perLocale<Format>(make: (locale: string) => Format): () => Format {
  const made = new Map<string, Format>();
  return () => {
    const format = made.get(locale()) ?? make(locale());
    made.set(locale(), format);
    return format;
  };
}

const utc = { timeZone: "UTC" } as const;
const minutes = { ...utc, hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
const days = perLocale(
  (locale) => new Intl.DateTimeFormat(locale, { ...utc, day: "numeric", month: "long", year: "numeric" }),
);
const times = perLocale((locale) => new Intl.DateTimeFormat(locale, minutes));
const seconds = perLocale((locale) => new Intl.DateTimeFormat(locale, { ...minutes, second: "2-digit" }));
const counts = perLocale((locale) => new Intl.NumberFormat(locale));
const lists = perLocale((locale) => new Intl.ListFormat(locale, { type: "conjunction" }));

/** "22 November 2026" */
export function date(ms: number): string {
  return days().format(ms);
}

/** "22 November 2026, 14:05 UTC" */
export function dateTime(ms: number): string {
  return say("figures.moment", { day: date(ms), time: times().format(ms) });
}

/** "14:05:07 UTC" */
export function clockTime(ms: number): string {
  return say("figures.time", { time: seconds().format(ms) });
}

/** "22 November 2026, 14:05:07 UTC" */
export function exactDateTime(ms: number): string {
  return say("figures.exactMoment", { day: date(ms), time: clockTime(ms) });
}

/** "1,204" */
export function count(value: number): string {
  return counts().format(value);
}

/** "38 %", which no line breaks; never "100 %" or "0 %" of something that is only nearly so. */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return say("figures.percent", { count: 0 });
  const exact = (100 * part) / whole;
  const shown = part < whole ? Math.min(99, Math.floor(exact)) : Math.floor(exact);
  return say(part > 0 && shown === 0 ? "figures.percentUnder" : "figures.percent", {
    count: Math.max(shown, part > 0 ? 1 : 0),
  });
}

/** "4 minutes", in the largest unit of which there are two, so that nothing is rounded to half. */
export function duration(ms: number): string {
  const span = Math.max(0, ms);
  if (span < 2 * MINUTE) return say("figures.seconds", { count: Math.round(span / SECOND) });
  if (span < 2 * HOUR) return say("figures.minutes", { count: Math.floor(span / MINUTE) });
  if (span < 2 * DAY) return say("figures.hours", { count: Math.floor(span / HOUR) });
  return say("figures.days", { count: Math.floor(span / DAY) });
}

/** "3f2a 91bc …": hexadecimal as it is printed wherever people read it to each other. */
export function groups(hex: string): string {
  return hex.match(/.{1,4}/g)?.join(" ") ?? "";
}

/** "a", "a and b", "a, b and c" */
export function listed(items: readonly string[]): string {
  return lists().format(items);
}

/** "Records" from "records". */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
