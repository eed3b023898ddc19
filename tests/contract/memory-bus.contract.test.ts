import { describe, expect, it } from "vitest";
import { AGAIN_AFTER_MS } from "../../shared/bus/bus.ts";
import { utf8 } from "../../shared/core/bytes.ts";
import { SimWorld } from "../sim/world.ts";
import { MemoryBusServer } from "../support/memory-bus.ts";
import { busContract } from "./bus.ts";
import type { BusHarness } from "./bus.ts";

async function start(): Promise<BusHarness> {
  const world = new SimWorld("memory bus");
  const server = new MemoryBusServer(world);
  return {
    connect: (connection) => server.connect(connection),
    until: (work) => world.until(work),
    pass: (ms) => world.pass(ms),
    goAway: async () => server.goAway(),
    comeBack: async () => server.comeBack(),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

busContract("the bus in memory", start);

const SETTINGS = {
  name: "INVENTED",
  subjects: ["invented.*"],
  keeps: "all",
  maxBytes: 1_000,
  maxMessages: 10,
  maxMessageBytes: 500,
  maxAgeMs: 60_000,
  duplicateWindowMs: 1_000,
  replicas: 1,
} as const;

describe("the bus in memory alone", () => {
  const { signal } = new AbortController();

  it("gives a message again after each of the times, then after the last of them", async () => {
    const world = new SimWorld("seed");
    const bus = await world.until(new MemoryBusServer(world).connect({ signal }));
    await world.until(bus.ensureStream({ ...SETTINGS, maxAgeMs: 0 }));
    await world.until(bus.ensureConsumer("INVENTED", "reader", 1));
    await world.until(bus.publish("invented.a", utf8("one"), "id"));
    const messages = bus.consume("INVENTED", "reader");
    const at: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      await world.until(messages.next());
      at.push(world.elapsedMs());
    }
    const gaps = at.slice(1).map((ms, i) => Math.round((ms - (at[i] as number)) / 1_000) * 1_000);
    expect(gaps).toEqual([...AGAIN_AFTER_MS, AGAIN_AFTER_MS.at(-1)]);
  });

  it("forgets what is older than its stream keeps it", async () => {
    const world = new SimWorld("seed");
    const server = new MemoryBusServer(world);
    const bus = await world.until(server.connect({ signal }));
    await world.until(bus.ensureStream(SETTINGS));
    await world.until(bus.publish("invented.a", utf8("one"), "id"));
    await world.pass(59_000);
    expect(server.messages("INVENTED")).toHaveLength(1);
    await world.pass(1_000);
    expect(server.messages("INVENTED")).toHaveLength(0);
  });

  it("refuses clients and calls that it was told to refuse, and streams for which it has no room", async () => {
    const world = new SimWorld("seed");
    const server = new MemoryBusServer(world, { roomBytes: 1_500 });
    await expect(world.until(server.connect({ signal }, "refused"))).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const own = { publish: (subject: string) => subject === "invented.a", read: () => false };
    const bus = await world.until(server.connect({ signal }, own));
    await world.until(bus.ensureStream(SETTINGS));
    await expect(world.until(bus.ensureStream({ ...SETTINGS, name: "OTHER" }))).rejects.toMatchObject({
      reason: 10_047,
    });
    await world.until(bus.publish("invented.a", utf8("mine"), "id"));
    await expect(world.until(bus.publish("invented.b", utf8("not mine"), "id 2"))).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    expect(server.published.map(({ subject }) => subject)).toEqual(["invented.a"]);
    await world.until(bus.ensureConsumer("INVENTED", "reader", 1));
    let came = false;
    void bus
      .consume("INVENTED", "reader")
      .next()
      .then(() => (came = true));
    await world.pass(1_000);
    expect(came).toBe(false);
  });
});
