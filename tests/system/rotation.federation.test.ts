import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, it } from "vitest";
import { TestFederation } from "../support/federation.ts";
import type { UnitName } from "../support/federation.ts";
import { persons } from "../support/overlaps.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

describe("a rotation of salts", { timeout: LONG_MS }, () => {
  let federation: TestFederation;
  afterEach(async () => await federation?.[Symbol.asyncDispose](), LONG_MS);

  /** Of the passports that two units were shown to share, each as often as it was shown. */
  async function met(unit: UnitName): Promise<number[]> {
    const matches = (await federation.matches(unit)).filter(({ state }) => state === "proven");
    return matches.map(({ reference }) => Number(reference.split("-")[1])).toSorted((a, b) => a - b);
  }

  /** Epoch, state, records and published ones of each open epoch of a unit. */
  async function progress(unit: UnitName) {
    const { epochs } = await federation.status(unit);
    return epochs.map(({ epoch, state, records, published }) => [epoch, state, Number(records), Number(published)]);
  }

  const table = (unit: UnitName, sql: string): unknown[] => {
    using db = new DatabaseSync(join(federation.dir(unit), "node.sqlite"), { readOnly: true });
    return db.prepare(sql).all();
  };

  it("carries every record over, evaluates nothing again, and matches before, during and after it", async () => {
    federation = await TestFederation.start();
    await federation.import("ct", persons("ct", 1, 12));
    await federation.import("wcu", persons("wcu", 9, 20));
    await federation.settled();
    const { hardened } = await federation.status("ct");

    await federation.openEpoch(2);
    await expect
      .poll(() => progress("ct"), SOON)
      .toEqual([
        [1, "active", 12, 12],
        [2, "staging", 12, 12],
      ]);
    await expect.poll(() => progress("wcu"), SOON).toContainEqual([2, "staging", 12, 12]);
    await federation.import("ct", persons("ct", 20, 20));
    await federation.settled();
    expect(await met("ct")).toEqual([9, 10, 11, 12, 20]);

    federation.activate(2);
    federation.retire(1);
    await federation.informed();
    await federation.import("wcu", persons("wcu", 1, 2));
    await expect.poll(() => progress("ct"), SOON).toEqual([[2, "active", 13, 13]]);
    await federation.settled();
    expect(await met("ct")).toEqual([1, 2, 9, 10, 11, 12, 20]);
    expect(await met("wcu")).toEqual([1, 2, 9, 10, 11, 12, 20]);
    // One passport more, and what belongs to it: nothing of the twelve before.
    expect((await federation.status("ct")).hardened - hardened).toBeLessThan(hardened / 6n);

    expect(table("ct", "SELECT epoch FROM standing WHERE epoch <> 2")).toEqual([]);
    expect(table("ct", "SELECT epoch FROM published WHERE epoch <> 2")).toEqual([]);
    expect(existsSync(join(federation.dir("ct"), "keys", "sealing.key"))).toBe(false);
    expect(existsSync(join(federation.dir("ct"), "keys", "sealing-2.key"))).toBe(true);
    expect(federation.log.lines("node.failed")).toEqual([]);
  });

  it("opened and ended while a node was away costs it nothing when it is back", async () => {
    federation = await TestFederation.start();
    await federation.import("ct", persons("ct", 1, 3));
    await federation.import("wcu", persons("wcu", 1, 3));
    await federation.settled();
    await federation.stop("wcu");
    await federation.openEpoch(2);
    federation.activate(2, ["wcu"]);
    federation.retire(1, "rotated", ["wcu"]);
    await federation.openEpoch(3);
    await federation.informed(["ct"]);
    federation.activate(3, ["wcu"]);
    federation.retire(2, "rotated", ["wcu"]);
    await federation.informed(["ct"]);
    await federation.import("ct", persons("ct", 4, 4));
    await federation.startNode("wcu");
    await federation.import("wcu", persons("wcu", 4, 5));
    await expect.poll(() => progress("wcu"), SOON).toEqual([[3, "active", 5, 5]]);
    await federation.settled();
    expect(await met("wcu")).toEqual([1, 2, 3, 4]);
    expect(table("wcu", "SELECT DISTINCT epoch FROM standing")).toEqual([{ epoch: 3 }]);
  });
});
