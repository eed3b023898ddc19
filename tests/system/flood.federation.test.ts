/** Somebody with one unit's NATS user fills its stream with junk, on the real server; the unit publishes again within a minute. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestFederation } from "../support/federation.ts";
import { LONG_MS } from "../support/patience.ts";
import { FLOOD_ENDS_MS, floodable, publishAfterFlood, startBroker } from "./flood.ts";

let federation: TestFederation;
beforeAll(async () => {
  federation = await floodable();
}, LONG_MS);
afterAll(async () => await federation?.[Symbol.asyncDispose](), LONG_MS);

describe("a unit's stream that somebody else fills", { timeout: LONG_MS }, () => {
  it("takes the unit's own submissions again within a minute, and names the unit to oversight", async () => {
    // In an epoch that is open, and in one that nobody knows of.
    for (const [epoch, day] of [
      [1, "04"],
      [999, "05"],
    ] as const) {
      const flooded = await publishAfterFlood(federation, { epoch, day });
      expect(flooded).toMatchObject({ met: true });
      expect(flooded.junk).toBeGreaterThan(10);
      expect(flooded.ms).toBeLessThan(FLOOD_ENDS_MS);
      expect(flooded.emptied).toBeGreaterThan(0);
      expect(flooded.passedOver).toBeGreaterThan(0);
    }
    const raised = federation.log.lines("alarm.raised").filter(({ kind }) => kind === "streamFlooded");
    expect(raised.map((line) => line["member"])).toContain("ct");
    // What was applied before stands, though the stream was emptied under it.
    await federation.stop("broker");
    await startBroker(federation);
    await federation.settled(["ct", "thb"]);
    const proven = (await federation.matches("ct")).filter(({ state }) => state === "proven");
    expect([...new Set(proven.map(({ reference }) => reference))].toSorted()).toEqual(["CT-04", "CT-05", "CT-1"]);
  });
});
