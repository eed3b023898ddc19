/**
 * Writes `proto/vectors/*.json` from the samples in `tests/wire/samples/` and today's code. With `--check` it writes nothing and fails where
 * a file is not what it would write: then either a message has changed, which other versions will notice, or the samples have.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { VECTOR_FILES } from "../wire/samples/all.ts";
import { vectorsOf } from "../wire/samples/message-type.ts";

export const VECTORS = join(import.meta.dirname, "..", "..", "proto", "vectors");

/** The files by name, as they are to be. */
export function freshVectors(): Map<string, string> {
  return new Map(
    Object.entries(VECTOR_FILES).map(([file, messages]) => [
      `${file}.json`,
      `${JSON.stringify(messages.map(vectorsOf), undefined, 1)}\n`,
    ]),
  );
}

function main(args: readonly string[]): number {
  mkdirSync(VECTORS, { recursive: true });
  let changed = 0;
  for (const [name, text] of freshVectors()) {
    const path = join(VECTORS, name);
    if (!args.includes("--check")) writeFileSync(path, text);
    else if (readFileSync(path, "utf8") !== text) {
      changed += 1;
      console.error(`not what today's code makes: proto/vectors/${name}`);
    }
  }
  return changed === 0 ? 0 : 1;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.exitCode = main(process.argv.slice(2));
