/**
 * One SQLite file of the broker, for this process alone. A transaction that has returned survives power failure. What is deleted is
 * overwritten, so that the end of an epoch or of a session takes its traces along.
 */
import { DatabaseSync } from "node:sqlite";
import type { SQLInputValue, StatementSync } from "node:sqlite";
import { toHex } from "../../shared/core/bytes.ts";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";

/** Locked as long as it is open: two brokers would tell two stories. */
const PRAGMAS = `
  PRAGMA busy_timeout = 2000;
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA foreign_keys = ON;
  PRAGMA secure_delete = ON;
`;

export type Row = Record<string, SQLInputValue>;

export type DatabaseKind = {
  /** For errors, such as "the ledger". */
  readonly what: string;
  readonly version: number;
  /** Of that version. */
  readonly schema: string;
  /** What brings a file of an earlier version to this one, by that version. */
  readonly upgrades?: ReadonlyMap<number, string>;
};

export class Database implements Disposable {
  readonly #kind: DatabaseKind;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #inTransaction = false;

  /** Throws ENVIRONMENT when another process has the file, or it is of another federation or version. */
  constructor(path: string, kind: DatabaseKind, federation: Uint8Array) {
    this.#kind = kind;
    this.#database = new DatabaseSync(path);
    try {
      this.#database.exec(PRAGMAS);
      this.transaction(() => this.#adopt(federation));
    } catch (error) {
      this.#database.close();
      if (isCausewayError(error)) throw error;
      const text = `${kind.what} cannot be opened, or another broker has it`;
      throw new CausewayError("ENVIRONMENT", text, { cause: error });
    }
  }

  /** All that `work` writes, or nothing of it. Synchronous, so that no other work can come between. */
  transaction<T>(work: () => T): T {
    if (this.#inTransaction) throw new CausewayError("INTERNAL", `a transaction of ${this.#kind.what} is open already`);
    this.#database.exec("BEGIN IMMEDIATE");
    this.#inTransaction = true;
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values);
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...values);
  }

  /** A count or sum, as the first column of the first row. */
  number(sql: string, ...values: SQLInputValue[]): number {
    return Number(Object.values(this.get(sql, ...values) ?? {})[0] ?? 0);
  }

  /** How many rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  /** Rows changed since it was opened. As long as this stands still, nothing here is new. */
  get changeCount(): number {
    return this.number("SELECT total_changes()");
  }

  /** Empties the write-ahead log, where pages from before a deletion may stand. Outside a transaction. */
  forgetLog(): void {
    this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #adopt(federation: Uint8Array): void {
    const { what, version, schema, upgrades } = this.#kind;
    const found = this.number("PRAGMA user_version");
    const upgrade = upgrades?.get(found);
    if (found === 0) {
      this.#database.exec(`CREATE TABLE federation (id TEXT PRIMARY KEY) STRICT; ${schema}`);
      this.run("INSERT INTO federation VALUES (?)", toHex(federation));
    } else if (upgrade !== undefined) {
      this.#database.exec(upgrade);
    } else if (found !== version) {
      throw new CausewayError("ENVIRONMENT", `${what} was written by another version of the broker`);
    }
    this.#database.exec(`PRAGMA user_version = ${version}`);
    if (this.get("SELECT id FROM federation WHERE id = ?", toHex(federation)) === undefined) {
      throw new CausewayError("ENVIRONMENT", `${what} belongs to another federation`);
    }
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}
