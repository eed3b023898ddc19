/** What the calls of an evaluator share, and who may make them. */
import type { Admit, Federation } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import type { Clock } from "../../shared/world/clock.ts";
import { isInGoodStanding } from "../../shared/platform/standing.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import type { Engines } from "./engines.ts";
import type { KeptBatches } from "./kept-batches.ts";
import type { BudgetStore } from "./store/budget-store.ts";

/** What an operator should hear of. Counts only: elements never leave the engine. */
export type EvaluatorEvent =
  | { readonly kind: "evaluated"; readonly member: MemberId; readonly elements: number; readonly charged: boolean }
  | { readonly kind: "refused"; readonly member: MemberId; readonly elements: number; readonly reason: string }
  /** A charge took the member over `ALARM_SHARE` of what it may use in a day. */
  | { readonly kind: "budgetAlarm"; readonly member: MemberId; readonly usedInWindow: number; readonly perDay: number };

/** What the calls of an evaluator share. */
export type EvaluatorParts = {
  readonly federation: () => Federation;
  readonly clock: Clock;
  readonly onEvent: (event: EvaluatorEvent) => void;
  readonly engines: Pick<Engines, "of">;
  readonly store: BudgetStore;
  readonly kept: KeptBatches;
  readonly signing: SigningKeyPair;
};

/** The terms of the member who calls, now. Throws FORBIDDEN for any other party and for whoever is no member any more. */
export function callerOf(peer: PeerIdentity, federation: Federation): Admit {
  const isMember = peer.kind === "member" && isInGoodStanding(peer, federation);
  const member = isMember ? federation.members.get(peer.member) : undefined;
  if (member === undefined)
    throw new CausewayError("FORBIDDEN", "only members of the federation may have elements evaluated");
  return member;
}
