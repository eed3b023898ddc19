/**
 * What members' clocks say of this machine's (protocol section 8): nothing that cannot be taken back may rest on one clock. Their signed times come
 * late and never early, so the latest of a member counts; over the members the one in the middle, so that no minority decides.
 */
import type { MemberId } from "../../shared/core/ids.ts";
import { CLOCK_HEARD_MS, CLOCK_TOLERANCE_MS } from "./limits.ts";

/** `elapsedMs`: of a clock that never jumps. */
export type Moment = { readonly clockMs: number; readonly elapsedMs: number };

/** `skewMs`: this machine's clock less the members'. */
export type ClockVerdict =
  | { readonly kind: "unknown" }
  | { readonly kind: "agrees" | "disagrees"; readonly skewMs: number };

/** What a member's clock showed, less what had elapsed then. */
type Sighting = { readonly elapsedMs: number; readonly zeroMs: number };

const SIGHTINGS_MAX = 16;

export class Clocks {
  readonly #byMember = new Map<MemberId, Sighting[]>();

  /** A member has signed that its clock shows `theirMs`. */
  heard(member: MemberId, theirMs: number, elapsedMs: number): void {
    const known = this.#byMember.get(member) ?? [];
    this.#byMember.set(member, [{ elapsedMs, zeroMs: theirMs - elapsedMs }, ...known].slice(0, SIGHTINGS_MAX));
  }

  judge({ clockMs, elapsedMs }: Moment): ClockVerdict {
    const skews: number[] = [];
    for (const sightings of this.#byMember.values()) {
      const recent = sightings.filter((each) => elapsedMs - each.elapsedMs < CLOCK_HEARD_MS);
      if (recent.length > 0) skews.push(clockMs - elapsedMs - Math.max(...recent.map(({ zeroMs }) => zeroMs)));
    }
    const middle = skews.toSorted((a, b) => a - b)[Math.floor(skews.length / 2)];
    if (middle === undefined) return { kind: "unknown" };
    return { kind: Math.abs(middle) < CLOCK_TOLERANCE_MS ? "agrees" : "disagrees", skewMs: middle };
  }
}
