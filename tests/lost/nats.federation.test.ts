/** The NATS server loses its store, all streams with it, while records and notices are under way. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { TestFederation } from "../support/federation.ts";
import type { UnitName } from "../support/federation.ts";
import { person } from "../support/overlaps.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

describe("NATS that has lost its store", { timeout: 2 * LONG_MS }, () => {
  let federation: TestFederation;
  afterEach(async () => await federation?.[Symbol.asyncDispose](), LONG_MS);

  const met = async (unit: UnitName): Promise<string[]> =>
    (await federation.matches(unit))
      .filter(({ state }) => state === "proven")
      .map(({ reference }) => reference)
      .toSorted();

  it("begins anew when it is started: what was published meets what comes, each once", async () => {
    federation = await TestFederation.start();
    await federation.import("ct", person("ct", 1) + person("ct", 2) + person("ct", 4));
    await federation.import("wcu", person("wcu", 1));
    await federation.settled();
    await federation.nats.kill();
    for (const part of ["store", "resolver"]) rmSync(join(federation.dir("nats"), part), { recursive: true });
    await federation.import("ct", person("ct", 3));
    await federation.nats.start();
    await federation.import("wcu", person("wcu", 2) + person("wcu", 3));
    await expect.poll(() => met("wcu"), { ...SOON, timeout: LONG_MS }).toEqual(["wcu-1", "wcu-2", "wcu-3"]);
    await expect.poll(() => met("ct"), { ...SOON, timeout: LONG_MS }).toEqual(["ct-1", "ct-2", "ct-3"]);
    // What was published before is in the new streams too: a broker that starts anew has it from there, or is sent it again.
    await federation.stop("broker");
    await federation.startBroker();
    await federation.import("wcu", person("wcu", 4));
    await expect.poll(() => met("ct"), { ...SOON, timeout: LONG_MS }).toEqual(["ct-1", "ct-2", "ct-3", "ct-4"]);
  });
});
