/** The files of earlier versions, as text. See `databases/README.md`. */
import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { DatabaseKind } from "../../shared/store/database.ts";
import { versionOf } from "./kinds.ts";

const DIR = join(import.meta.dirname, "databases");

export const FILES = readdirSync(DIR)
  .filter((name) => name.endsWith(".sql"))
  .map((name) => basename(name, ".sql"));

const textOf = (name: string): string => readFileSync(join(DIR, `${name}.sql`), "utf8");

/** What the program would open if the version of the file were followed by one more, with a table that nobody uses. */
export function nextOf(name: string): Pick<DatabaseKind, "version" | "upgrades"> {
  const version = versionOf(name);
  return { version: version + 1, upgrades: { [version]: "CREATE TABLE later (number INTEGER) STRICT" } };
}

/** Writes the database `name` to `path`, as the program of that version left it. */
export function makeFile(name: string, path: string): void {
  using file = new DatabaseSync(path);
  file.exec(textOf(name));
}
