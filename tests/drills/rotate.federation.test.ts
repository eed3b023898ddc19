/** The short form of the drill: every state, fewer records. `npm run drill -- rotate` is the long one. */
import { describe, expect, it } from "vitest";
import type { Books } from "./evidence.ts";
import { readBooks } from "./evidence.ts";
import { judge } from "./judge.ts";
import type { Pair } from "./model.ts";
import { rotate } from "./rotate.ts";

describe("two rotations and an abort, with a broker that is killed in each state and a unit that is away", () => {
  it("lose no match, open none twice and leave no token; and it would be noticed if they did", async () => {
    const notice = (books: Books, expected: ReadonlySet<Pair>): void => {
      const evidence = readBooks(books);
      const [first] = evidence.openings;
      if (first === undefined) throw new Error("nothing was opened");
      expect(judge(expected, { ...evidence, openings: [...evidence.openings, first] }).openedTwice).toBe(1);
      const without = evidence.openings.filter(({ pair }) => pair !== first.pair);
      expect(judge(expected, { ...evidence, openings: without }).missing).toBe(1);
    };
    const report = await rotate({ records: 150, perSecond: 30, seed: 4, say: () => undefined }, notice);
    expect(report).toMatchObject({ missing: 0, openedTwice: 0, oneSided: 0, unexpected: 0, unproven: 0 });
    expect(report).toMatchObject({ noticeFaults: 0, unreceipted: 0, submissionGaps: 0 });
    expect(report).toMatchObject({ retiredTokensFound: 0, flawless: true });
    expect(report.pairs).toBeGreaterThan(5);
    expect(report.liveTokensFound).toBeGreaterThan(0);
    expect(report.retiredTokens).toBeGreaterThan(0);
  }, 600_000);
});
