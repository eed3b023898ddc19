/** What stands between the broker and its console: proofs that are made once, and word of changes. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Changes } from "../../broker/console-data/changes.ts";
import { Proven } from "../../broker/console-data/proven.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { silentLog } from "../../shared/world/log.ts";
import { Wake } from "../../shared/world/wake.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { WrittenLog } from "../support/written-log.ts";

describe("what was proven", () => {
  it("is proven once, and again for other bytes or under another key", () => {
    const proven = new Proven<number>();
    let proofs = 0;
    const read = (key: string, ...bytes: number[]): number | undefined =>
      proven.read(key, Uint8Array.from(bytes), ([first = 0]) => {
        proofs += 1;
        return first;
      });
    expect([read("a", 1), read("a", 1), read("a", 1)]).toEqual([1, 1, 1]);
    expect(proofs).toBe(1);
    expect([read("a", 2), read("b", 2)]).toEqual([2, 2]);
    expect(proofs).toBe(3);
  });

  it("is not shown if it does not hold; a fault of ours is not taken for that", () => {
    const proven = new Proven<number>();
    const fail = (error: Error) => (): never => {
      throw error;
    };
    expect(proven.read("a", new Uint8Array(1), fail(new CausewayError("UNPROVEN", "forged")))).toBeUndefined();
    expect(() => proven.read("b", new Uint8Array(1), fail(new TypeError("slip")))).toThrow(TypeError);
  });
});

describe("word of changes", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("comes at once for a directive, soon for the rest, and not while nothing is new", async () => {
    const log = new WrittenLog();
    const decided = new Wake(systemWorld(silentLog));
    let state = "as it was";
    const changes = new Changes({
      directory: { listen: () => decided.sleeper() },
      state: () => state,
      log: log.for("broker"),
    });
    const stop = new AbortController();
    let told = 0;
    changes.subscribe(() => {
      throw new Error("a listener's slip");
    });
    const unsubscribe = changes.subscribe(() => (told += 1));
    const following = changes.follow(stop.signal);
    decided.set();
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toBe(1);
    state = "another";
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toBe(2);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(told).toBe(2);
    expect(log.lines("console.listenerFailed")).toHaveLength(2);
    unsubscribe();
    stop.abort();
    await following;
    expect(told).toBe(2);
  });
});
