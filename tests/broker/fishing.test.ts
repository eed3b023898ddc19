import { describe, expect, it } from "vitest";
import { Activity, findingsOn, THRESHOLDS } from "../../broker/core/fishing.ts";
import type { Counts, Terms } from "../../broker/core/fishing.ts";
import { emptyAccount, HOUR_MS } from "../../shared/core/quota.ts";
import { newHandle, tokens, upsert } from "./support.ts";
import { Bench, BORDER, CUSTOMS, HARBOUR } from "./writer-support.ts";

const NOW_MS = 1_000 * HOUR_MS + 1;
const terms: Terms = { budget: { initial: 100, perDay: 1_000 }, account: emptyAccount, budgetAlarmPercent: 80 };

/** What is found on Harbour. */
function kinds(own: Partial<Counts>, others: Partial<Counts> = {}, over: Partial<Terms> = {}, laterMs = 0): string[] {
  const activity = new Activity();
  activity.note(HARBOUR, own, NOW_MS);
  activity.note(BORDER, others, NOW_MS);
  return findingsOn(HARBOUR, activity, { ...terms, ...over }, NOW_MS + laterMs).map(({ kind }) => kind);
}

describe("odd patterns", () => {
  it("are not seen in a large import, nor in a day's work", () => {
    const tokensOf = (records: number): number => records * 32;
    const imported = { newRecords: 100_000, opened: 3_000, tokens: tokensOf(100_000), evaluated: 1_000_000 };
    expect(kinds(imported, { newRecords: 50_000, opened: 1_600 }, {}, 3 * HOUR_MS)).toEqual([]);
    const day = { newRecords: 120, opened: 6, singles: 120, shortLived: 9, tokens: tokensOf(140), evaluated: 1_500 };
    expect(kinds(day, { newRecords: 500, opened: 20 }, {}, 3 * HOUR_MS)).toEqual([]);
  });

  it("show a budget that is nearly used up, and one that is used in a burst; the initial grant counts for neither", () => {
    const used = (amount: number, hoursAgo: number): Partial<Terms> => {
      const hour = Math.floor(NOW_MS / HOUR_MS) - hoursAgo;
      return { account: { initialUsed: 100, hours: new Map([[hour, amount]]) } };
    };
    expect(kinds({}, {}, used(800, 3))).toEqual([]);
    expect(kinds({}, {}, used(801, 3))).toEqual(["budget"]);
    expect(kinds({}, {}, used(500, 0))).toEqual([]);
    expect(kinds({}, {}, used(501, 0))).toEqual(["burst"]);
    expect(kinds({}, {}, { ...used(501, 0), budgetAlarmPercent: 50 })).toEqual(["budget", "burst"]);
  });

  it("show records that are published to see whom they meet, and taken back", () => {
    const min = THRESHOLDS.churnRecordsMin;
    expect(kinds({ newRecords: min, shortLived: min - 1 })).toEqual([]);
    expect(kinds({ newRecords: 2 * min, shortLived: min })).toEqual(["churn"]);
    expect(kinds({ newRecords: 2 * min + 1, shortLived: min })).toEqual([]);
  });

  it("show hundreds of tiny publications within an hour", () => {
    const singles = THRESHOLDS.singlesPerHour + 1;
    expect(kinds({ singles })).toEqual(["tinyPublications"]);
    expect(kinds({ singles }, {}, {}, HOUR_MS)).toEqual([]);
  });

  it("show evaluations far beyond what is published, once there was time to publish", () => {
    const evaluated = THRESHOLDS.evaluationsSlack + 1;
    expect(kinds({ evaluated })).toEqual([]);
    expect(kinds({ evaluated }, {}, {}, 2 * HOUR_MS)).toEqual(["enumeration"]);
    expect(kinds({ evaluated, tokens: 1 }, {}, {}, 2 * HOUR_MS)).toEqual([]);
    expect(kinds({ evaluated }, {}, {}, 30 * HOUR_MS)).toEqual([]);
  });

  it("show hit rates far from the others', either way, if both rates mean something", () => {
    const others = { newRecords: 1_000, opened: 50 };
    expect(kinds({ newRecords: 50, opened: 25 }, others)).toEqual(["hitRateHigh"]);
    expect(kinds({ newRecords: 49, opened: 49 }, others)).toEqual([]);
    expect(kinds({ newRecords: 50, opened: 50 }, { newRecords: 100, opened: 1 })).toEqual([]);
    expect(kinds({ newRecords: 1_000, opened: 2 }, others)).toEqual(["hitRateLow"]);
    expect(kinds({ newRecords: 1_000, opened: 3 }, others)).toEqual([]);
    expect(kinds({ newRecords: 1_000 }, { newRecords: 1_000, opened: 10 })).toEqual([]);
  });
});

