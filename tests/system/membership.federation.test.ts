import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { partyFile } from "../../shared/party/files.ts";
import { BUDGET, TestFederation } from "../support/federation.ts";
import { person } from "../support/overlaps.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

describe("a member", { timeout: LONG_MS }, () => {
  let federation: TestFederation;
  afterEach(async () => await federation?.[Symbol.asyncDispose](), LONG_MS);

  it("that is suspended says so, keeps what it has readable, and goes on by itself once it is reinstated", async () => {
    federation = await TestFederation.start();
    await federation.import("ct", person("ct", 1) + person("ct", 2));
    await federation.import("wcu", person("wcu", 1));
    await federation.settled();
    federation.suspend("ct");
    await expect.poll(async () => (await federation.status("ct")).membershipEnd, SOON).toBe("refused");
    const status = await federation.status("ct");
    expect(status).toMatchObject({ slug: "ct", publishingHalt: "FORBIDDEN", records: 2n, openMatches: 1n });
    expect(await federation.matches("ct")).toHaveLength(1);
    await federation.import("ct", person("ct", 3));

    await federation.reinstate("ct");
    await expect.poll(async () => (await federation.status("ct")).membershipEnd, SOON).toBe("");
    await federation.import("wcu", person("wcu", 3));
    await expect.poll(async () => (await federation.status("ct")).records, SOON).toBe(3n);
    await expect.poll(async () => (await federation.matches("ct")).length, SOON).toBe(2);
    expect(federation.log.lines("node.failed")).toEqual([]);
  });

  it("that learns from the chain that it was suspended, then removed, says so, and takes nothing in", async () => {
    federation = await TestFederation.start();
    await federation.import("ct", person("ct", 1));
    await federation.settled();
    for (const [end, decide] of [
      ["suspended", () => federation.suspend("ct")],
      ["removed", () => federation.remove("ct")],
    ] as const) {
      await federation.stop("ct");
      decide();
      // What the broker no longer shows it, somebody else may.
      copyFileSync(partyFile(federation.dir("broker"), "chain"), partyFile(federation.dir("ct"), "chain"));
      await federation.startNode("ct");
      expect(await federation.status("ct")).toMatchObject({
        membershipEnd: end,
        slug: "ct",
        publishingHalt: "FORBIDDEN",
      });
      await expect(federation.import("ct", person("ct", 2))).rejects.toMatchObject({ code: "FORBIDDEN" });
    }
    expect(federation.log.lines("node.failed")).toEqual([]);
  });

  it("sees what it has used of its budgets, until when its certificate holds, and how far an epoch has come", async () => {
    federation = await TestFederation.start();
    await federation.import("ct", person("ct", 1));
    await federation.settled();
    await federation.stop("ct");
    await federation.startNode("ct");
    await expect.poll(async () => (await federation.status("ct")).budgets.length, SOON).toBe(3);
    const { budgets, certificateUntilMs, epochs } = await federation.status("ct");
    expect(budgets.map(({ at }) => at).toSorted()).toEqual(["", "broker", "key-office"]);
    const unused = BigInt(BUDGET.initial + BUDGET.perDay);
    expect(budgets.every(({ perDay }) => perDay === BigInt(BUDGET.perDay))).toBe(true);
    expect(budgets.every(({ available }) => available < unused)).toBe(true);
    expect(Number(certificateUntilMs)).toBeGreaterThan(Date.now());
    expect(epochs).toMatchObject([{ epoch: 1, state: "active", records: 1n, published: 1n, obstacle: "" }]);
    expect(existsSync(join(federation.dir("ct"), "keys", "sealing.key"))).toBe(true);
  });
});
