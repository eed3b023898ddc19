import { afterEach, describe, expect, it } from "vitest";
import { TestFederation } from "../support/federation.ts";
import { persons } from "../support/overlaps.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

describe("an outage", { timeout: LONG_MS }, () => {
  let federation: TestFederation;

  afterEach(async () => await federation?.[Symbol.asyncDispose](), LONG_MS);

  /** Everything published, and both sides of as many overlaps proven, with whom to call. */
  async function bothKnow(matches: number): Promise<void> {
    await federation.settled(["ct", "wcu"]);
    const [ct, wcu] = [await federation.matches("ct"), await federation.matches("wcu")];
    for (const shown of [ct, wcu]) {
      expect(shown).toHaveLength(matches);
      expect(shown.every(({ state, counterpart }) => state === "proven" && counterpart?.contact !== undefined)).toBe(
        true,
      );
    }
    expect(ct.map(({ id }) => id).toSorted()).toEqual(wcu.map(({ id }) => id).toSorted());
  }

  const logged = (event: string, program: string): number =>
    federation.log.lines(event).filter((line) => line.program === program).length;

  it("of nats-server, before anything else starts and again midway, is waited out", async () => {
    federation = await TestFederation.found();
    const broker = federation.startBroker();
    await federation.startEvaluator();
    for (const unit of ["ct", "wcu"] as const) await federation.startNode(unit);
    await federation.import("ct", persons("ct", 1, 20));
    await federation.import("wcu", persons("wcu", 11, 30));
    // Both say what they wait for, and the node says that what it takes in stays here for now.
    for (const program of ["broker", "ct", "wcu"])
      await expect.poll(() => logged("nats.waiting", program), SOON).toBeGreaterThan(0);
    const [waiting] = federation.log.lines("nats.waiting");
    expect(waiting).toMatchObject({ error: "UNAVAILABLE", message: expect.stringContaining("NATS server") as unknown });
    expect(await federation.status("ct")).toMatchObject({ brokerConnected: false, records: 0n });
    await federation.nats.start();
    await broker;
    await bothKnow(10);

    await federation.nats.kill();
    await federation.import("wcu", persons("wcu", 1, 10));
    await expect.poll(async () => (await federation.status("wcu")).brokerConnected, SOON).toBe(false);
    // Hardening needs no NATS: all is ready to go.
    await expect.poll(async () => (await federation.status("wcu")).hardening, SOON).toBe(0n);
    expect((await federation.status("wcu")).outbox).toBeGreaterThan(0n);
    await federation.nats.start();
    await bothKnow(20);
  });

  it("of the broker leaves what is imported at the nodes, which say so, until it is back", async () => {
    federation = await TestFederation.start();
    await federation.import("ct", persons("ct", 1, 6));
    await federation.settled();
    await federation.stop("broker");
    await expect.poll(async () => (await federation.status("ct")).brokerConnected, SOON).toBe(false);
    const receipts = await federation.import("wcu", persons("wcu", 1, 5));
    expect(receipts.at(-1)?.event).toMatchObject({ $case: "receipt", value: { added: 5n, rejected: 0n } });
    // One that needs no hardening goes as far as the outbox, at the next beat.
    using records = federation.records("ct");
    await records.client.withdraw({ reference: "ct-6", reason: "invented" });
    await expect.poll(async () => (await federation.status("ct")).outbox, SOON).toBeGreaterThan(0n);
    expect((await federation.status("wcu")).hardening).toBe(5n);
    await federation.startBroker();
    await bothKnow(5);
  });

  it("of the second evaluator holds up publication and loses nothing", async () => {
    federation = await TestFederation.start();
    await federation.stop("key-office");
    await federation.import("ct", persons("ct", 1, 5));
    await federation.import("wcu", persons("wcu", 1, 5));
    for (const unit of ["ct", "wcu"])
      await expect.poll(() => logged("publishing.waiting", unit), SOON).toBeGreaterThan(1);
    expect(await federation.status("ct")).toMatchObject({ hardening: 5n, records: 0n, brokerConnected: true });
    expect(await federation.matches("wcu")).toEqual([]);
    await federation.startEvaluator();
    await bothKnow(5);
    // The broker's evaluator had answered already: it charges the same batch once.
    const charged = federation.log.lines("evaluator.evaluated").filter((line) => line["charged"] === true);
    expect(charged.filter(({ program }) => program === "broker")).toHaveLength(2);
  });

  it("of a node keeps nothing from it that others publish meanwhile", async () => {
    federation = await TestFederation.start();
    await federation.import("ct", persons("ct", 1, 5));
    await federation.settled();
    await federation.stop("ct");
    await federation.import("wcu", persons("wcu", 1, 5));
    // Its own side is proven only when the other is back.
    await expect.poll(async () => (await federation.status("wcu")).unprovenMatches, SOON).toBe(5n);
    expect((await federation.matches("wcu")).every(({ counterpart }) => counterpart === undefined)).toBe(true);
    await federation.startNode("ct");
    await bothKnow(5);
  });
});
