/**
 * What lies on the board's desk at the broker: one SQLite file, one writer. A transaction that has returned survives power failure.
 *
 * Everything here is signed by whoever says it or public: whoever writes the file can lose things or bring back old ones, which those
 * who act on them notice; whoever reads it learns who is being invited and what the board is about to decide. Secrets in it are sealed.
 */
import { DatabaseSync } from "node:sqlite";
import type { SQLInputValue, StatementSync } from "node:sqlite";
import { toHex } from "../../../shared/core/bytes.ts";
import { CausewayError, isCausewayError } from "../../../shared/core/errors.ts";

const SCHEMA_VERSION = 1;

/** Locked as long as it is open: two brokers would tell administrators two stories. */
const PRAGMAS = `
  PRAGMA busy_timeout = 2000;
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA foreign_keys = ON;
`;

const SCHEMA = `
  CREATE TABLE federation (id TEXT PRIMARY KEY) STRICT;
  CREATE TABLE proposal (
    digest TEXT PRIMARY KEY,
    payload BLOB NOT NULL,
    proposed_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE approval (
    digest TEXT NOT NULL REFERENCES proposal ON DELETE CASCADE,
    key_id TEXT NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (digest, key_id)
  ) STRICT;
  CREATE TABLE paper (
    hash TEXT PRIMARY KEY,
    topic TEXT NOT NULL,
    signed BLOB NOT NULL,
    received_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX paper_topic ON paper (topic, received_at_ms);
  CREATE TABLE invitation (
    secret_hash TEXT PRIMARY KEY,
    note TEXT NOT NULL,
    valid_until_ms INTEGER NOT NULL,
    signed BLOB NOT NULL,
    used_at_ms INTEGER
  ) STRICT;
  CREATE TABLE enrolment (
    key_id TEXT PRIMARY KEY,
    secret_hash TEXT NOT NULL,
    enrolment BLOB NOT NULL,
    note TEXT NOT NULL,
    received_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE preparation (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    epoch INTEGER NOT NULL,
    generation INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE key_offer (
    member TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    offer BLOB NOT NULL,
    PRIMARY KEY (member, epoch)
  ) STRICT;
  CREATE TABLE evaluator_offer (
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    signed BLOB NOT NULL,
    PRIMARY KEY (name, generation)
  ) STRICT;
  CREATE TABLE credentials_request (
    -- Never used again, also when the table has been emptied: whoever follows has seen up to one of them.
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    key_id TEXT NOT NULL UNIQUE,
    signed BLOB NOT NULL,
    requested_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE credentials (
    key_id TEXT PRIMARY KEY,
    certificate_pem TEXT NOT NULL,
    nats_user_jwt TEXT NOT NULL,
    issued_at_ms INTEGER NOT NULL
  ) STRICT;
`;

export type Row = Record<string, SQLInputValue>;

export class BoardDatabase implements Disposable {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** Throws ENVIRONMENT when another process has the file, or it is of another federation or version. */
  constructor(path: string, federation: Uint8Array) {
    this.#database = new DatabaseSync(path);
    try {
      this.#database.exec(PRAGMAS);
      this.transaction(() => this.#adopt(federation));
    } catch (error) {
      this.#database.close();
      if (isCausewayError(error)) throw error;
      throw new CausewayError("ENVIRONMENT", "the board's desk cannot be opened, or another broker has it", {
        cause: error,
      });
    }
  }

  /** All that `work` writes, or nothing of it. Synchronous, so that no other work can come between. */
  transaction<T>(work: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
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

  [Symbol.dispose](): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #adopt(federation: Uint8Array): void {
    const version = this.number("PRAGMA user_version");
    if (version === 0) {
      this.#database.exec(SCHEMA);
      this.#database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
      this.run("INSERT INTO federation VALUES (?)", toHex(federation));
    } else if (version !== SCHEMA_VERSION) {
      throw new CausewayError("ENVIRONMENT", "the board's desk was written by another version of the broker");
    }
    if (this.get("SELECT id FROM federation WHERE id = ?", toHex(federation)) === undefined) {
      throw new CausewayError("ENVIRONMENT", "the board's desk belongs to another federation");
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
