/** Measures how much of the programs the fast levels run (with `--all`: every level), and says it in one line. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { handOver } from "../../deploy/bootstrap/processes.mjs";
import { FAST_LEVELS } from "./levels.ts";

const ROOT = join(import.meta.dirname, "..", "..");

type Share = { readonly total: number; readonly pct: number };
type Summary = { readonly total: { readonly lines: Share; readonly branches: Share } };

async function main(args: readonly string[]): Promise<number> {
  const all = args.includes("--all");
  const asked = [...(all ? [] : FAST_LEVELS), ...args.filter((each) => each !== "--all")];
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const code = await handOver(process.execPath, [vitest, "run", "--coverage", ...asked], { cwd: ROOT });
  const { total } = JSON.parse(readFileSync(join(ROOT, "coverage", "coverage-summary.json"), "utf8")) as Summary;
  const figures = (["lines", "branches"] as const).map(
    (what) => `${total[what].pct} % of ${total[what].total} ${what}`,
  );
  console.log(
    `coverage by ${all ? "all" : "the fast"} tests: ${figures.join(", ")}; file by file in coverage/index.html`,
  );
  return code;
}

process.exitCode = await main(process.argv.slice(2));
