import { describe, expect, it } from "vitest";
import { toHex } from "../../shared/core/bytes.ts";
import { pause, within } from "../../shared/world/wait.ts";
import { SimWorld } from "./world.ts";

const never = new AbortController().signal;

describe("simulated time", () => {
  it("stands still until it is run, and then is what its timers say", async () => {
    const world = new SimWorld("seed", { startMs: 1_000 });
    const seen: [string, number][] = [];
    const note = (name: string) => () => void seen.push([name, world.elapsedMs()]);
    world.after(20, note("late"));
    world.after(10, note("first made"));
    world.after(10, note("second made"));
    await world.settle();
    expect(seen).toEqual([]);
    await world.run(15);
    expect(seen).toEqual([
      ["first made", 10],
      ["second made", 10],
    ]);
    expect([world.elapsedMs(), world.clock()]).toEqual([15, 1_015]);
    await world.pass(100);
    expect(seen.at(-1)).toEqual(["late", 20]);
    expect(world.elapsedMs()).toBe(115);
  });

  it("never runs work in the turn that asks for it, and not at all once it is called off", async () => {
    const world = new SimWorld("seed");
    const seen: string[] = [];
    world.after(0, () => seen.push("at once"));
    world.after(-5, () => seen.push("overdue"));
    const callOff = world.after(0, () => seen.push("called off"));
    expect(seen).toEqual([]);
    callOff();
    expect(world.waiting).toBe(2);
    await world.settle();
    expect(seen).toEqual(["at once", "overdue"]);
    callOff();
    expect(world.waiting).toBe(0);
  });

  it("lets promises settle before the next timer, however long their chain", async () => {
    const world = new SimWorld("seed");
    const seen: string[] = [];
    world.after(10, () => {
      void (async () => {
        for (let i = 0; i < 1_000; i += 1) await Promise.resolve();
        seen.push("chain");
      })();
    });
    world.after(10, () => seen.push("timer"));
    await world.run(10);
    expect(seen).toEqual(["chain", "timer"]);
  });

  it("runs what is made on the way, at its time", async () => {
    const world = new SimWorld("seed");
    const at: number[] = [];
    const tick = async (): Promise<void> => {
      for (let i = 0; i < 3; i += 1) {
        await pause(world, 100, never);
        at.push(world.elapsedMs());
      }
    };
    const ticking = tick();
    await world.run(250);
    expect(at).toEqual([100, 200]);
    await world.until(ticking);
    expect(at).toEqual([100, 200, 300]);
  });

  it("gives others their turn", async () => {
    const world = new SimWorld("seed");
    const seen: string[] = [];
    world.after(0, () => seen.push("waited before"));
    const turn = world.nextTurn().then(() => seen.push("my turn"));
    await world.until(turn);
    expect(seen).toEqual(["waited before", "my turn"]);
  });

  it("carries the project's waits: a call that takes too long ends in time", async () => {
    const world = new SimWorld("seed");
    const call = within(world, 5_000, never, () => new Promise<never>(() => undefined));
    await expect(world.until(call)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(world.elapsedMs()).toBe(5_000);
    expect(world.waiting).toBe(0);
  });

  it("says when something never ends", async () => {
    const world = new SimWorld("seed");
    await expect(world.until(new Promise(() => undefined), 1_000)).rejects.toThrow("has not settled");
  });

  it("throws what a timer's work throws", async () => {
    const world = new SimWorld("seed");
    world.after(1, () => {
      throw new Error("invented");
    });
    await expect(world.run(1)).rejects.toThrow("invented");
  });

  it("has a clock that may jump, of which durations hear nothing", async () => {
    const world = new SimWorld("seed", { startMs: 10_000 });
    let fired = false;
    world.after(100, () => (fired = true));
    world.jumpClock(-3_000);
    expect([world.clock(), world.elapsedMs()]).toEqual([7_000, 0]);
    await world.run(99);
    expect(fired).toBe(false);
    await world.run(100);
    expect([fired, world.clock()]).toEqual([true, 7_100]);
  });
});

describe("simulated randomness", () => {
  const draw = (seed: string): string[] => {
    const world = new SimWorld(seed);
    return [1, 0, 64, 200].map((count) => toHex(world.randomBytes(count)));
  };

  it("is the seed's: the same draws again, others for another seed", () => {
    expect(draw("one")).toEqual(draw("one"));
    expect(draw("one")).not.toEqual(draw("two"));
    expect(draw("one").map((hex) => hex.length / 2)).toEqual([1, 0, 64, 200]);
  });

  it("does not repeat", () => {
    const world = new SimWorld("seed");
    const drawn = Array.from({ length: 1_000 }, () => toHex(world.randomBytes(16)));
    expect(new Set(drawn).size).toBe(1_000);
  });

  it("is each party's own: what one draws changes nothing for another", () => {
    const [quiet, busy] = [new SimWorld("seed"), new SimWorld("seed")];
    busy.party("broker").randomBytes(1_000);
    expect(busy.party("node").randomBytes(32)).toEqual(quiet.party("node").randomBytes(32));
    expect(quiet.party("node").randomBytes(32)).not.toEqual(quiet.party("broker").randomBytes(32));
  });

  it("refuses counts that are none", () => {
    for (const bad of [-1, 1.5, Number.NaN]) expect(() => new SimWorld("seed").randomBytes(bad)).toThrow(RangeError);
  });
});
