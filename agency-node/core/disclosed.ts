/**
 * When the other side of a match has been told of this unit. The broker tells both sides in the same step, each by the other's handling
 * (protocol section 7), and says nothing of it to a side whose counterpart is silent. So a node knows for certain only what it let go
 * itself, by its signed statement, and to whom once it is told in turn.
 */
import type { Handling } from "../../shared/core/data-plane.ts";
import type { NamedCounterpart } from "./counterpart.ts";
import type { MatchState } from "./match.ts";

/**
 * `released`: with this node's statement the broker may tell the other side, as soon as that one has made its own. `told`: it has,
 * and this is the other side, as far as it may be named.
 */
export type Disclosed = {
  readonly detail: `${"released" | "told"}: ${string}`;
  readonly recipient?: { readonly name?: string; readonly mandate?: string };
};

/**
 * What a step from one state of a match to the next has disclosed. `handling`: of the own record, if it is still known; `counterpart`: as it is
 * named after the step.
 */
export function disclosureIn(
  before: MatchState | undefined,
  after: MatchState,
  of: { readonly handling: Handling | undefined; readonly counterpart?: NamedCounterpart | undefined },
): Disclosed | undefined {
  const { handling = "open", counterpart } = of;
  // Nobody is named in the other domains.
  if (after.domain !== "target" || handling === "silent") return undefined;
  const what = handling === "open" ? "this unit's name, mandate and contact" : "this unit's mandate at most";
  if (counterpart !== undefined && before?.counterpart === undefined) {
    const { name, mandate } = counterpart;
    return {
      detail: `told: ${what}`,
      recipient: { ...(name !== undefined && { name }), ...(mandate !== undefined && { mandate }) },
    };
  }
  const isReleased = isSigned(after) && (before === undefined || !isSigned(before));
  return isReleased ? { detail: `released: ${what}` } : undefined;
}

const isSigned = ({ statement }: MatchState): boolean => statement?.signature !== undefined;
