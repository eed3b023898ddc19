import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { readBooks } from "./evidence.ts";
import type { Books } from "./evidence.ts";
import { judge } from "./judge.ts";
import type { Evidence, Verdict } from "./judge.ts";
import { killBroker } from "./kill-broker.ts";
import { expectedPairs } from "./model.ts";
import type { Pair, PlainRecord } from "./model.ts";

const FAULTLESS = {
  missing: 0,
  openedTwice: 0,
  oneSided: 0,
  unproven: 0,
  unexpected: 0,
  noticeFaults: 0,
  unreceipted: 0,
  submissionGaps: 0,
};

describe("a broker that is killed while three units publish", () => {
  it("has told both sides of every match, once; and it would be noticed if it had not", async () => {
    const spoilt: Record<string, Verdict> = {};
    const seed = Date.now() % 1_000_000;
    const report = await killBroker({ runs: 6, seed, natsEvery: 5, say: () => undefined }, (books, expected) => {
      for (const [name, statement] of Object.entries(SPOILING)) spoilt[name] = withLedger(books, statement, expected);
    });
    expect(report, `seed ${seed}`).toMatchObject({ ...FAULTLESS, runs: 6, natsKills: 1, flawless: true });
    expect(report.matches).toBeGreaterThan(20);
    // The same books, but for one thing that somebody has done to a copy of the ledger.
    const [oneSide, bothSides, twice] = [
      spoilt["forgets one side"],
      spoilt["forgets both sides"],
      spoilt["tells one side twice"],
    ];
    expect(oneSide).toMatchObject({ missing: 0 });
    expect([oneSide!.oneSided > 0, oneSide!.noticeFaults > 0]).toEqual([true, true]);
    expect(bothSides).toMatchObject({ oneSided: 0 });
    expect(bothSides!.missing).toBeGreaterThan(0);
    expect(twice).toMatchObject({ missing: 0 });
    expect(twice!.openedTwice).toBeGreaterThan(0);
    expect(spoilt["loses a submission"]).toMatchObject({ submissionGaps: 1, missing: 0 });
  }, 600_000);
});

/** A batch holds what one commit told: some openings, or what followed them. */
const SPOILING = {
  "forgets one side": `DELETE FROM notice_batch WHERE member = (SELECT min(member) FROM notice_batch) AND number = 1`,
  "forgets both sides": `DELETE FROM notice_batch`,
  "tells one side twice": `INSERT INTO notice_batch SELECT member, (SELECT max(number) + 1 FROM notice_batch AS n WHERE n.member = notice_batch.member),
    hash, at_ms, batch FROM notice_batch WHERE member = (SELECT min(member) FROM notice_batch) AND number = 1`,
  "loses a submission": `DELETE FROM submission WHERE position = (SELECT min(position) FROM submission)`,
};

function withLedger(books: Books, statement: string, expected: ReadonlySet<Pair>): Verdict {
  const dir = mkdtempSync(join(tmpdir(), "causeway-test-"));
  try {
    const ledgerPath = join(dir, "ledger.sqlite");
    cpSync(books.ledgerPath, ledgerPath);
    const copy = new DatabaseSync(ledgerPath);
    copy.exec(statement);
    copy.close();
    return judge(expected, readBooks({ ...books, ledgerPath }));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

describe("the judge of a drill", () => {
  const records: PlainRecord[] = [
    { unit: "ct", reference: "1", passport: "A" },
    { unit: "wcu", reference: "2", passport: "A" },
    { unit: "wcu", reference: "3", passport: "A" },
    { unit: "thb", reference: "4", passport: "B" },
  ];
  const pairs = expectedPairs(records);
  const [first, second] = [...pairs] as [Pair, Pair];
  const told = (...units: string[]) =>
    units.flatMap((unit) =>
      (["ledger", "node"] as const).flatMap((book) => [...pairs].map((pair) => ({ book, unit, pair }))),
    );
  const whole: Evidence = {
    openings: told("ct", "wcu"),
    proven: [...pairs].flatMap((pair) => ["ct", "wcu"].map((unit) => ({ unit, pair }))),
    noticeFaults: 0,
    unreceipted: 0,
    submissionGaps: 0,
  };
  const without = (drop: (opening: Evidence["openings"][number]) => boolean): Evidence => ({
    ...whole,
    openings: whole.openings.filter((opening) => !drop(opening)),
  });

  it("expects a match for two records of different units with one passport, and no other", () => {
    expect([...pairs].toSorted()).toEqual(["ct/1 + wcu/2", "ct/1 + wcu/3"]);
  });

  it("finds nothing wrong when both books agree with the records", () => {
    expect(judge(pairs, whole)).toEqual({ matches: 2, ...FAULTLESS });
  });

  it.each<[string, Evidence, Partial<Verdict>]>([
    ["nobody was told", without(({ pair }) => pair === first), { missing: 1 }],
    [
      "the node never got what the ledger says",
      without(({ pair, book }) => pair === first && book === "node"),
      { missing: 1 },
    ],
    ["one side was not told", without(({ pair, unit }) => pair === first && unit === "ct"), { oneSided: 1 }],
    [
      "each book lacks another side",
      without(({ pair, unit, book }) => pair === first && (unit === "ct") === (book === "node")),
      { oneSided: 1 },
    ],
    [
      "a side was told twice",
      { ...whole, openings: [...whole.openings, { book: "node", unit: "ct", pair: second }] },
      { openedTwice: 1 },
    ],
    ["one side has no contact", { ...whole, proven: whole.proven.slice(1) }, { unproven: 1 }],
    [
      "strangers were told",
      { ...whole, openings: [...whole.openings, { book: "ledger", unit: "thb", pair: "ct/1 + thb/4" }] },
      { unexpected: 1 },
    ],
  ])("notices when %s", (_what, evidence, found) => {
    expect(judge(pairs, evidence)).toEqual({ matches: 2, ...FAULTLESS, ...found });
  });
});
