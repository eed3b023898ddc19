/** Times as people write them down. */

/** Local date and minute: "2026-12-01 14:05". */
export function minuteOf(ms: number): string {
  return new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short" }).format(ms);
}
