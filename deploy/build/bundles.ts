/**
 * One folder for each program, with everything that the program needs but Node: its modules, those of its worker processes, the packages,
 * the files of its web pages. Nothing is compressed: who wants to know what runs can read it.
 */
import { chmodSync, rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { rolldown } from "rolldown";
import { filesByUrl } from "./files-by-url.ts";
import { licences } from "./licences.ts";
import { packages } from "./packages.ts";

const ROOT = resolve(import.meta.dirname, "..", "..");

/** Each program's folder and name, and the module it begins with. */
export const PROGRAMS = {
  broker: "broker/main.ts",
  evaluator: "broker/evaluator/main.ts",
  node: "agency-node/main.ts",
  registrar: "agency-node/registrar/main.ts",
  causeway: "deploy/build/causeway.ts",
} as const;

/** Makes `out` afresh; which modules of the checkout went into each program. */
export async function buildBundles(out: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const modules = new Map<string, readonly string[]>();
  for (const [name, module] of Object.entries(PROGRAMS)) {
    const dir = join(out, name);
    rmSync(dir, { recursive: true, force: true });
    modules.set(name, await bundle(name, join(ROOT, module), dir));
  }
  chmodSync(join(out, "causeway", "causeway.mjs"), 0o755);
  return modules;
}

async function bundle(name: string, module: string, dir: string): Promise<string[]> {
  await using made = await rolldown({
    input: { [name]: module },
    cwd: ROOT,
    platform: "node",
    plugins: [packages, filesByUrl, licences],
    // A package that is missing would otherwise be looked for only when the program runs.
    onLog(level, log, report) {
      if (log.code === "UNRESOLVED_IMPORT") throw new Error(log.message);
      report(level, log);
    },
  });
  const { output } = await made.write({
    dir,
    format: "esm",
    // As modules ask for it: what one prepares for another must have happened before.
    strictExecutionOrder: true,
    entryFileNames: "[name].mjs",
    chunkFileNames: "[name]-[hash].mjs",
    assetFileNames: "[name]-[hash][extname]",
  });
  return output.flatMap((part) => (part.type === "chunk" ? part.moduleIds : [])).map((id) => relative(ROOT, id));
}
