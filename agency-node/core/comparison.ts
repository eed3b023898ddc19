/**
 * Whether a record of this unit is compared now (protocol section 9): that nothing was found means that there is nothing, as far as this node
 * can know. A record is compared when the broker that is active has given a receipt for its present content and holds exactly what this node
 * has published, some meeting was found after that receipt (test records see to it), the broker is reached, no notice is missing, and clocks
 * and policy can be relied on. Otherwise the first reason in the order below is said.
 */
import type { Obstacle, RejectionReason } from "../../shared/core/data-plane.ts";

/** What stands in the way of all records, in the order in which it is said. */
export const HINDRANCES = [
  /** This member is not in good standing, or the broker refuses it. */
  "suspended",
  "removed",
  "unknown",
  "refused",
  /** NATS refuses the credentials. */
  "refusedByServer",
  /** Whoever is asked does not answer. */
  "brokerAway",
  /** NATS does not take what this node sends: its disk or the member's stream is full. */
  "streamRefused",
  "policyUnproven",
  "clockDisagrees",
  "scheme",
  "salts",
  /** The broker has told of more than has come. */
  "noticesMissing",
  /** Not compared with the broker since there was last a reason for doubt; compared, and not alike. */
  "digestAwaited",
  "digestDiffers",
  /** Test records have not met in time, or there are none. */
  "canariesUnproven",
] as const;
export type Hindrance = (typeof HINDRANCES)[number];

const CUT_OFF: readonly Hindrance[] = HINDRANCES.slice(0, HINDRANCES.indexOf("policyUnproven"));

export type NotComparedReason =
  | Hindrance
  | "budget"
  | "waitingForHardening"
  | "waitingForReceipt"
  /** No meeting was found since the receipt: test records come with each beat. */
  | "awaitingCanary"
  | `refused:${RejectionReason}`;

export type Surroundings = {
  readonly hindrance: Hindrance | undefined;
  /** Whether a budget of evaluations holds up hardening. */
  readonly budgetUsedUp: boolean;
  /** When the last meeting was found of which this node can say that it is real, ms; 0: none yet. */
  readonly lastMetMs: number;
};

/** A live record as it stands in the epoch that counts. */
export type Compared = {
  readonly state: "hardening" | "waiting" | "published" | "rejected";
  readonly reason: RejectionReason | null;
  /** When the receipt came of what the broker holds. */
  readonly heldMs: number;
};

export type Facts = {
  /** Of which those are true that are named. */
  readonly [Fact in Exclude<Hindrance, Obstacle>]?: boolean;
} & { readonly obstacle?: Obstacle | undefined };

export function hindranceIn({ obstacle, ...facts }: Facts): Hindrance | undefined {
  return HINDRANCES.find((each) => each === obstacle || facts[each as keyof typeof facts] === true);
}

/** Without which nothing gets any further. */
function cutOffBy(hindrance: Hindrance | undefined): Hindrance | undefined {
  return hindrance !== undefined && CUT_OFF.includes(hindrance) ? hindrance : undefined;
}

/** `undefined`: it is compared. */
export function notCompared(
  { state, reason, heldMs }: Compared,
  { hindrance, budgetUsedUp, lastMetMs }: Surroundings,
): NotComparedReason | undefined {
  switch (state) {
    case "rejected":
      return `refused:${reason ?? "malformed"}`;
    case "hardening":
      return cutOffBy(hindrance) ?? (budgetUsedUp ? "budget" : "waitingForHardening");
    case "waiting":
      return cutOffBy(hindrance) ?? "waitingForReceipt";
    case "published":
      return hindrance ?? (heldMs > lastMetMs ? "awaitingCanary" : undefined);
  }
}
