import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { differences } from "./check-generated.ts";
import { completeLock, type Lock, missingOptional, platformOf } from "./complete-lock.ts";
import { importersUnder, nearestTests, sourcesUnder } from "./find-tests.ts";
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

describe("the tests of a source file", () => {
  it("are those that import it, or what imports it", () => {
    const root = mkdtempSync(join(tmpdir(), "causeway-tested-"));
    const write = (path: string, text: string): void => {
      mkdirSync(join(root, path, ".."), { recursive: true });
      writeFileSync(join(root, path), text);
    };
    write("shared/near.ts", 'import {\n  far,\n} from "./far.ts";\nexport const near = far;\n');
    write("shared/far.ts", 'export const far = "import x from \\"./lone.ts\\"";\n');
    write("shared/lone.ts", "");
    write("shared/wire/gen/made.ts", "");
    write("tests/support/help.ts", 'export { near } from "../../shared/near.ts";\n');
    write("tests/a.test.ts", 'import { near } from "../shared/near.ts";\n');
    write("tests/b.test.ts", 'const help = await import("./support/help.ts");\n');
    const importers = importersUnder(root);
    expect(sourcesUnder(root)).toEqual(["shared/far.ts", "shared/lone.ts", "shared/near.ts"]);
    expect(nearestTests("shared/near.ts", importers)).toEqual({ tests: ["tests/a.test.ts"], steps: 1 });
    expect(nearestTests("shared/far.ts", importers)).toEqual({ tests: ["tests/a.test.ts"], steps: 2 });
    expect(nearestTests("shared/lone.ts", importers)).toEqual({ tests: [], steps: Infinity });
    rmSync(root, { recursive: true });
  });
});

describe("the lock file", () => {
  const lock: Lock = {
    packages: {
      "": {},
      "node_modules/tool": { version: "1.0.0", dev: true, optionalDependencies: { "@tool/linux-x64-musl": "1.0.0" } },
      "node_modules/other": { version: "1.0.0", optionalDependencies: { "@other/darwin-arm64": "2.0.0" } },
      "node_modules/other/node_modules/@other/darwin-arm64": { version: "2.0.0" },
    },
  };

  it("names the package of every platform: without one of them npm ci refuses on all (npm run lock:complete)", () => {
    const text = readFileSync(join(import.meta.dirname, "..", "..", "package-lock.json"), "utf8");
    expect(missingOptional(JSON.parse(text) as Lock)).toEqual([]);
  });

  it("gets back what is missing, for its platform only", () => {
    expect(missingOptional(lock)).toEqual(["@tool/linux-x64-musl@1.0.0"]);
    const whole = completeLock(lock);
    expect(whole.packages["node_modules/@tool/linux-x64-musl"]).toEqual({
      version: "1.0.0",
      cpu: ["x64"],
      dev: true,
      libc: ["musl"],
      optional: true,
      os: ["linux"],
    });
    expect(missingOptional(whole)).toEqual([]);
  });

  it.each([
    ["@a/binding-linux-arm-gnueabihf", ["linux"], ["arm"], ["glibc"]],
    ["@a/binding-win32-x64-msvc", ["win32"], ["x64"], undefined],
    ["@a/buf-linux-aarch64", ["linux"], ["arm64"], undefined],
    ["@a/darwin-arm64", ["darwin"], ["arm64"], undefined],
    ["@a/binding-android-arm-eabi", ["android"], ["arm"], undefined],
  ])("reads the platform of %s from its name", (name, os, cpu, libc) => {
    expect(platformOf(name)).toEqual(libc ? { os, cpu, libc } : { os, cpu });
  });

  it("is not guessed at where npm has to decide", () => {
    const range = { packages: { "": { optionalDependencies: { "@a/linux-x64": "^1.0.0" } } } };
    expect(() => completeLock(range)).toThrow("range");
    expect(() => platformOf("plain-package")).toThrow("does not name its platform");
  });
});
