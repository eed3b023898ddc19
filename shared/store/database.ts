/**
 * One SQLite file: the only way in which a program of this project keeps tables. A transaction that has returned survives power failure
 * (write-ahead log, an fsync a commit). Every file of an earlier version is brought up to this one when it is opened.
 *
 * The file, its log and its index are readable by their owner only. Errors name the file and the way out, never what stands in it.
 */
import { backup, DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import { chmodSync, closeSync, existsSync, openSync, rmSync } from "node:fs";
import { toHex } from "../core/bytes.ts";
import { CausewayError, isCausewayError } from "../core/errors.ts";
import { MachineFault } from "../core/machine-fault.ts";
import { faultOf } from "./faults.ts";

export type SqlValue = string | number | null | Uint8Array;

/** Column names to values. */
export type Row = Record<string, SqlValue>;

/** What an upgrade may look at to find out which of several shapes a file has. */
export type FileBefore = {
  has(table: string, column?: string): boolean;
  /** Whether the column is of the table's primary key. */
  isKey(table: string, column: string): boolean;
};

/** SQL that makes the next version of a file. It runs in one transaction with the new number. */
export type Upgrade = string | ((file: FileBefore) => string);

/** What a file holds, and what opening it takes. */
export type DatabaseKind = {
  /** For errors, such as "the ledger". */
  readonly what: string;
  /** From 1 on. */
  readonly version: number;
  /** Of that version. */
  readonly schema: string;
  /** Under each earlier version what makes the next one of it. Under 0: of a file with tables that was written before it had a number. */
  readonly upgrades: Readonly<Record<number, Upgrade>>;
  /** Locked for this process as long as it is open. Otherwise other tools may read and copy it meanwhile. */
  readonly exclusive: boolean;
  /** What is deleted is overwritten, so that it does not stay behind on the disk. Costs a write for every page that is freed. */
  readonly secureDelete: boolean;
  /** How long to wait for another process that has it, blocking this one. */
  readonly busyTimeoutMs: number;
};

/** Hears of each transaction that changes something, see `Database.recordTo`. */
export type Recorder = {
  /**
   * An SQLite patchset (https://www.sqlite.org/sessionintro.html) of all rows that the transaction changed, in that very transaction. What
   * it writes to the database is of the transaction too, and not of any patchset.
   */
  record(patchset: Uint8Array): void;
};

const IN_MEMORY = ":memory:";

export class Database implements Disposable {
  readonly #path: string;
  readonly #kind: DatabaseKind;
  readonly #sqlite: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #isInTransaction = false;
  /** What an inner transaction of the open one threw. */
  #spoilt: { readonly error: unknown } | undefined;
  #afterCommit: (() => void)[] = [];
  #recorder: Recorder | undefined;

  /**
   * Opens or creates the file; ":memory:" for one that nobody else sees and that ends with it. `owner`: the federation whose file it is;
   * one of another is refused. Throws ENVIRONMENT, and leaves the file as it was, when another process has it, or it is no such database,
   * of another federation, or of a version to come.
   */
  constructor(path: string, kind: DatabaseKind, owner?: Uint8Array) {
    this.#path = path;
    this.#kind = kind;
    try {
      if (path !== IN_MEMORY) makePrivate(path);
      this.#sqlite = new DatabaseSync(path, { timeout: kind.busyTimeoutMs });
    } catch (error) {
      throw asRefusal(this.#inWords(error));
    }
    try {
      this.#exec(pragmasOf(kind));
      const id = owner && toHex(owner);
      if (id !== undefined) this.#refuseForeign(id);
      // In one transaction each, so that a crash leaves the file in one version or the next. Another process may have been faster.
      while (this.#version !== kind.version) this.transaction(() => this.#step(id));
      if (id !== undefined && !this.has("federation")) this.transaction(() => this.#exec(ownedBy(id)));
      this.#statements.clear();
    } catch (error) {
      this.#sqlite.close();
      throw asRefusal(error);
    }
  }

  /**
   * All that `work` writes, or nothing of it, and on disk when it returns. Synchronous, so that no other work can come between.
   *
   * A transaction inside another joins it: each store makes its own changes whole, and whoever calls several makes them one. There is no
   * taking back of an inner one alone: if one fails the outer one fails too, with the same error, even if somebody caught it between.
   */
  transaction<T>(work: () => T extends Promise<unknown> ? never : T): T {
    if (this.#isInTransaction) return this.#join(work);
    return this.#outermost(work, this.#recorder);
  }

  /** As `transaction`, outside of one, and nobody hears of it: for what a recorder keeps for itself. */
  unrecorded<T>(work: () => T): T {
    return this.#outermost(work, undefined);
  }

  #outermost<T>(work: () => T, recorder: Recorder | undefined): T {
    this.#exec("BEGIN IMMEDIATE");
    this.#isInTransaction = true;
    try {
      const result = recorder === undefined ? work() : this.#recorded(work, recorder);
      if (this.#spoilt !== undefined) throw this.#spoilt.error;
      this.#exec("COMMIT");
      return result;
    } catch (error) {
      this.#afterCommit = [];
      // A full disk has rolled back already; a second attempt would hide what went wrong.
      if (this.#sqlite.isTransaction) this.#sqlite.exec("ROLLBACK");
      throw error;
    } finally {
      this.#spoilt = undefined;
      this.#isInTransaction = false;
      this.#runAfterCommit();
    }
  }

  #recorded<T>(work: () => T, recorder: Recorder): T {
    const session = this.#sqlite.createSession();
    let patchset: Uint8Array;
    let result: T;
    try {
      result = work();
      patchset = session.patchset();
    } catch (error) {
      throw this.#inWords(error);
    } finally {
      session.close();
    }
    if (patchset.length > 0 && this.#spoilt === undefined) recorder.record(patchset);
    return result;
  }

  /** From now on every transaction is told to the recorder, and what is run outside of one is one by itself. */
  recordTo(recorder: Recorder): void {
    this.#recorder = recorder;
  }

  /** The file as it stands in this moment, free of the write-ahead log: for a copy that is opened elsewhere. */
  image(): Uint8Array {
    return this.#sqlite.serialize();
  }

  #join<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.#spoilt ??= { error };
      throw error;
    }
  }

  /** Runs `work` once the transaction that is open now is on disk, never if it fails; at once outside of one. */
  afterCommit(work: () => void): void {
    this.#afterCommit.push(work);
    if (!this.#isInTransaction) this.#runAfterCommit();
  }

  #runAfterCommit(): void {
    const due = this.#afterCommit;
    this.#afterCommit = [];
    for (const work of due) work();
  }

  get<Found = Row>(sql: string, ...values: SqlValue[]): Found | undefined {
    try {
      return this.#prepare(sql).get(...values) as Found | undefined;
    } catch (error) {
      throw this.#inWords(error);
    }
  }

  all<Found = Row>(sql: string, ...values: SqlValue[]): Found[] {
    try {
      return this.#prepare(sql).all(...values) as Found[];
    } catch (error) {
      throw this.#inWords(error);
    }
  }

  /** A count or sum, as the first column of the first row; 0 without one. */
  number(sql: string, ...values: SqlValue[]): number {
    return Number(Object.values(this.get(sql, ...values) ?? {})[0] ?? 0);
  }

  /** How many rows it changed. */
  run(sql: string, ...values: SqlValue[]): number {
    if (this.#recorder !== undefined && !this.#isInTransaction) return this.transaction(() => this.run(sql, ...values));
    try {
      return Number(this.#prepare(sql).run(...values).changes);
    } catch (error) {
      throw this.#inWords(error);
    }
  }

  /** Whether there is such a table, or such a column of it. */
  has(table: string, column?: string): boolean {
    const columns = this.all("SELECT name FROM pragma_table_info(?)", table);
    return column === undefined ? columns.length > 0 : columns.some(({ name }) => name === column);
  }

  isKey(table: string, column: string): boolean {
    return this.number("SELECT pk FROM pragma_table_info(?) WHERE name = ?", table, column) > 0;
  }

  /** Rows changed since it was opened. As long as this stands still, nothing here is new. */
  get changeCount(): number {
    return this.number("SELECT total_changes()");
  }

  /** Empties the write-ahead log, where pages from before a deletion may stand. Outside a transaction. */
  forgetLog(): void {
    this.#exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  /**
   * Copies all that is committed to a new file, readable by its owner only, while work goes on: what is written meanwhile is in it too.
   * Throws ENVIRONMENT, and leaves nothing there, if it cannot be written or exists already.
   */
  async backup(to: string): Promise<void> {
    try {
      closeSync(openSync(to, "wx", 0o600));
    } catch (error) {
      throw asRefusal(faultOf(error, to, "the backup"));
    }
    try {
      await backup(this.#sqlite, to);
    } catch (error) {
      rmSync(to);
      throw asRefusal(faultOf(error, to, "the backup"));
    }
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    if (this.#sqlite.isOpen) this.#sqlite.close();
  }

  get #version(): number {
    return this.number("PRAGMA user_version");
  }

  /** Before anything is written: a file of another federation stays as it is. */
  #refuseForeign(id: string): void {
    if (!this.has("federation") || this.get("SELECT 1 FROM federation WHERE id = ?", id) !== undefined) return;
    throw this.#refusal("belongs to another federation: start the program in the directory of this one");
  }

  /** From one version to the next, in a transaction. */
  #step(id: string | undefined): void {
    const { version, schema, upgrades } = this.#kind;
    const found = this.#version;
    if (found === version) return;
    if (found > version) {
      throw this.#refusal(
        `has version ${found}, and this program knows versions up to ${version}: start the newer program, or put back a backup from before it`,
      );
    }
    if (found === 0 && this.number("SELECT count(*) FROM sqlite_schema") === 0) {
      this.#exec(`${schema}; ${id === undefined ? "" : ownedBy(id)} PRAGMA user_version = ${version}`);
      return;
    }
    const upgrade = upgrades[found];
    if (upgrade === undefined) {
      throw this.#refusal(
        found === 0
          ? "is a file of another program: put back a backup, or name another directory"
          : `has version ${found}, of before the first release, and this program knows none before ${version}: begin with a new directory`,
      );
    }
    this.#exec(typeof upgrade === "string" ? upgrade : upgrade(this));
    this.#exec(`PRAGMA user_version = ${found + 1}`);
  }

  #refusal(why: string): CausewayError {
    return new CausewayError("ENVIRONMENT", `${this.#path} (${this.#kind.what}) ${why}`);
  }

  #inWords(error: unknown): unknown {
    return faultOf(error, this.#path, this.#kind.what);
  }

  #exec(sql: string): void {
    try {
      this.#sqlite.exec(sql);
    } catch (error) {
      throw this.#inWords(error);
    }
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#sqlite.prepare(sql)));
    return statement;
  }
}

/** Pages kept in memory, as many as are used: what changes stands all over a file, and SQLite's own bound is 2 MB. */
const CACHE_KIB = 64 * 1024;
/**
 * Half of SQLite's own: keys are random, so a transaction changes a few rows each of many pages, and each page is written in full. A file
 * keeps what it was made with.
 */
const PAGE_BYTES = 2_048;
/** Pages in the log before they are copied into the file: one that changes again meanwhile is copied once. */
const LOG_PAGES = 16_000;

/** The lock first: what follows touches the file. */
function pragmasOf({ exclusive, secureDelete }: DatabaseKind): string {
  return `
    PRAGMA locking_mode = ${exclusive ? "EXCLUSIVE" : "NORMAL"};
    PRAGMA page_size = ${PAGE_BYTES};
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA cache_size = ${-CACHE_KIB};
    PRAGMA wal_autocheckpoint = ${LOG_PAGES};
    PRAGMA secure_delete = ${secureDelete ? "ON" : "OFF"};
  `;
}

/** `id`: hexadecimal. */
function ownedBy(id: string): string {
  return `CREATE TABLE federation (id TEXT PRIMARY KEY) STRICT; INSERT INTO federation VALUES ('${id}');`;
}

/** SQLite gives the log and the index the permissions of the file; it is not opened here, which would drop locks that are held on it. */
function makePrivate(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
  for (const each of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(each)) chmodSync(each, 0o600);
}

/** What a program cannot start without is an error of ours with one clear sentence. */
function asRefusal(error: unknown): unknown {
  if (isCausewayError(error) || !(error instanceof MachineFault)) return error;
  return new CausewayError("ENVIRONMENT", error.message, { cause: error });
}
