/**
 * Which statements are late (protocol section 7, "nobody may ask and stay unknown"). A node that is connected answers within minutes; one
 * that is away cannot, and is given days.
 *
 * What a member controls is when it is heard: one that keeps silent for minutes again and again is treated as one that is away. Known
 * weakness: the broker's clock decides; set forward by days it makes members late that were away, set back it gives all of them longer.
 */
import { HEARD_LATELY_MS, STATEMENT_DUE_ABSENT_MS, STATEMENT_DUE_MS } from "./limits.ts";

/** When anything of a member was last taken, and since when without a silence of `HEARD_LATELY_MS`. */
export type Presence = { readonly sinceMs: number; readonly heardMs: number };

/** As if heard just now: what was before is not known. */
export function presentFrom(nowMs: number): Presence {
  return { sinceMs: nowMs, heardMs: nowMs };
}

/** Something of the member was taken. */
export function heardAgain(before: Presence, nowMs: number): Presence {
  return isPresent(before, nowMs) ? { ...before, heardMs: nowMs } : presentFrom(nowMs);
}

/** What became due by then and is not made is overdue; undefined: the member still has its time. */
export function overdueUntil(presence: Presence, nowMs: number): number | undefined {
  if (!isPresent(presence, nowMs)) return nowMs - STATEMENT_DUE_ABSENT_MS;
  return nowMs - presence.sinceMs < STATEMENT_DUE_MS ? undefined : nowMs - STATEMENT_DUE_MS;
}

function isPresent({ heardMs }: Presence, nowMs: number): boolean {
  return nowMs - heardMs <= HEARD_LATELY_MS;
}
