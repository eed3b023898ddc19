/** Fails if generated code is not byte for byte what `buf generate` makes of proto/ now. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";

const ROOT = join(import.meta.dirname, "..", "..");
const TEMPLATES = ["proto/buf.gen.yaml", "proto/buf.gen.node.yaml"];

/** Paths that differ between two folders: changed, missing in `actual`, or left over there. */
export function differences(expected: string, actual: string): string[] {
  const [wanted, found] = [filesIn(expected), filesIn(actual)];
  return [...new Set([...wanted.keys(), ...found.keys()])]
    .filter((path) => !wanted.get(path)?.equals(found.get(path) ?? Buffer.from("\0missing")))
    .toSorted();
}

function filesIn(folder: string): Map<string, Buffer> {
  if (!statSync(folder, { throwIfNoEntry: false })) return new Map();
  return new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [relative(folder, path), readFileSync(path)]),
  );
}

function main(): number {
  // All of them, so that one round shows all that is out of date.
  return TEMPLATES.map(isCurrent).every(Boolean) ? 0 : 1;
}

function isCurrent(template: string): boolean {
  const committed = outputOf(template, readFileSync(join(ROOT, template), "utf8"));
  mkdirSync(join(ROOT, ".causeway"), { recursive: true });
  const fresh = mkdtempSync(join(ROOT, ".causeway", "generated-"));
  try {
    const { status } = spawnSync("buf", ["generate", "--template", template, "--output", fresh], {
      cwd: ROOT,
      stdio: "inherit",
    });
    if (status !== 0) return false;
    const generated = filesIn(join(fresh, committed)).size;
    const changed = differences(join(fresh, committed), join(ROOT, committed));
    for (const path of changed) console.error(`generated code is out of date: ${committed}/${path}`);
    if (changed.length > 0) console.error("Run `npm run proto` and commit the result.");
    console.log(`${committed}: ${generated} generated files compared`);
    return generated > 0 && changed.length === 0;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** The one folder that a template writes to. */
function outputOf(template: string, text: string): string {
  const outputs = [...text.matchAll(/^\s*out:\s*(\S+)\s*$/gm)].map((match) => match[1] ?? "");
  if (outputs.length !== 1 || !outputs[0]) throw new Error(`${template} must name exactly one output folder`);
  return outputs[0];
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = main();
