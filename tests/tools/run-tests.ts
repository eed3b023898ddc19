/**
 * Runs the test suite and closes with one plain line, `N passed, N failed`, from vitest's own result file. Arguments go
 * to vitest, and `--fast` leaves only the levels that start no program. Fails if any test fails, if a file cannot be
 * loaded, or if no test ran at all.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { handOver } from "../../deploy/bootstrap/processes.mjs";
import { FAST_LEVELS } from "./levels.ts";
import { closingLine, countTests, type TestCounts } from "./test-counts.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const RESULTS = join(ROOT, ".causeway", "test-results.json");
const CLOSING_LINE = join(ROOT, ".causeway", "test-closing-line.txt");
/** What tests start, hundreds of programs, is compiled once: where the command line keeps what it has compiled. */
const COMPILED = join(ROOT, ".causeway", "compile-cache");

async function main(): Promise<number> {
  mkdirSync(join(ROOT, ".causeway"), { recursive: true });
  for (const file of [RESULTS, CLOSING_LINE]) rmSync(file, { force: true });
  const exitCode = await runVitest(process.argv.slice(2));
  const counts = readCounts();
  if (counts.ran === 0) console.error("no test ran");
  writeFileSync(CLOSING_LINE, `${closingLine(counts)}\n`);
  console.log(closingLine(counts));
  return counts.ran === 0 || counts.failed > 0 ? exitCode || 1 : exitCode;
}

function runVitest(args: readonly string[]): Promise<number> {
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${RESULTS}`];
  const asked = args.flatMap((each) => (each === "--fast" ? FAST_LEVELS : [each]));
  return handOver(process.execPath, [vitest, "run", ...reporters, ...asked], {
    cwd: ROOT,
    env: { NODE_COMPILE_CACHE: COMPILED, ...process.env },
  });
}

function readCounts(): TestCounts {
  try {
    return countTests(JSON.parse(readFileSync(RESULTS, "utf8")));
  } catch {
    console.error("vitest left no result");
    return { passed: 0, failed: 0, skipped: 0, ran: 0 };
  }
}

process.exitCode = await main();
