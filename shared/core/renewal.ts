/** When to ask for the next certificate or NATS user. */

/** Milliseconds since 1970-01-01. */
export type Life = { readonly fromMs: number; readonly untilMs: number };

/** When a third of the life is left: a registrar that is away for days is no outage. */
export function renewalDueMs({ fromMs, untilMs }: Life): number {
  return fromMs + Math.floor((2 * (untilMs - fromMs)) / 3);
}
