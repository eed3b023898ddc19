import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { differences } from "./check-generated.ts";
import { closingLine, countTests } from "./test-counts.ts";

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((one) => ({ status: one })),
});

describe("the closing line of a test run", () => {
  it("counts tests that ran, and names skipped ones only if there are any", () => {
    const counts = countTests({
      testResults: [file("passed", "passed", "passed"), file("passed", "passed", "skipped", "todo")],
    });
    expect(counts).toEqual({ passed: 3, failed: 0, skipped: 2, ran: 3 });
    expect(closingLine(counts)).toBe("3 passed, 0 failed, 2 skipped");
    expect(closingLine({ passed: 1, failed: 2, skipped: 0, ran: 3 })).toBe("1 passed, 2 failed");
  });

  it("counts a file that could not be loaded as a failure", () => {
    expect(countTests({ testResults: [file("failed"), file("failed", "passed", "failed")] })).toMatchObject({
      passed: 1,
      failed: 2,
    });
  });

  it("sees that nothing ran", () => {
    expect(countTests({ testResults: [file("passed", "skipped")] }).ran).toBe(0);
  });
});

describe("generated code", () => {
  it("differs when a file is changed, missing or left over", () => {
    const root = mkdtempSync(join(tmpdir(), "causeway-generated-"));
    const write = (path: string, text: string): void => {
      mkdirSync(join(root, path, ".."), { recursive: true });
      writeFileSync(join(root, path), text);
    };
    for (const side of ["fresh", "committed"]) write(`${side}/v1/same.ts`, "same");
    expect(differences(join(root, "fresh"), join(root, "committed"))).toEqual([]);
    write("fresh/v1/changed.ts", "new");
    write("committed/v1/changed.ts", "old");
    write("fresh/v1/missing.ts", "");
    write("committed/left-over.ts", "");
    expect(differences(join(root, "fresh"), join(root, "committed"))).toEqual([
      "left-over.ts",
      "v1/changed.ts",
      "v1/missing.ts",
    ]);
    expect(differences(join(root, "fresh"), join(root, "absent"))).toHaveLength(3);
    rmSync(root, { recursive: true });
  });
});
