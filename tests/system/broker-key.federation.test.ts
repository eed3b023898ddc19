/** The board gives the broker another signing key, with notices on the way to a node that is switched off. */
import { afterEach, describe, expect, it } from "vitest";
import { prepareNextKey } from "../../shared/party/next-key.ts";
import { TestFederation } from "../support/federation.ts";
import type { UnitName } from "../support/federation.ts";
import { person } from "../support/overlaps.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

describe("a broker with a new signing key", { timeout: LONG_MS }, () => {
  let federation: TestFederation;
  afterEach(async () => await federation?.[Symbol.asyncDispose](), LONG_MS);

  const met = async (unit: UnitName): Promise<string[]> =>
    (await federation.matches(unit))
      .filter(({ state }) => state === "proven")
      .map(({ reference }) => reference)
      .toSorted();

  const heardOf = async (unit: UnitName): Promise<number> => (await federation.matches(unit)).length;

  async function giveBrokerAnotherKey(): Promise<void> {
    const { signingKey } = (await prepareNextKey(federation.dir("broker"))).enrolment;
    federation.decide({ type: "rotateKey", party: { kind: "broker" }, signingKey, reason: "Invented reason" });
  }

  it("still tells a node that was away what it had written down for it under the one before", async () => {
    federation = await TestFederation.start();
    await federation.import("ct", person("ct", 1) + person("ct", 2));
    await federation.import("wcu", person("wcu", 1));
    await federation.settled();
    await federation.stop("ct");
    await federation.import("wcu", person("wcu", 2));
    await expect.poll(() => heardOf("wcu"), SOON).toBe(2);
    await giveBrokerAnotherKey();
    await expect.poll(() => federation.log.lines("alarm.keyReplaced").length, SOON).toBe(1);
    await federation.stop("broker");
    await federation.nats.kill();
    const starting = federation.startBroker();
    await federation.startNode("ct");
    // It knows of the new key before anything reaches it that was signed with the old one, and so do the others.
    await federation.informed();
    await federation.nats.start();
    await starting;
    await federation.informed();
    await federation.import("thb", person("thb", 1));
    // An answer may have been on its way under the old key when its node heard of the new one. Then the node sends again what it answered,
    // and NATS takes that for a copy for two minutes.
    await federation.settled(undefined, 200_000);
    // What came under the new key follows what was written under the old one, in one chain.
    expect(await met("ct")).toEqual(["ct-1", "ct-1", "ct-2"]);
    expect(await met("wcu")).toEqual(["wcu-1", "wcu-1", "wcu-2"]);
    expect(federation.log.lines("notice.chainBroken")).toEqual([]);
  });
});
