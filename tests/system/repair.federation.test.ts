import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { TestFederation } from "../support/federation.ts";
import type { UnitName } from "../support/federation.ts";
import { persons } from "../support/overlaps.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

describe("broker and node agree on what is published", { timeout: LONG_MS }, () => {
  let federation: TestFederation;
  afterEach(async () => await federation?.[Symbol.asyncDispose](), LONG_MS);

  const database = (unit: UnitName): string => join(federation.dir(unit), "node.sqlite");

  /** When the digest of the active epoch was last agreed on, in ms; 0 if it is not. */
  const agreedMs = async (unit: UnitName): Promise<number> =>
    Number((await federation.status(unit)).epochs[0]?.digestAgreedMs ?? 0);

  async function agreedSince(unit: UnitName, sinceMs: number): Promise<void> {
    await expect.poll(() => agreedMs(unit), SOON).toBeGreaterThan(sinceMs);
  }

  async function met(unit: UnitName): Promise<string[]> {
    const matches = (await federation.matches(unit)).filter(({ state }) => state === "proven");
    return matches.map(({ reference }) => reference).toSorted();
  }

  it("after every connection", async () => {
    federation = await TestFederation.start();
    await federation.import("ct", persons("ct", 1, 5));
    await federation.settled();
    const restartedMs = Date.now();
    await federation.stop("ct");
    await federation.startNode("ct");
    await agreedSince("ct", restartedMs);
  });

  it("also for a node that was restored from a backup: what came after it is held for a person, and stays open at the other side", async () => {
    federation = await TestFederation.start();
    await federation.import("ct", persons("ct", 1, 3));
    await federation.import("wcu", persons("wcu", 1, 6));
    await federation.settled();
    await federation.stop("ct");
    const backup = join(federation.root, "backup.sqlite");
    copyFileSync(database("ct"), backup);
    await federation.startNode("ct");
    await federation.import("ct", persons("ct", 4, 6));
    await federation.settled();
    expect(await met("wcu")).toEqual([1, 2, 3, 4, 5, 6].map((n) => `wcu-${n}`));
    await federation.stop("ct");
    for (const suffix of ["-wal", "-shm"]) rmSync(`${database("ct")}${suffix}`, { force: true });
    copyFileSync(backup, database("ct"));
    const restoredMs = Date.now();
    await federation.startNode("ct");
    await agreedSince("ct", restoredMs);
    await federation.settled(["wcu"]);
    // Nobody here knows the other three any more: only a person may withdraw them.
    expect(Number((await federation.status("ct")).heldStrays)).toBe(3);
    expect(await met("wcu")).toEqual([1, 2, 3, 4, 5, 6].map((n) => `wcu-${n}`));
  });

  it("also for a node that lost its database and imports its records again", async () => {
    federation = await TestFederation.start();
    await federation.import("ct", persons("ct", 1, 3));
    await federation.import("wcu", persons("wcu", 2, 3));
    await federation.settled();
    await federation.stop("ct");
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${database("ct")}${suffix}`, { force: true });
    const lostMs = Date.now();
    await federation.startNode("ct");
    await agreedSince("ct", lostMs);
    await federation.settled(["wcu"]);
    expect(await met("ct")).toEqual([]);
    expect(await met("wcu")).toEqual(["wcu-2", "wcu-3"]);
    await federation.import("ct", persons("ct", 1, 3));
    await federation.settled();
    await expect.poll(() => met("ct"), SOON).toEqual(["ct-2", "ct-3"]);
    expect(await met("wcu")).toEqual(["wcu-2", "wcu-3"]);
  });
});
