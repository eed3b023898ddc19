import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { balanceOf, charge, emptyAccount, HOUR_MS, refund } from "../../shared/core/quota.ts";
import type { Account } from "../../shared/core/quota.ts";
import type { Budget } from "../../shared/core/directive.ts";

const BUDGET: Budget = { initial: 100, perDay: 10 };
const START_MS = 1_000 * HOUR_MS;

function charged(account: Account, amount: number, nowMs: number, budget = BUDGET): Account {
  const result = charge(account, budget, amount, nowMs);
  if (result.kind !== "charged") throw new Error("expected to pass");
  return result.account;
}

describe("a budget", () => {
  it("spends the initial grant first and once", () => {
    const account = charged(charged(emptyAccount, 90, START_MS), 15, START_MS);
    expect(balanceOf(account, BUDGET, START_MS)).toEqual({
      available: 5,
      usedInWindow: 5,
      perDay: 10,
      initialLeft: 0,
    });
    const days = START_MS + 48 * HOUR_MS;
    expect(balanceOf(account, BUDGET, days).available).toBe(10);
  });

  it("is free again when the hour of the charge is wholly a day old, not before", () => {
    const account = charged({ ...emptyAccount, initialUsed: 100 }, 10, START_MS + 1);
    const free = START_MS + 25 * HOUR_MS;
    expect(charge(account, BUDGET, 1, free - 1)).toEqual({ kind: "exhausted", retryAtMs: free });
    expect(charge(account, BUDGET, 10, free).kind).toBe("charged");
  });

  it("never lets more than the allowance through in any 24 hours once the initial grant is spent", () => {
    const steps = fc.array(fc.record({ afterMs: fc.nat(8 * HOUR_MS), amount: fc.integer({ min: 1, max: 12 }) }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, (steps) => {
        let account: Account = { ...emptyAccount, initialUsed: 100 };
        let nowMs = START_MS;
        const passed: { atMs: number; amount: number }[] = [];
        for (const { afterMs, amount } of steps) {
          nowMs += afterMs;
          const result = charge(account, BUDGET, amount, nowMs);
          if (result.kind === "exhausted") continue;
          account = result.account;
          passed.push({ atMs: nowMs, amount });
          const inDay = passed
            .filter(({ atMs }) => atMs > nowMs - 24 * HOUR_MS)
            .reduce((sum, one) => sum + one.amount, 0);
          expect(inDay).toBeLessThanOrEqual(BUDGET.perDay);
        }
      }),
    );
  });

  it("is after a refund what it were without that charge, whatever was charged since", () => {
    const amounts = fc.tuple(fc.nat(60), fc.nat(60), fc.nat(60));
    const budget = { initial: 100, perDay: 100 };
    fc.assert(
      fc.property(amounts, ([before, taken, since]) => {
        const first = charged(emptyAccount, before, START_MS, budget);
        const all = charged(charged(first, taken, START_MS, budget), since, START_MS, budget);
        const others = charged(first, since, START_MS, budget);
        const balance = balanceOf(refund(all, taken, START_MS), budget, START_MS);
        expect(balance).toEqual(balanceOf(others, budget, START_MS));
      }),
    );
  });

  it("says truly when to come back", () => {
    let account: Account = { ...emptyAccount, initialUsed: 100 };
    for (let hour = 0; hour < 5; hour += 1) account = charged(account, 2, START_MS + hour * HOUR_MS);
    const nowMs = START_MS + 6 * HOUR_MS;
    const result = charge(account, BUDGET, 5, nowMs);
    expect(result).toEqual({ kind: "exhausted", retryAtMs: START_MS + 27 * HOUR_MS });
    expect(charge(account, BUDGET, 5, START_MS + 27 * HOUR_MS - 1).kind).toBe("exhausted");
    expect(charge(account, BUDGET, 5, START_MS + 27 * HOUR_MS).kind).toBe("charged");
    expect(charge(account, BUDGET, 11, nowMs)).toEqual({ kind: "exhausted", retryAtMs: null });
  });

  it("still counts charges of a clock that was set back", () => {
    const account = charged({ ...emptyAccount, initialUsed: 100 }, 10, START_MS + 100 * HOUR_MS);
    expect(balanceOf(account, BUDGET, START_MS).available).toBe(0);
  });
});
