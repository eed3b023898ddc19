import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    // The suite runs where others work as well: what takes longer than this does not end at all.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
    pool: "forks",
    // Two cores is what CI has; real servers run inside these tests as well.
    maxWorkers: 2,
  },
});
