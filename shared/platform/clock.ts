/** Milliseconds since 1970-01-01 UTC. The core takes instants as arguments; the shell takes a `Clock`. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

const DAY_MS = 86_400_000;

/** Day number (days since 1970-01-01 UTC) of an instant. */
export function dayOf(instantMs: number): number {
  return Math.floor(instantMs / DAY_MS);
}

/** ISO day of a day number. */
export function isoDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
