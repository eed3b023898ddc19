/** Compares what the books say with what the plain records say. Pure, so that it can be shown to notice each fault. */
import type { Pair } from "./model.ts";
import { unitsOf } from "./model.ts";

/** The ledger says that the unit was told; the node says that it has carried the notice out. */
export type Opening = { readonly book: "ledger" | "node"; readonly unit: string; readonly pair: Pair };

export type Evidence = {
  readonly openings: readonly Opening[];
  /** Matches that a node shows as proven, with whom to call. */
  readonly proven: readonly { readonly unit: string; readonly pair: Pair }[];
  /** Notices out of order or not chained, and nodes that do not hold the last one. */
  readonly noticeFaults: number;
  /** Submissions about records and matches that a node holds without receipt. */
  readonly unreceipted: number;
  /** Chains of submissions with a hole in the ledger. */
  readonly submissionGaps: number;
};

export type Verdict = {
  readonly matches: number;
  /** Neither side learned of it. */
  readonly missing: number;
  readonly openedTwice: number;
  /** One side learned of it and the other did not. */
  readonly oneSided: number;
  /** Opened, and not proven with a contact at both sides. */
  readonly unproven: number;
  /** Opened although the records have nothing in common. */
  readonly unexpected: number;
  readonly noticeFaults: number;
  readonly unreceipted: number;
  readonly submissionGaps: number;
};

export function judge(expected: ReadonlySet<Pair>, evidence: Evidence): Verdict {
  const counts = new Map<string, number>();
  for (const { book, unit, pair } of evidence.openings) {
    const key = `${book} ${unit} ${pair}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const proven = new Set(evidence.proven.map(({ unit, pair }) => `${unit} ${pair}`));
  const is = {
    missing: new Set<Pair>(),
    openedTwice: new Set<Pair>(),
    oneSided: new Set<Pair>(),
    unproven: new Set<Pair>(),
  };
  for (const pair of expected) {
    for (const book of ["ledger", "node"]) {
      const sides = unitsOf(pair).map((unit) => counts.get(`${book} ${unit} ${pair}`) ?? 0);
      if (sides.every((count) => count === 0)) is.missing.add(pair);
      else if (sides.some((count) => count === 0)) is.oneSided.add(pair);
      if (sides.some((count) => count > 1)) is.openedTwice.add(pair);
    }
    if (!unitsOf(pair).every((unit) => proven.has(`${unit} ${pair}`))) is.unproven.add(pair);
  }
  const unexpected = new Set(evidence.openings.map(({ pair }) => pair).filter((pair) => !expected.has(pair)));
  return {
    matches: expected.size,
    missing: is.missing.size,
    openedTwice: is.openedTwice.size,
    oneSided: is.oneSided.size,
    unproven: is.unproven.size,
    unexpected: unexpected.size,
    noticeFaults: evidence.noticeFaults,
    unreceipted: evidence.unreceipted,
    submissionGaps: evidence.submissionGaps,
  };
}

/** Whether every figure that should be zero is. */
export function isFlawless({ matches, ...faults }: Verdict): boolean {
  return matches > 0 && Object.values(faults).every((count) => count === 0);
}
