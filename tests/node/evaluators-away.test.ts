/** How soon records are prepared after evaluators could not do it for a while. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CausewayError } from "../../shared/core/errors.ts";
import type { ErrorCode } from "../../shared/core/errors.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import { SimWorld } from "../sim/world.ts";
import { person, preparerOf, TestNode } from "./support.ts";

const MINUTE_MS = 60_000;

let node: TestNode;
let world: SimWorld;
let stop: AbortController;
let running: Promise<void>;
/** What the evaluators answer with; undefined: with what is asked for. */
let failure: ErrorCode | undefined;
let asked: number;
let isReady: boolean;

beforeEach(() => {
  node = new TestNode();
  world = new SimWorld("away");
  failure = undefined;
  asked = 0;
  isReady = false;
  const preparer = preparerOf(node, {
    world,
    async harden({ inputs }) {
      asked += 1;
      if (failure !== undefined) throw new CausewayError(failure, "invented");
      return inputs.map((input) => blake2b(64, input));
    },
    onReady: () => (isReady = true),
  });
  node.put(person("R-1"));
  stop = new AbortController();
  running = preparer.run(stop.signal);
});
afterEach(async () => {
  stop.abort();
  await world.settle();
  await running;
  node[Symbol.dispose]();
});

describe("what evaluators did not do", () => {
  it("is tried again within two seconds of their return", async () => {
    failure = "UNAVAILABLE";
    await world.pass(MINUTE_MS);
    failure = undefined;
    await world.pass(2_000);
    expect(isReady).toBe(true);
  });

  it.each(["INTERNAL", "EXHAUSTED"] as const)(
    "is tried again soon after one fault that may have been the connection's: %s",
    async (code) => {
      failure = code;
      await world.pass(100);
      failure = undefined;
      await world.pass(500);
      expect(isReady).toBe(true);
    },
  );

  it.each(["INTERNAL", "FORBIDDEN", "UNPROVEN"] as const)("is tried seldom while that stays: %s", async (code) => {
    failure = code;
    await world.pass(10 * MINUTE_MS);
    expect(asked).toBeLessThan(20);
  });
});
