/** One SQLite file, opened for this process alone, with its version and federation checked. Shared by the ledger's tables. */
import { DatabaseSync } from "node:sqlite";
import type { SQLInputValue, StatementSync } from "node:sqlite";
import { toHex } from "../../shared/core/bytes.ts";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import { FROM_VERSION_1, SCHEMA, SCHEMA_VERSION } from "./ledger-schema.ts";

/**
 * Locked as long as it is open: a second broker on the same ledger would open matches a second time. What is deleted is overwritten:
 * the end of an epoch takes its traces along.
 */
const PRAGMAS = `
  PRAGMA busy_timeout = 2000;
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA secure_delete = ON;
`;

export type Row = Record<string, SQLInputValue>;

export class LedgerDatabase implements Disposable {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #inTransaction = false;

  /** Throws ENVIRONMENT when another process has the file, or it is of another federation or version. */
  constructor(path: string, federation: Uint8Array) {
    this.#database = new DatabaseSync(path);
    try {
      this.#database.exec(PRAGMAS);
      this.transaction(() => this.#adopt(federation));
    } catch (error) {
      this.#database.close();
      if (isCausewayError(error)) throw error;
      throw new CausewayError("ENVIRONMENT", "the ledger cannot be opened, or another broker has it", { cause: error });
    }
  }

  /** All that `work` writes, or nothing of it. Synchronous, so that no other work can come between. */
  transaction<T>(work: () => T): T {
    if (this.#inTransaction) throw new CausewayError("INTERNAL", "a transaction of the ledger is open already");
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

  /** How many rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  /** Rows changed since it was opened. As long as this stands still, nothing here is new. */
  get changeCount(): number {
    return Number(this.get("SELECT total_changes() AS changes")?.["changes"]);
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
    const version = Number(this.get("PRAGMA user_version")?.["user_version"]);
    if (version === 0) {
      this.#database.exec(SCHEMA);
      this.run("INSERT INTO federation VALUES (?)", toHex(federation));
    } else if (version === 1) {
      this.#database.exec(FROM_VERSION_1);
    } else if (version !== SCHEMA_VERSION) {
      throw environment("the ledger was written by another version of the broker");
    }
    this.#database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    if (this.get("SELECT id FROM federation WHERE id = ?", toHex(federation)) === undefined) {
      throw environment("the ledger belongs to another federation");
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

function environment(message: string): CausewayError {
  return new CausewayError("ENVIRONMENT", message);
}
