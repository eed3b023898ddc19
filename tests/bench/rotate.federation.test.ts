import { describe, expect, it } from "vitest";
import { rotateTokens } from "./rotate-bench.ts";
import type { Stages } from "./rotate-stages.ts";
import { LONG_MS } from "../support/patience.ts";

const QUIET = (): void => undefined;
const sum = (stages: Stages): number => Object.values(stages).reduce((total, seconds) => total + seconds, 0);

describe("the rotation that is measured", () => {
  it("ends with an agreed digest, and its parts add up to the time that it took", { timeout: LONG_MS }, async () => {
    const result = await rotateTokens({ tokens: 20_000, runs: 1, say: QUIET });
    const { tokens, seconds, parts, processorSeconds, shareOfLimit } = result;
    expect(tokens).toBe(20_000);
    expect(seconds).toBeGreaterThan(0);
    for (const stages of [parts.node, parts.broker]) {
      expect(sum(stages) / seconds).toBeCloseTo(1, 1);
      const work = Object.entries(stages).filter(([stage]) => stage !== "idle" && stage !== "held up");
      const workSeconds = sum(Object.fromEntries(work));
      expect(workSeconds).toBeGreaterThan(0);
      expect(workSeconds).toBeLessThan(processorSeconds);
    }
    // The work is looked at every millisecond: only what takes some is sure to be seen.
    expect(parts.node["lay out and pad"]).toBeGreaterThan(0);
    expect(parts.broker["open, verify, decode"]).toBeGreaterThan(0);
    expect(shareOfLimit).toBeGreaterThan(0);
    expect(shareOfLimit).toBeLessThan(1);
  });
});
