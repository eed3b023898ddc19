import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSet } from "../train/sets.ts";
import { weightsModule } from "../train/weights.ts";

const PAIRS = 40;
let directory = "";

/** Invented: forty persons, each on both sides, everybody with a birth date of their own. */
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "train-"));
  const side = (prefix: string) =>
    Array.from({ length: PAIRS }, (_, i) => {
      const birthDate = [`19${String(40 + i)}-05-${String(13 + (i % 10))}`];
      return JSON.stringify({
        id: `${prefix}${i}`,
        schema: "Person",
        properties: { name: [`Muster${"bdgklmnr"[i % 8]}a`], birthDate },
      });
    }).join("\n");
  writeFileSync(join(directory, "left.ftm.jsonl"), side("l"));
  writeFileSync(join(directory, "right.ftm.jsonl"), side("r"));
  const truth = Array.from({ length: PAIRS }, (_, i) => `l${i},r${i}`);
  writeFileSync(join(directory, "truth.csv"), ["left_id,right_id", ...truth].join("\n"));
});
afterAll(() => rmSync(directory, { recursive: true }));

describe("training", () => {
  it("weighs a fact by how much likelier it agrees in one person than in two", () => {
    const source = weightsModule([readSet(directory)], "2026-11-22", undefined);
    // No two persons share a birth date: half an agreement among 40 × 39 comparisons is assumed.
    expect(source).toContain(`"birth.full": ${Math.round(10 * Math.log10((PAIRS * (PAIRS - 1)) / 0.5))},`);
    expect(source).toContain(`(${PAIRS} true pairs)`);
  });

  it("can leave every second pair out, and is repeatable", () => {
    const half = () => weightsModule([readSet(directory, 0)], "2026-11-22", 0);
    expect(half()).toContain(`(${PAIRS / 2} true pairs, every second one; the others are held out)`);
    expect(half()).toBe(half());
  });
});
