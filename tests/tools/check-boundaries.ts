/**
 * Checks the import boundaries (.dependency-cruiser.cjs), and that they were checked at all: a cruiser that cannot load
 * a TypeScript parser reads no module, finds no violation, and reports success.
 */
import { globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { cruise, type ICruiseResult, type IConfiguration } from "dependency-cruiser";

const ROOT = join(import.meta.dirname, "..", "..");
const FOLDERS = ["shared", "broker", "agency-node", "deploy"];

export type BoundaryReport = {
  /** `rule: from → to`, one line per broken rule. */
  readonly violations: readonly string[];
  /** Source files that the cruiser did not read, or in which it saw no import although there is one. */
  readonly unread: readonly string[];
  readonly modules: number;
};

/** Applies the rules to the program folders under `root`. */
export async function checkBoundaries(root: string): Promise<BoundaryReport> {
  const { forbidden, options } = createRequire(import.meta.url)(
    "../../.dependency-cruiser.cjs",
  ) as Required<IConfiguration>;
  const files = globSync(
    FOLDERS.map((folder) => `${folder}/**/*.ts`),
    { cwd: root },
  ).toSorted();
  if (files.length === 0) return { violations: [], unread: [], modules: 0 };
  const { output } = await cruise(files, { ...options, baseDir: root, validate: true, ruleSet: { forbidden } });
  const { modules, summary } = output as ICruiseResult;
  const dependencies = new Map(modules.map(({ source, dependencies: found }) => [source, found.length]));
  return {
    violations: summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`),
    unread: files.filter((file) => {
      const seen = dependencies.get(file);
      return seen === undefined || (seen === 0 && hasImport(readFileSync(join(root, file), "utf8")));
    }),
    modules: files.filter((file) => dependencies.has(file)).length,
  };
}

function hasImport(source: string): boolean {
  return /^(?:import|export)\b[^;]*?\bfrom\s*"/m.test(source);
}

async function main(): Promise<number> {
  const { violations, unread, modules } = await checkBoundaries(ROOT);
  for (const violation of violations) console.error(`boundary broken: ${violation}`);
  for (const file of unread) console.error(`not read: ${file}`);
  if (modules === 0) console.error("no module was read");
  console.log(`${modules} modules, ${violations.length} broken boundaries`);
  return violations.length === 0 && unread.length === 0 && modules > 0 ? 0 : 1;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = await main();
