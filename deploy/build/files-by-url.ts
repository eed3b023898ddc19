/**
 * A module that names a file beside it, `new URL("./name", import.meta.url)`, finds it there in the checkout. In a bundle the module has
 * moved: what it names comes along, modules as chunks of their own, other files as they are.
 */
import { readFileSync } from "node:fs";
import { basename, dirname, relative, resolve } from "node:path";
import type { Plugin } from "rolldown";

const ROOT = resolve(import.meta.dirname, "..", "..");

const NAMED = /new URL\(\s*"(?<path>\.[^"]+)",\s*import\.meta\.url,?\s*\)/g;

export const filesByUrl: Plugin = {
  name: "files-by-url",
  transform(code, id) {
    if (id.includes("/node_modules/") || code.search(NAMED) === -1) return;
    return code.replaceAll(NAMED, (_, path: string) => {
      const file = resolve(dirname(id), path);
      const reference = file.endsWith(".ts")
        ? this.emitFile({ type: "chunk", id: file, name: nameOf(file) })
        : this.emitFile({ type: "asset", name: basename(file), source: readFileSync(file) });
      return `new URL(import.meta.ROLLUP_FILE_URL_${reference})`;
    });
  },
};

/** Such as `broker-evaluator-main`: two chunks of one name would be one to the bundler. */
function nameOf(module: string): string {
  return relative(ROOT, module).replace(/\.ts$/, "").replaceAll("/", "-");
}
