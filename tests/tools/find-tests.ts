/**
 * Finds the tests of a source file: `npm run tested -- FILE …` names those nearest to it, which import it or what imports
 * it. Without a file it lists the source files that no test imports itself, and fails if they have become more.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const ROOT = join(import.meta.dirname, "..", "..");
const SOURCES = ["{shared,broker,agency-node}/**/*.ts", "deploy/**/*.{ts,mjs}"];

/** Lower it when it can be lowered. */
const UNTESTED_MAX = 309;

/** Which files import a file, for every file. */
type Importers = ReadonlyMap<string, readonly string[]>;

type Nearest = { readonly tests: readonly string[]; readonly steps: number };

/** Source files under `root`; generated code is left out. */
export function sourcesUnder(root: string): string[] {
  return globSync(SOURCES, {
    cwd: root,
    exclude: (path) => /(?:^|\/)(?:gen|node_modules)(?:\/|$)/.test(path),
  }).toSorted();
}

export function importersUnder(root: string): Importers {
  const importers = new Map<string, string[]>();
  for (const file of [...sourcesUnder(root), ...globSync("tests/**/*.ts", { cwd: root }).toSorted()]) {
    for (const imported of importsOf(root, file)) {
      const known = importers.get(imported);
      if (known) known.push(file);
      else importers.set(imported, [file]);
    }
  }
  return importers;
}

function importsOf(root: string, file: string): Set<string> {
  const text = readFileSync(join(root, file), "utf8");
  const imports = /^(?:import|export)\b[^;]*?"(\.[^"]+)";|\bimport\(\s*"(\.[^"]+)"/gm;
  const specifiers = [...text.matchAll(imports)].map(([, of, at]) => of ?? at ?? "");
  return new Set(specifiers.map((specifier) => relative(root, resolve(root, dirname(file), specifier))));
}

/** The tests fewest imports away from `file`: one step is an import by the test itself. */
export function nearestTests(file: string, importers: Importers): Nearest {
  const seen = new Set([file]);
  let reached = [file];
  for (let steps = 1; reached.length > 0; steps += 1) {
    reached = [...new Set(reached.flatMap((each) => importers.get(each) ?? []))].filter((each) => !seen.has(each));
    const tests = reached.filter((each) => each.endsWith(".test.ts"));
    if (tests.length > 0) return { tests, steps };
    for (const each of reached) seen.add(each);
  }
  return { tests: [], steps: Infinity };
}

function main(asked: readonly string[]): number {
  const importers = importersUnder(ROOT);
  if (asked.length === 0) return report(importers);
  for (const file of asked.map((each) => relative(ROOT, resolve(each)))) {
    const { tests, steps } = nearestTests(file, importers);
    console.log(`${file}${tests.length === 0 ? ": no test" : steps > 1 ? ` (${steps} imports away)` : ""}`);
    for (const test of tests) console.log(`  ${test}`);
  }
  return 0;
}

function report(importers: Importers): number {
  const sources = sourcesUnder(ROOT);
  const untested = sources.filter((file) => nearestTests(file, importers).steps > 1);
  const unreached = untested.filter((file) => nearestTests(file, importers).tests.length === 0);
  for (const file of untested)
    console.log(`${file}${unreached.includes(file) ? " (nor anything that imports it)" : ""}`);
  console.log(
    `of ${sources.length} source files no test imports ${untested.length} itself (at most ${UNTESTED_MAX} are allowed); ${unreached.length} are run as programs only`,
  );
  return untested.length > UNTESTED_MAX ? 1 : 0;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.exitCode = main(process.argv.slice(2));
