import { describe, expect, it } from "vitest";
import type { Evaluator } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { Spending } from "../../agency-node/spending.ts";
import type { SpendingParts } from "../../agency-node/spending.ts";
import { FOREIGN_FAULTS } from "../support/hand-world.ts";
import { SimWorld } from "../sim/world.ts";

const BALANCE = { used: 1, perDay: 10, available: 9 };

const FAILURES: Readonly<Record<string, (signal: AbortSignal) => Promise<never>>> = {
  ...Object.fromEntries(
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- clients do
    FOREIGN_FAULTS.map(([name, thrown]) => [name, (): Promise<never> => Promise.reject(thrown)]),
  ),
  "an error of ours": () => Promise.reject(new CausewayError("UNAVAILABLE", "invented")),
  "a throw before its first wait": () => {
    throw new TypeError("invented");
  },
  "silence, whatever its signal says": () => new Promise<never>(() => undefined),
  "the reason of its signal": (signal) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))),
};

const evaluators = ["one", "two"].map((name) => ({ name }) as Evaluator);

function start(over: Partial<SpendingParts>) {
  const world = new SimWorld("spending");
  const spending = new Spending({
    world,
    evaluators: () => evaluators,
    budgetAt: async () => BALANCE,
    standing: async () => ({ ...BALANCE, alarms: ["invented"] }),
    ...over,
  });
  const stop = new AbortController();
  const running = spending.run(stop.signal);
  running.catch(() => undefined);
  const end = async (): Promise<void> => {
    stop.abort();
    await world.until(running);
  };
  return { world, spending, end };
}

describe("what is known of budgets", () => {
  it("is asked for once a minute where it is refused, as long as that lasts, and soon again where nobody answers", async () => {
    const counted = async (code: "FORBIDDEN" | "UNAVAILABLE"): Promise<number> => {
      let asked = 0;
      const { world, end } = start({
        standing: async () => {
          asked += 1;
          throw new CausewayError(code, "invented");
        },
      });
      await world.pass(10 * 60_000);
      await end();
      return asked;
    };
    expect(await counted("FORBIDDEN")).toBeLessThanOrEqual(11);
    expect(await counted("UNAVAILABLE")).toBeGreaterThan(40);
  });

  it.each(Object.keys(FAILURES))("lacks only the evaluator that answers with %s, and is asked again", async (kind) => {
    let failing = true;
    const { world, spending, end } = start({
      budgetAt: async ({ name }, signal) => (failing && name === "one" ? await FAILURES[kind]!(signal) : BALANCE),
    });
    await world.pass(15_000);
    expect(spending.spends.map(({ at }) => at)).toEqual(["two", ""]);
    expect(spending.alarms).toEqual(["invented"]);
    failing = false;
    await world.pass(120_000);
    expect(spending.spends.map(({ at }) => at)).toEqual(["one", "two", ""]);
    await end();
  });

  it.each(Object.keys(FAILURES))("lacks only the broker's when that answers with %s", async (kind) => {
    const { world, spending, end } = start({ standing: async (signal) => await FAILURES[kind]!(signal) });
    await world.pass(15_000);
    expect(spending.spends.map(({ at }) => at)).toEqual(["one", "two"]);
    expect(spending.alarms).toEqual([]);
    await end();
  });
});
