/** A node whose database was put back from a backup, or lost. All persons, numbers and units are invented. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LINE_ANEW_MS } from "../../broker/core/limits.ts";
import { foundInMemory } from "./federation.ts";
import type { MemoryFederation } from "./federation.ts";

const NAMES = ["Arvo Quilbrand", "Belko Rostavik", "Cardin Selmorov", "Dovrel Tarquane"];
const person = (n: number) => ({
  kind: "person",
  name: NAMES[n] ?? "",
  birthDate: `${1950 + 9 * n}-0${1 + n}-1${n}`,
  passportNumber: `N${n}41${n}733${n}`,
  documentCountry: "Jordan",
});
const rows = (unit: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({ reference: `${unit}-${from + i}`, ...person(from + i) }));

async function withOverlaps(seed: string, count: number): Promise<MemoryFederation> {
  const federation = await foundInMemory({ seed, units: { ct: ["target"], wcu: ["target"] } });
  await federation.import("ct", rows("CT", 0, count));
  await federation.import("wcu", rows("WCU", 0, count));
  await federation.settled();
  // The broker does not tell all anew twice within this time.
  await federation.advance(LINE_ANEW_MS);
  return federation;
}

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "causeway-restored-"))));
afterEach(() => rmSync(dir, { recursive: true }));

describe("a node whose database is lost", () => {
  it("shows no ghost lines, closes nothing at the other side, and is whole again once its file is imported", async () => {
    await using federation = await withOverlaps("empty", 3);
    const all = ["CT-0", "CT-1", "CT-2"];
    expect(federation.named("ct")).toEqual(all);
    const alerts = federation.alertsOf("wcu");
    await federation.startAgain("ct");
    await federation.settled();
    const { inbox, strays } = federation.unit("ct").node;
    expect(federation.inbox("ct")).toEqual([]);
    expect([inbox.homeless, inbox.counts().open, strays.count]).toEqual([3, 0, 3]);
    expect(federation.named("wcu")).toHaveLength(3);
    await federation.import("ct", rows("CT", 0, 3));
    await federation.settled();
    expect(federation.named("ct")).toEqual(all);
    expect([federation.unit("ct").node.inbox.homeless, federation.unit("ct").node.strays.count]).toEqual([0, 0]);
    expect(federation.named("wcu")).toHaveLength(3);
    expect(alerts).toEqual([]);
  });
});

describe("a node that is put back from a backup", () => {
  it("holds what came after it, loses no overlap at either side, and is alerted of none that it knew", async () => {
    await using federation = await withOverlaps("backup", 2);
    const backup = join(dir, "backup.sqlite");
    await federation.unit("ct").node.db.backup(backup);
    await federation.import("ct", rows("CT", 2, 4));
    await federation.import("wcu", rows("WCU", 2, 4));
    await federation.settled();
    expect(federation.named("wcu")).toHaveLength(4);
    const alerts = federation.alertsOf("wcu");
    await federation.startAgain("ct", backup);
    const own = federation.alertsOf("ct");
    await federation.settled();
    expect(federation.named("ct")).toEqual(["CT-0", "CT-1"]);
    expect([federation.unit("ct").node.strays.count, federation.unit("ct").node.inbox.homeless]).toEqual([2, 2]);
    expect(federation.named("wcu")).toHaveLength(4);
    expect([alerts, own]).toEqual([[], []]);
    await federation.import("ct", rows("CT", 2, 4));
    await federation.settled();
    expect(federation.named("ct")).toEqual(["CT-0", "CT-1", "CT-2", "CT-3"]);
    expect(federation.named("wcu")).toHaveLength(4);
    expect(alerts).toEqual([]);
  });

  it("closes at the other side what a person withdraws of it, and nothing else", async () => {
    await using federation = await withOverlaps("withdrawn", 2);
    await federation.startAgain("ct");
    await federation.settled();
    const { records, strays } = federation.unit("ct").node;
    const [first] = strays.list();
    const by = {
      actor: { kind: "person", known: "stated", name: "invented officer" },
      reason: "invented reason",
    } as const;
    expect(records.withdrawStrays([first!.handle], by)).toBe(1);
    await federation.settled();
    expect(
      federation
        .inbox("wcu")
        .map(({ state }) => state)
        .toSorted(),
    ).toEqual(["closed", "proven"]);
    expect(strays.count).toBe(1);
  });
});
