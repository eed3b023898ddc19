import { defineConfig } from "vitest/config";

/** Levels that need other programs or a browser. Each test file names its level; one that names none is a unit's. */
const REAL = ["federation", "browser"];
/** What takes minutes each: only with `npm run test:long`, which sets this. */
const LONG = process.env["CAUSEWAY_LONG_TESTS"] === undefined ? [] : ["long"];
const named = (level: string): string => `tests/**/*.${level}.test.ts`;

/** A fast level: no other program is started, nobody waits. */
function fast(name: string, include: string, exclude: readonly string[] = []) {
  const setupFiles = ["tests/support/closed-doors.ts"];
  return { extends: true as const, test: { name, include: [include], exclude: [...exclude], setupFiles } };
}

export default defineConfig({
  test: {
    projects: [
      fast("unit", "tests/**/*.test.ts", ["contract", "long", ...REAL].map(named)),
      fast("contract", named("contract")),
      ...[...REAL, ...LONG].map((name) => ({ extends: true as const, test: { name, include: [named(name)] } })),
    ],
    // The suite runs where others work as well: what takes longer than this does not end at all.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
    pool: "forks",
    // Twice as many as CI has cores: files that start real servers wait most of their time. Those that do not wait come last (by name).
    maxWorkers: 4,
    coverage: {
      provider: "v8",
      include: ["{shared,broker,agency-node,deploy}/**/*.ts"],
      exclude: ["**/gen/**"],
      reporter: ["json-summary", "html"],
      reportOnFailure: true,
    },
  },
});