describe("what the writer sees", () => {
  const publishedAndTakenBack = (bench: Bench, records: number): void => {
    const handles = Array.from({ length: records }, () => newHandle());
    bench.publish(HARBOUR, ...handles.map((handle) => upsert(handle, tokens([]))));
    bench.publish(HARBOUR, ...handles.map((handle) => ({ operation: "withdraw" as const, handle })));
  };

  it("becomes one item that the member can read, and stops nothing", () => {
    const bench = new Bench();
    publishedAndTakenBack(bench, THRESHOLDS.churnRecordsMin);
    bench.watch.look(bench.nowMs);
    bench.watch.look(bench.nowMs);
    publishedAndTakenBack(bench, 1);
    bench.watch.look(bench.nowMs);
    expect(bench.ledger.alarms.openOf(HARBOUR)).toMatchObject([{ kind: "churn", count: 2 }]);
    expect(bench.ledger.alarms.openOf(BORDER)).toEqual([]);
    const [reply] = bench.publish(HARBOUR, upsert(newHandle(), tokens([])));
    expect(reply?.body).toMatchObject({ kind: "receipt", rejections: [] });
    expect(bench.recorded.count("alarm.raised")).toBe(1);
  });

  it("does not count a rotation as new records, nor a match twice", () => {
    const bench = new Bench();
    const seen: unknown[] = [];
    bench.watch.published = (_member, { newRecords, opened }) => void seen.push([newRecords, opened]);
    const handle = newHandle();
    bench.publish(CUSTOMS, upsert(newHandle(), tokens(["a"])));
    bench.publish(HARBOUR, upsert(handle, tokens(["a"])));
    bench.setEpoch(2, "staging");
    bench.publishIn(2, HARBOUR, upsert(handle, tokens(["a"])));
    bench.publish(HARBOUR, upsert(handle, tokens(["a", "b"])));
    expect(seen).toEqual([
      [1, 0],
      [1, 1],
      [0, 0],
      [0, 0],
    ]);
  });

  it("makes items of a refused submission and a failed proof, for those they are about", () => {
    const bench = new Bench();
    const first = bench.next(HARBOUR, { kind: "publication", entries: [upsert(newHandle(), tokens(["a"]))] });
    bench.receive(first);
    bench.receive({ ...first, hash: new Uint8Array(32).fill(8) });
    bench.publish(BORDER, upsert(newHandle(), tokens(["a"])));
    const matchId = bench.eventsOf(HARBOUR)[0]?.matchId as never;
    bench.state(BORDER, { matchId, amendment: 0, failed: { single: [0], opening: [], support: [] } });
    expect(bench.ledger.alarms.openOf(HARBOUR).map(({ kind }) => kind)).toEqual(["submissionRefused", "proofFailed"]);
    expect(bench.ledger.alarms.openOf(BORDER).map(({ kind }) => kind)).toEqual(["proofDenied"]);
  });

  it("makes an item of statements that do not verify, once they are several", () => {
    const bench = new Bench();
    for (const member of [HARBOUR, BORDER]) bench.publish(member, upsert(newHandle(), tokens(["a"])));
    const matchId = bench.eventsOf(HARBOUR)[0]?.matchId as never;
    const signature = new Uint8Array(64).fill(1);
    const state = (): unknown => bench.state(BORDER, { ...bench.statementOn(BORDER, matchId), signature });
    state();
    state();
    bench.watch.look(bench.nowMs);
    expect(bench.ledger.alarms.list()).toEqual([]);
    state();
    bench.watch.look(bench.nowMs);
    expect(bench.ledger.alarms.list()).toMatchObject([{ kind: "misstatements", member: BORDER }]);
  });
});
