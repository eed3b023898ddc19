/**
 * Everything a change must pass, in the order in which a failure is cheapest to learn of. Each check is the script of
 * that name in package.json. All of them run, so that one round shows all that is wrong. `--no-tests` leaves the test
 * suite out, for a caller that has just run it.
 */
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { handOver } from "../../deploy/bootstrap/processes.mjs";

const ROOT = join(import.meta.dirname, "..", "..");

const CHECKS: readonly (readonly [script: string, what: string])[] = [
  ["generated", "generated code is what the .proto files say"],
  ["proto:lint", "the .proto files follow buf's rules"],
  ["proto:breaking", "the .proto files break nothing of the version before"],
  ["types", "types"],
  ["lint", "lint"],
  ["format:check", "format"],
  ["boundaries", "import boundaries"],
  ["deadcode", "dead code"],
  ["tested", "source files that no test imports"],
];

async function main(args: readonly string[]): Promise<number> {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const failed: string[] = [];
  for (const [script, what] of CHECKS) {
    if (!(await passes(what, scripts[script]))) failed.push(`${what} (npm run ${script})`);
  }
  if (!args.includes("--no-tests") && !(await passes("tests", "node tests/tools/run-tests.ts")))
    failed.push("tests (npm test)");
  for (const what of failed) console.error(`verify: FAILED: ${what}`);
  if (failed.length === 0) console.log("verify: every check passed");
  return failed.length === 0 ? 0 : 1;
}

async function passes(what: string, command: string | undefined): Promise<boolean> {
  if (command === undefined) return false;
  const started = performance.now();
  console.log(`verify: ${what}`);
  const PATH = [join(ROOT, "node_modules", ".bin"), process.env["PATH"] ?? ""].join(delimiter);
  const code = await handOver(command, [], { cwd: ROOT, shell: true, env: { ...process.env, PATH } });
  console.log(
    `verify: ${what}: ${code === 0 ? "ok" : "FAILED"}, ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
  return code === 0;
}

process.exitCode = await main(process.argv.slice(2));
