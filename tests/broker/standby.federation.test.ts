/** Two brokers, the second from a copy of the first one's directory: one is active, the other follows and takes over. */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BrokerProcess } from "../drills/broker-process.ts";
import { LONG_MS } from "../support/patience.ts";
import { newHandle, tokens, upsert, World } from "./support.ts";
import type { Client } from "./support.ts";

const TAKEN_OVER_MS = 60_000;

async function twoBrokers(world: World): Promise<{ active: BrokerProcess; standby: BrokerProcess }> {
  const dir = world.sample.dir("broker");
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "broker.json"), JSON.stringify(world.settings));
  const copy = join(world.sample.root, "broker-2");
  cpSync(dir, copy, { recursive: true });
  const active = new BrokerProcess(dir);
  await active.logged("broker.ready");
  cpSync(join(dir, "keys"), join(copy, "keys"), { recursive: true });
  const standby = new BrokerProcess(copy);
  await standby.logged("lease.standingBy");
  return { active, standby };
}

async function overlap(harbour: Client, border: Client, name: string, count: number): Promise<void> {
  await harbour.publishAndWait(upsert(newHandle(), tokens([name])));
  await border.publishAndWait(upsert(newHandle(), tokens([name])));
  await Promise.all([harbour.event("matchOpened", count), border.event("matchOpened", count)]);
}

/** Each match was told of once. */
function expectToldOnce(clients: readonly Client[], matches: number): void {
  for (const client of clients) {
    const told = client.events("matchOpened").map(({ matchId }) => matchId);
    expect(told.length).toBe(matches);
    expect(new Set(told).size).toBe(matches);
  }
}

describe("a second broker from a copy of the directory", { timeout: LONG_MS }, () => {
  it("stands by as long as the first one is active, and says so once", async () => {
    await using world = await World.withoutBroker();
    const { active, standby } = await twoBrokers(world);
    await using owned = new AsyncDisposableStack();
    for (const each of [active, standby]) owned.use(each);
    const [harbour, border] = [await world.client("harbour"), await world.client("border")];
    for (const [i, name] of ["first", "second", "third"].entries()) await overlap(harbour, border, name, i + 1);
    expectToldOnce([harbour, border], 3);
    expect(standby.count("lease.standingBy")).toBe(1);
    expect(standby.count("broker.ready")).toBe(0);
    expect(active.count("lease.lost")).toBe(0);
    await standby.stop();
    expect(standby.exitCode).toBe(0);
    await overlap(harbour, border, "fourth", 4);
  });

  it("takes over when the active one is killed, knowing what that knew", async () => {
    await using world = await World.withoutBroker();
    const { active, standby } = await twoBrokers(world);
    await using owned = new AsyncDisposableStack();
    for (const each of [active, standby]) owned.use(each);
    const [harbour, border] = [await world.client("harbour"), await world.client("border")];
    await overlap(harbour, border, "first", 1);
    await active.kill();
    await standby.logged("lease.takenOver", 1, TAKEN_OVER_MS);
    await standby.logged("broker.ready", 1, TAKEN_OVER_MS);
    await overlap(harbour, border, "second", 2);
    expectToldOnce([harbour, border], 2);
  });

  it("takes over when the active one is paused, which stands by once it goes on, and takes over in its turn", async () => {
    await using world = await World.withoutBroker();
    const { active, standby } = await twoBrokers(world);
    await using owned = new AsyncDisposableStack();
    for (const each of [active, standby]) owned.use(each);
    const [harbour, border] = [await world.client("harbour"), await world.client("border")];
    await overlap(harbour, border, "first", 1);
    process.kill(active.pid, "SIGSTOP");
    await standby.logged("broker.ready", 1, TAKEN_OVER_MS);
    await overlap(harbour, border, "second", 2);
    process.kill(active.pid, "SIGCONT");
    await active.logged("lease.standingBy", 1, TAKEN_OVER_MS);
    await overlap(harbour, border, "third", 3);
    // Neither has replaced the other again.
    expect([active.count("broker.ready"), active.count("broker.replaced")]).toEqual([1, 1]);
    expect([standby.count("lease.lost"), standby.count("broker.replaced")]).toEqual([0, 0]);
    expectToldOnce([harbour, border], 3);
    await standby.kill();
    await active.logged("broker.ready", 2, TAKEN_OVER_MS);
    await overlap(harbour, border, "fourth", 4);
    expectToldOnce([harbour, border], 4);
  });
});
