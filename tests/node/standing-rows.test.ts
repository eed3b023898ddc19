import { describe, expect, it } from "vitest";
import {
  certificateRows,
  membershipRows,
  noticedRows,
  rotationRows,
  skippedRows,
  spendRows,
} from "../../agency-node/cli/standing-rows.ts";
import type { EpochRow } from "../../agency-node/cli/rpc/node-client.ts";

const at = (ms: number): string => `time ${ms}`;
const row = (over: Partial<EpochRow>): EpochRow => ({
  epoch: 1,
  state: "active",
  records: 10,
  published: 10,
  digestAgreedMs: 7,
  obstacle: "",
  ...over,
});
const text = (rows: string[][]): string => rows.map((cells) => cells.join(": ")).join("\n");

describe("what a unit's status says", () => {
  it("says how many notices only a newer version can read, and is silent without any", () => {
    expect(skippedRows({ skippedNotices: 0 })).toEqual([]);
    expect(text(skippedRows({ skippedNotices: 1 }))).toBe(
      "Skipped: 1 notice of a kind that this version does not know: update the node",
    );
    expect(text(skippedRows({ skippedNotices: 2 }))).toContain("2 notices of");
  });

  it("is silent about epochs while one is in use and nothing hinders it", () => {
    expect(rotationRows({ epochs: [row({})] }, at)).toEqual([]);
    expect(rotationRows({ epochs: [] }, at)).toEqual([]);
  });

  it("shows how far a rotation has come, epoch by epoch", () => {
    const epochs = [row({ state: "closing" }), row({ epoch: 2, state: "staging", published: 4, digestAgreedMs: 0 })];
    expect(text(rotationRows({ epochs }, at))).toBe(
      "Epoch 1: about to end; 10 of 10 records stand in it, agreed with the broker at time 7\n" +
        "Epoch 2: being filled; 4 of 10 records stand in it, not yet compared with the broker",
    );
  });

  it("says what the unit can do where it cannot take part", () => {
    expect(text(rotationRows({ epochs: [row({ obstacle: "scheme" })] }, at))).toContain("install a newer one");
    expect(text(rotationRows({ epochs: [row({ obstacle: "salts" })] }, at))).toContain("tell the board");
  });

  it("says that a unit is cut off, and that it keeps what it has", () => {
    expect(membershipRows({ membershipEnd: "" })).toEqual([]);
    expect(text(membershipRows({ membershipEnd: "suspended" }))).toMatch(/suspended by the board.*stays readable/);
    expect(text(membershipRows({ membershipEnd: "refused" }))).toContain("Ask the board");
  });

  it("shows budgets, what was noticed, and a certificate that nobody renewed", () => {
    const budgets = [{ at: "key-office", used: 30, perDay: 100, available: 70 }];
    expect(text(spendRows({ budgets }))).toBe("Budget: evaluator key-office: 70 left; 30 of 100 a day used");
    expect(text(noticedRows({ alarms: ["an invented item"] }))).toContain("the board sees this too");
    const day = 86_400_000;
    expect(certificateRows({ certificateUntilMs: 100 * day }, 50 * day, at)).toEqual([]);
    expect(text(certificateRows({ certificateUntilMs: 60 * day }, 50 * day, at))).toContain("not renewed");
  });
});
