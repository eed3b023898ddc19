/**
 * A database as SQL text that makes it again, its version included: `node tests/compat/dump.ts FILE > tests/compat/databases/NAME.sql`.
 * Whoever changes a schema keeps a file of the version before in this way, with invented rows, while the program still writes it.
 */
import { DatabaseSync } from "node:sqlite";
import type { SQLOutputValue } from "node:sqlite";

export function dump(path: string): string {
  using file = new DatabaseSync(path, { readOnly: true });
  const schema = file.prepare("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid").all();
  const made = schema.filter(({ name }) => !String(name).startsWith("sqlite_"));
  const lines = made.map(({ sql }) => `${String(sql)};`);
  const tables = made.filter(({ type }) => type === "table").map(({ name }) => String(name));
  for (const table of tables) lines.push(...rowsOf(file, table));
  // Which numbers have been given out, where none is to be given out twice.
  if (made.length < schema.length) lines.push("DELETE FROM sqlite_sequence;", ...rowsOf(file, "sqlite_sequence"));
  lines.push(`PRAGMA user_version = ${String(file.prepare("PRAGMA user_version").get()?.["user_version"])};`);
  return `${lines.join("\n")}\n`;
}

function rowsOf(file: DatabaseSync, table: string): string[] {
  const rows = file.prepare(`SELECT * FROM ${table}`).all();
  return rows.map((row) => {
    const values = Object.values(row).map(literal);
    return `INSERT INTO ${table} (${Object.keys(row).join(", ")}) VALUES (${values.join(", ")});`;
  });
}

function literal(value: SQLOutputValue): string {
  if (value === null || typeof value === "number") return String(value);
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString("hex")}'`;
  return `'${String(value).replaceAll("'", "''")}'`;
}

const [path] = process.argv.slice(2);
if (import.meta.main && path !== undefined) process.stdout.write(dump(path));
