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

describe("a standby", { timeout: LONG_MS }, () => {
  it("takes over when the active broker is killed, knowing what that knew", async () => {
    await using world = await World.withoutBroker();
    const { active, standby } = await twoBrokers(world);
    await using owned = new AsyncDisposableStack();
    for (const each of [active, standby]) owned.use(each);
    const [harbour, border] = [await world.client("harbour"), await world.client("border")];
    await overlap(harbour, border, "first", 1);
    await active.kill();
    const killedAtMs = Date.now();
    await standby.logged("lease.takenOver", 1, TAKEN_OVER_MS);
    await standby.logged("broker.ready", 1, TAKEN_OVER_MS);
    console.log(`took over after ${Date.now() - killedAtMs} ms`);
    await overlap(harbour, border, "second", 2);
    expect(new Set(harbour.events("matchOpened").map(({ matchId }) => matchId)).size).toBe(2);
    expect(active.isGone).toBe(true);
  });

  it("takes over when the active broker is paused, which stands by once it goes on", async () => {
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
    expect(new Set(border.events("matchOpened").map(({ matchId }) => matchId)).size).toBe(3);
  });
});
