/**
 * What the demonstration sees of its three nodes. Only because it runs all of them can it put both sides of a match beside each
 * other: a unit sees its own side.
 */
import type { ImportReceipt, MatchView, NodeStatus } from "../../agency-node/cli/rpc/node-client.ts";
import { MEMBERS } from "./plan.ts";
import type { MemberSlug } from "./plan.ts";

export type MemberState = {
  status: NodeStatus | undefined;
  receipt: ImportReceipt | undefined;
  readonly matches: Map<string, MatchView>;
};

export type DemoState = Readonly<Record<MemberSlug, MemberState>>;

export type MatchSide = { readonly member: MemberSlug; readonly match: MatchView };
/** A match as both sides see it. */
export type SharedMatch = { readonly id: string; readonly sides: readonly [MatchSide, MatchSide] };

export function emptyState(): DemoState {
  const entries = MEMBERS.map((member) => [member, { status: undefined, receipt: undefined, matches: new Map() }]);
  return Object.fromEntries(entries) as DemoState;
}

/** Open matches that both sides see, in the order of the first side's references. */
export function sharedMatches(state: DemoState): SharedMatch[] {
  const sides = new Map<string, MatchSide[]>();
  for (const member of MEMBERS) {
    for (const match of state[member].matches.values()) {
      if (!isOpen(match)) continue;
      sides.set(match.id, [...(sides.get(match.id) ?? []), { member, match }]);
    }
  }
  const shared = [...sides].flatMap(([id, [a, b]]) =>
    a === undefined || b === undefined ? [] : [{ id, sides: [a, b] as const }],
  );
  const order = ({ sides: [a, b] }: SharedMatch): string => `${a.match.reference} ${b.match.reference}`;
  return shared.sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

export function isOpen({ state }: MatchView): boolean {
  return state === "open" || state === "proven" || state === "unproven";
}

/** Rows refused at import and records refused by the broker. */
export function refusedBy({ status, receipt }: MemberState): number {
  return (receipt?.rejected ?? 0) + (status?.rejected ?? 0);
}

/** "proven" when both sides are; else what keeps it. */
export function jointState({ sides: [a, b] }: SharedMatch): string {
  const states = [a.match.state, b.match.state];
  if (states.includes("unproven")) return "unproven";
  return states.every((state) => state === "proven") ? "proven" : "open";
}
