import { describe, expect, it } from "vitest";
import { WatchedTimers } from "../../shared/world/watched-timers.ts";
import { HandWorld } from "../support/hand-world.ts";

describe("watched timers", () => {
  it("hand what a timer's work throws to whoever runs the program, the first of it, and the others go on", async () => {
    const world = new HandWorld();
    const timers = new WatchedTimers(world);
    const seen: string[] = [];
    const fail = (text: string) => () => {
      throw new Error(text);
    };
    timers.world.after(1, fail("first"));
    timers.world.after(2, fail("second"));
    timers.world.after(3, () => seen.push("third"));
    timers.world.after(3, () => seen.push("called off"))();
    await world.pass(10);
    await expect(timers.run(new AbortController().signal)).rejects.toThrow("first");
    expect(seen).toEqual(["third"]);
  });

  it("run until they are told to stop when nothing fails", async () => {
    const world = new HandWorld();
    const timers = new WatchedTimers(world);
    const stop = new AbortController();
    timers.world.after(5, () => stop.abort());
    const running = timers.run(stop.signal);
    await world.pass(10);
    await expect(running).resolves.toBeUndefined();
    expect(timers.world.elapsedMs()).toBe(10);
  });
});
