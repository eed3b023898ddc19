/** The disk of one party is full while records come, and is freed. All persons and numbers are invented. */
import { afterEach, describe, expect, it } from "vitest";
import { TestFederation } from "../support/federation.ts";
import type { UnitName } from "../support/federation.ts";
import { namedAt, person, persons } from "../support/overlaps.ts";
import { LONG_MS, SOON } from "../support/patience.ts";
import { SmallDisk } from "../support/small-disk.ts";

const UNITS = ["ct", "wcu"] as const;
const DISK_MB = 48;
const [FEW, ALL] = [4, 120];

describe.runIf(SmallDisk.isPossible)("a full disk", { timeout: LONG_MS }, () => {
  let federation: TestFederation;
  let disk: SmallDisk;

  afterEach(async () => {
    disk[Symbol.dispose]();
    await federation[Symbol.asyncDispose]();
  }, LONG_MS);

  async function startOn(party: string): Promise<void> {
    federation = await TestFederation.found();
    disk = new SmallDisk(federation.dir(party), DISK_MB);
    await federation.nats.start();
    await federation.startBroker();
    await federation.startEvaluator();
    for (const unit of UNITS) await federation.startNode(unit);
    for (const unit of UNITS) await federation.import(unit, persons(unit, 1, FEW));
    await bothKnow(FEW);
    disk.fill();
  }

  /** So many overlaps at both sides, each once and with whom to call. */
  async function bothKnow(overlaps: number): Promise<void> {
    const all = Array.from({ length: overlaps }, (_, i) => i + 1);
    for (const unit of UNITS) {
      await expect.poll(async () => await namedAt(federation, unit), { timeout: 90_000 }).toEqual(all);
      expect(await federation.matches(unit)).toHaveLength(overlaps);
    }
  }

  const restart = async (party: string): Promise<void> => await federation.stop(party).catch(() => undefined);
  const rest = async (unit: UnitName): Promise<unknown> => await federation.import(unit, persons(unit, FEW + 1, ALL));

  it("of nats-server confirms nothing, is said by nodes and broker, and is over once it is restarted", async () => {
    await startOn("nats");
    for (const unit of UNITS) await rest(unit);
    const hindrance = async () => (await federation.status("wcu")).hindrance;
    await expect.poll(hindrance, { timeout: 60_000 }).toBe("streamRefused");
    expect((await federation.status("wcu")).notCompared).not.toEqual([]);
    // What evaluations cost the broker cannot keep in both copies, as soon as what nats-server had room for is used up.
    let more = ALL;
    const refusals = async (): Promise<number> => {
      more += 1;
      await federation.import("ct", person("ct", more));
      return federation.log.lines("journal.refused").length;
    };
    await expect.poll(refusals, { timeout: 60_000, interval: 500 }).toBe(1);
    disk.free();
    await federation.nats.kill();
    await federation.nats.start();
    await bothKnow(ALL);
    expect(federation.log.lines("journal.storesAgain")).toHaveLength(1);
  });

  it("of the broker ends it, which is said, and what was not kept comes again when it is started with room", async () => {
    await startOn("broker");
    for (const unit of UNITS) await rest(unit);
    await expect.poll(() => federation.log.text.includes("the disk is full"), { timeout: 60_000 }).toBe(true);
    const isOnTheWay = async () => (await federation.status("ct")).outbox > 0n;
    await expect.poll(isOnTheWay, SOON).toBe(true);
    await restart("broker");
    disk.free();
    await federation.startBroker();
    await bothKnow(ALL);
  });

  it("of an evaluator holds up hardening, which is said by it and by the nodes, and is over as soon as there is room", async () => {
    await startOn("key-office");
    for (const unit of UNITS) await rest(unit);
    await expect.poll(() => federation.log.text.includes("the disk is full"), { timeout: 60_000 }).toBe(true);
    const reasons = async () => (await federation.status("wcu")).notCompared.map(({ reason }) => reason);
    await expect.poll(reasons, { timeout: 60_000 }).toContain("waitingForHardening");
    disk.free();
    await bothKnow(ALL);
  });

  it("of a node refuses the file, says so, and nothing of it is lost when it comes again", async () => {
    await startOn("ct");
    const refusal = await rest("ct").then(
      () => "none",
      (error: unknown) => String(error),
    );
    expect(refusal).not.toBe("none");
    expect(`${refusal}${federation.log.text}`).toContain("the disk is full");
    await rest("wcu");
    await restart("ct");
    disk.free();
    await federation.startNode("ct");
    await rest("ct");
    await bothKnow(ALL);
  });
});
