/** One broker over a simulated world. */
import { describe, expect, it } from "vitest";
import { assemble, run } from "../../broker/assemble.ts";
import { Lease } from "../../broker/journal/lease.ts";
import { MachineFault } from "../../shared/core/machine-fault.ts";
import { DAY_MS, Scene, TOKENS_PER_CLASS } from "./scene.ts";

/** Two units with a record each that have a token in common, from the broker's start to its end. The second joins while it runs. */
async function overlap(seed: string) {
  const scene = new Scene(seed);
  const { world } = scene;
  const harbour = await scene.join("harbour");
  const broker = assemble(scene.ports);
  const running = run(broker);
  const ready = [running.isReady()];
  await world.until(running.ready);
  ready.push(running.isReady());
  const border = await scene.join("border");
  await world.pass(1_000);
  const [ours, theirs] = [scene.record("harbour", "a passport", "a phone"), scene.record("border", "other", "a phone")];
  await world.until(harbour.publish(ours));
  await world.until(border.publish(theirs));
  await world.pass(5_000);
  const status = broker.desk.status();
  await broker[Symbol.asyncDispose]();
  ready.push(running.isReady());
  scene.leave();
  await world.settle();
  return { scene, harbour, border, ours, theirs, status, ready };
}

describe("a broker over a simulated world", () => {
  it("takes submissions, finds what two units have in common, and tells each its own positions", async () => {
    const { scene, harbour, border, ours, theirs, status, ready } = await overlap("a seed");
    expect(ready).toEqual([false, true, false]);
    expect([harbour, border].map(({ receipts }) => receipts.map(({ rejections }) => rejections))).toEqual([[[]], [[]]]);
    const meeting = { sequence: 1, positions: { single: [1] } };
    expect(harbour.events).toMatchObject([{ type: "matchOpened", handle: ours.handle, meeting }]);
    expect(border.events).toMatchObject([{ type: "matchOpened", handle: theirs.handle, meeting }]);
    const told = [...harbour.events, ...border.events].map((event) => "matchId" in event && event.matchId);
    expect(new Set(told).size).toBe(1);
    expect(status).toEqual({
      members: 2,
      records: 2,
      tokens: 2 * 3 * TOKENS_PER_CLASS,
      matchesOpened: 1,
      matchesOpen: 1,
      natsConnected: true,
      journal: {
        position: status.journal.position,
        unsent: 0,
        storedAtMs: status.journal.storedAtMs,
        refused: undefined,
      },
    });
    expect(scene.recorded.count("broker.failed")).toBe(0);
  });

  it("puts the same bytes on the bus for the same seed, and no message of them for another", async () => {
    const [first, again, other] = [await overlap("a seed"), await overlap("a seed"), await overlap("another seed")];
    // Two submissions, two receipts, two notices.
    expect(first.scene.messages).toHaveLength(6);
    expect(again.scene.messages).toEqual(first.scene.messages);
    expect(other.scene.messages).toHaveLength(6);
    expect(other.scene.messages.filter((each) => first.scene.messages.includes(each))).toEqual([]);
  });

  it("leaves nothing behind that waits", async () => {
    const { scene } = await overlap("a seed");
    await scene.world.pass(DAY_MS);
    expect(scene.world.waiting).toBe(0);
  });

  it("ends, and says why, when what a timer does finds the disk full", async () => {
    const scene = new Scene("a seed");
    const broker = assemble(scene.ports);
    const running = run(broker);
    await scene.world.until(running.ready);
    broker.ground.world.after(1_000, () => {
      throw new MachineFault("ledger.sqlite", "cannot grow", { cause: undefined });
    });
    const failure = broker.ground.tasks.failed.catch((error: unknown) => String(error));
    expect(await scene.world.until(failure)).toContain("ledger.sqlite cannot grow");
    await broker[Symbol.asyncDispose]();
    scene.leave();
    await scene.world.settle();
  });

  it("gives way once another process of its directory holds the lease", async () => {
    const scene = new Scene("a seed");
    const broker = assemble(scene.ports);
    const running = run(broker);
    await scene.world.until(running.ready);
    const { bus, world, tasks } = broker.ground;
    const { place } = scene.ports;
    const other = new Lease({ bus, place, sizes: { replicas: 1 }, world, signal: tasks.signal });
    expect(await scene.world.until(other.acquire())).toBe("acquired");
    await scene.world.until(broker.restartNeeded);
    expect([tasks.signal.aborted, scene.recorded.count("lease.lost")]).toEqual([true, 1]);
    await broker[Symbol.asyncDispose]();
    scene.leave();
    await scene.world.settle();
  });
});
