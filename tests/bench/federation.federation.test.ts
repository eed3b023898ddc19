import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { LONG_MS, SOON } from "../support/patience.ts";
import { benchFederation } from "./federation-bench.ts";
import type { Burst } from "./federation-burst.ts";
import { costOf } from "./federation-meter.ts";
import { percentile } from "./measure.ts";

const QUIET = (): void => undefined;
const MATCHES = 20;

describe("a federation that is measured", () => {
  it("tells what a match costs each party, above a record that matches nobody", { timeout: 2 * LONG_MS }, async () => {
    const result = await benchFederation({ quick: true, say: QUIET, part: "burst", count: MATCHES });
    expect(result.bench).toBe("federation");
    const burst = result["burst"] as Burst;
    expect(burst.matches).toBe(MATCHES);
    expect(burst.secondsToNamed).toBeGreaterThanOrEqual(burst.secondsToOpen);
    expect(burst.unmatched.cpuMs).toBeGreaterThan(0);
    expect(Object.keys(burst.cpuMsPerMatchOf).toSorted()).toStrictEqual(
      ["broker", "ct", "evaluator", "nats-server", "wcu"].toSorted(),
    );
  });

  it("refuses a part that it does not have", async () => {
    await expect(benchFederation({ quick: true, say: QUIET, part: "nothing" })).rejects.toThrow(/no part/);
  });
});

describe("the cost of a process", () => {
  it("holds what its children did, those that have ended too", async () => {
    // Of processor time, which a busy machine gives later and not less.
    const busy =
      "const spent = () => { const { user, system } = process.cpuUsage(); return user + system; }; while (spent() < 400_000);";
    const script = `
      require("node:child_process").spawnSync(process.execPath, ["-e", ${JSON.stringify(busy)}]);
      require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(busy)} + "setInterval(() => 0, 1000)"]);
      setInterval(() => 0, 1000);`;
    const child = spawn(process.execPath, ["-e", script], { stdio: "ignore", detached: true });
    await once(child, "spawn");
    try {
      await expect.poll(() => costOf(child.pid ?? 0).processorMs, { timeout: SOON.timeout }).toBeGreaterThan(700);
    } finally {
      process.kill(-(child.pid ?? 0), "SIGKILL");
    }
  });
});

describe("percentiles", () => {
  it("are values that were measured", () => {
    const values = Array.from({ length: 200 }, (_, i) => i + 1).toReversed();
    expect(percentile(values, 0.5)).toBe(100);
    expect(percentile(values, 0.99)).toBe(198);
    expect(percentile([7], 0.99)).toBe(7);
  });
});
