import { describe, expect, it } from "vitest";
import { CausewayError } from "../../shared/core/errors.ts";
import { defineEvents } from "../../shared/world/events.ts";
import { keepGoing } from "../../shared/world/loop.ts";
import { pause } from "../../shared/world/wait.ts";
import { FOREIGN_FAULTS, HandWorld } from "../support/hand-world.ts";

const { test } = defineEvents({ test: { failed: { level: "error", means: "An invented failure." } } });
const afterFailure = () => ({ failed: test.failed, retryMs: 100 });

describe("a loop beside the data path", () => {
  it.each(FOREIGN_FAULTS)("outlives %s", async (_name, thrown) => {
    const world = new HandWorld();
    const stop = new AbortController();
    let rounds = 0;
    const round = async (): Promise<void> => {
      rounds += 1;
      // oxlint-disable-next-line typescript/only-throw-error -- clients do
      throw thrown;
    };
    const running = keepGoing(world, stop.signal, { round, afterFailure });
    await world.pass(1_000);
    expect(rounds).toBe(11);
    stop.abort();
    await running;
    expect(world.count("test.failed")).toBe(1);
    expect(world.waiting).toBe(0);
  });

  it("says each change of what goes wrong, and the same again after it went well", async () => {
    const world = new HandWorld();
    const stop = new AbortController();
    const outcomes = ["UNAVAILABLE", "UNAVAILABLE", "FORBIDDEN", undefined, "FORBIDDEN"] as const;
    let at = 0;
    const round = async (signal: AbortSignal): Promise<void> => {
      const code = outcomes[Math.min(at++, outcomes.length - 1)];
      if (code !== undefined) throw new CausewayError(code, "no");
      await pause(world, 100, signal);
    };
    const running = keepGoing(world, stop.signal, { round, afterFailure });
    await world.pass(1_000);
    stop.abort();
    await running;
    expect(world.lines.map(({ fields }) => fields["error"])).toEqual(["UNAVAILABLE", "FORBIDDEN", "FORBIDDEN"]);
  });
});
