/** NATS comes back with what it held some seconds before, in the midst of publications and statements. All persons are invented. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { TestFederation } from "../support/federation.ts";
import { namedAt, persons } from "../support/overlaps.ts";
import { LONG_MS } from "../support/patience.ts";

const UNITS = ["ct", "wcu"] as const;
const [BEFORE, ALL] = [30, 60];

it("a stream rolled back in the midst of statements loses no overlap", { timeout: LONG_MS }, async () => {
  await using federation = await TestFederation.start();
  const store = join(federation.dir("nats"), "store");
  const kept = join(federation.dir("nats"), "kept");
  for (const unit of UNITS) await federation.import(unit, persons(unit, 1, BEFORE));
  // In the midst: some overlaps are open, not all are named.
  await expect
    .poll(async () => (await federation.matches("ct")).length, { timeout: 60_000, interval: 20 })
    .toBeGreaterThan(0);
  await federation.nats.kill();
  cpSync(store, kept, { recursive: true });
  await federation.nats.start();
  for (const unit of UNITS) await federation.import(unit, persons(unit, BEFORE + 1, ALL));
  await expect
    .poll(async () => (await federation.matches("ct")).length, { timeout: 60_000, interval: 20 })
    .toBeGreaterThan(BEFORE);
  await federation.nats.kill();
  rmSync(store, { recursive: true });
  cpSync(kept, store, { recursive: true });
  await federation.nats.start();
  const all = Array.from({ length: ALL }, (_, i) => i + 1);
  for (const unit of UNITS) {
    await expect.poll(async () => await namedAt(federation, unit), { timeout: 120_000 }).toEqual(all);
    expect(await federation.matches(unit)).toHaveLength(ALL);
  }
});
