/**
 * A database as somebody else wrote it: made from an image and from patchsets, looked at without opening it for work, and compared. It enforces
 * no foreign keys: what a deletion takes with it stands in the patchset as well.
 */
import { DatabaseSync } from "node:sqlite";
import { existsSync } from "node:fs";
import { concat, lpText, u8, utf8 } from "../core/bytes.ts";
import { blake2b } from "../crypto/hash.ts";
import { CausewayError } from "../core/errors.ts";
import { MachineFault } from "../core/machine-fault.ts";
import type { Row, SqlValue } from "./database.ts";
import { faultOf } from "./faults.ts";

/** Bytes of SQLite's header (https://www.sqlite.org/fileformat.html) that say whether the file has a write-ahead log. */
const FORMAT_BYTES = [18, 19] as const;
const WITHOUT_LOG = 1;

export class Replica implements Disposable {
  readonly #sqlite: DatabaseSync;

  private constructor(sqlite: DatabaseSync) {
    this.#sqlite = sqlite;
    sqlite.exec("PRAGMA foreign_keys = OFF");
  }

  /** In memory. Throws ENVIRONMENT if it is no database. */
  static fromImage(image: Uint8Array): Replica {
    const own = image.slice();
    for (const at of FORMAT_BYTES) own[at] = WITHOUT_LOG;
    const sqlite = new DatabaseSync(":memory:");
    try {
      sqlite.deserialize(own);
      return new Replica(sqlite);
    } catch (error) {
      sqlite.close();
      throw new CausewayError("ENVIRONMENT", "what was kept is no database", { cause: error });
    }
  }

  /** Undefined if there is no such file. Throws `MachineFault` if it is damaged or in use. To "write" it is locked. */
  static open(path: string, what: string, mode: "read" | "write"): Replica | undefined {
    if (!existsSync(path)) return undefined;
    const sqlite = new DatabaseSync(path, { readOnly: mode === "read", timeout: 2_000 });
    try {
      if (mode === "write")
        sqlite.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL; BEGIN IMMEDIATE; COMMIT");
      return new Replica(sqlite);
    } catch (error) {
      sqlite.close();
      throw faultOf(error, path, what);
    }
  }

  /** Whether SQLite finds every page of it as it should be. Throws SQLite's own error if somebody else has the file. */
  get isWhole(): boolean {
    try {
      return this.all("PRAGMA quick_check(1)").every((row) => Object.values(row)[0] === "ok");
    } catch (error) {
      if (isInUse(error)) throw error;
      return false;
    }
  }

  /** All of them, or none. Throws ENVIRONMENT if one was made of another database. `alongside`: of the same transaction. */
  apply(patchsets: Iterable<Uint8Array>, alongside: () => void = () => undefined): void {
    this.#sqlite.exec("BEGIN IMMEDIATE");
    try {
      for (const patchset of patchsets) if (!this.#sqlite.applyChangeset(patchset)) throw notThis();
      alongside();
      this.#sqlite.exec("COMMIT");
    } catch (error) {
      if (this.#sqlite.isTransaction) this.#sqlite.exec("ROLLBACK");
      throw error;
    }
  }

  has(table: string): boolean {
    return this.all("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", table).length > 0;
  }

  all<Found = Row>(sql: string, ...values: SqlValue[]): Found[] {
    return this.#sqlite.prepare(sql).all(...values) as Found[];
  }

  run(sql: string, ...values: SqlValue[]): void {
    this.#sqlite.prepare(sql).run(...values);
  }

  get image(): Uint8Array {
    return this.#sqlite.serialize();
  }

  /** A hash of its tables' definitions and all rows, but for those of some tables. Equal for two copies, however their pages lie. */
  contentHash(except: ReadonlySet<string>): Uint8Array {
    const tables = this.all<{ name: string; sql: string }>(
      "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    );
    let hash: Uint8Array = new Uint8Array(32);
    for (const { name, sql } of tables) {
      if (except.has(name)) continue;
      hash = blake2b(32, hash, lpText(name), utf8(sql));
      const columns = this.all<{ name: string; pk: number }>(
        "SELECT name, pk FROM pragma_table_info(?) ORDER BY pk",
        name,
      );
      const key = columns.filter(({ pk }) => pk > 0).map((column) => `"${column.name}"`);
      const order = key.length === 0 ? "rowid" : key.join(", ");
      for (const row of this.#sqlite.prepare(`SELECT * FROM "${name}" ORDER BY ${order}`).iterate())
        hash = blake2b(32, hash, ...Object.values(row as Row).map(encoded));
    }
    return hash;
  }

  [Symbol.dispose](): void {
    if (this.#sqlite.isOpen) this.#sqlite.close();
  }
}

/** Whether the error says that another process has the file, https://www.sqlite.org/rescode.html#busy. */
export function isInUse(error: unknown): boolean {
  const cause = error instanceof MachineFault ? error.cause : error;
  const code = cause instanceof Error && "errcode" in cause ? Number(cause.errcode) & 0xff : 0;
  return code === 5 || code === 6;
}

function encoded(value: SqlValue): Uint8Array {
  if (value === null) return u8(0);
  if (value instanceof Uint8Array) return concat(u8(1), utf8(`${value.length}:`), value);
  return utf8(`${typeof value}:${String(value).length}:${value}`);
}

function notThis(): CausewayError {
  return new CausewayError("ENVIRONMENT", "the changes were made to another copy of this database");
}
