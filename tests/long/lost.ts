/** The tests that take minutes each, once: each party lost and replaced as `docs/operations.md` says. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runSuite } from "./suite.ts";
import type { Outcome } from "./suite.ts";

export async function* lostParties(args: readonly string[]): AsyncGenerator<Outcome> {
  const scratch = mkdtempSync(join(tmpdir(), "causeway-lost-"));
  const root = join(import.meta.dirname, "..", "..");
  const env = { CAUSEWAY_LONG_TESTS: "1" };
  try {
    yield await runSuite({ label: "lost parties", root, scratch, env }, ["--project", "long", ...args]);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
