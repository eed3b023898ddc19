/** The files of earlier versions, as text. See `databases/README.md`. */
import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openingOf, versionOf } from "./kinds.ts";

const DIR = join(import.meta.dirname, "databases");

export const FILES = readdirSync(DIR)
  .filter((name) => name.endsWith(".sql"))
  .map((name) => basename(name, ".sql"));

export const UPGRADED = FILES.filter((name) => versionOf(name) < openingOf(name).kind.version);

export const textOf = (name: string): string => readFileSync(join(DIR, `${name}.sql`), "utf8");

/** Writes the database `name` to `path`, as the program of that version left it. */
export function makeFile(name: string, path: string): void {
  using file = new DatabaseSync(path);
  file.exec(textOf(name));
}
