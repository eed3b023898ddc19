/**
 * Who may look at the console: people, their passkeys, sessions, and one-time codes. One SQLite file, one writer.
 *
 * Session tokens and codes are kept as hashes, of passkeys only the public half: whoever reads the file can sign in as nobody.
 * Whoever writes it can add a session, and then reads what administrators read; no key of the federation is here.
 */
import { DatabaseSync } from "node:sqlite";
import type { SQLInputValue, StatementSync } from "node:sqlite";
import { CausewayError, isCausewayError } from "../../../shared/core/errors.ts";

const SCHEMA_VERSION = 1;

const PRAGMAS = `
  PRAGMA busy_timeout = 2000;
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA foreign_keys = ON;
`;

const SCHEMA = `
  CREATE TABLE user (
    id TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    subject TEXT NOT NULL,
    UNIQUE (role, subject)
  ) STRICT;
  CREATE TABLE code (
    user TEXT PRIMARY KEY REFERENCES user ON DELETE CASCADE,
    hash BLOB NOT NULL UNIQUE,
    valid_until_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE passkey (
    id TEXT PRIMARY KEY,
    user TEXT NOT NULL REFERENCES user ON DELETE CASCADE,
    name TEXT NOT NULL,
    public_key BLOB NOT NULL,
    counter INTEGER NOT NULL,
    transports TEXT NOT NULL,
    added_at_ms INTEGER NOT NULL,
    used_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX passkey_user ON passkey (user);
  CREATE TABLE session (
    id TEXT PRIMARY KEY,
    token_hash BLOB NOT NULL UNIQUE,
    user TEXT NOT NULL REFERENCES user ON DELETE CASCADE,
    method TEXT NOT NULL,
    address TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL,
    used_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX session_user ON session (user);
`;

export type Role = "administrator" | "auditor";

/** `subject` is the key id of an administrator's seat in hexadecimal, or an auditor's name. */
export type User = { readonly id: string; readonly role: Role; readonly subject: string };

export type Passkey = {
  /** Credential id, base64url. */
  readonly id: string;
  readonly user: string;
  /** Its owner's word for it. */
  readonly name: string;
  /** COSE. */
  readonly publicKey: Uint8Array;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly addedAtMs: number;
  /** 0 if never. */
  readonly usedAtMs: number;
};

export type SignInMethod = "passkey" | "code";

export type Session = {
  /** Names the session in lists; it opens nothing. */
  readonly id: string;
  readonly user: string;
  readonly method: SignInMethod;
  readonly address: string;
  readonly startedAtMs: number;
  readonly usedAtMs: number;
};

type Row = Record<string, SQLInputValue>;

export class Accounts implements Disposable {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** Throws ENVIRONMENT when another process has the file, or another version has written it. */
  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    try {
      this.#database.exec(PRAGMAS);
      this.#adopt();
    } catch (error) {
      this.#database.close();
      if (isCausewayError(error)) throw error;
      throw new CausewayError("ENVIRONMENT", "the console's accounts cannot be opened, or another process has them", {
        cause: error,
      });
    }
  }

  /** The user of that role and subject; a new one gets the id that is offered. */
  ensureUser(offered: User): User {
    this.#run("INSERT OR IGNORE INTO user VALUES (?, ?, ?)", offered.id, offered.role, offered.subject);
    return toUser(this.#get("SELECT * FROM user WHERE role = ? AND subject = ?", offered.role, offered.subject) as Row);
  }

  user(id: string): User | undefined {
    const row = this.#get("SELECT * FROM user WHERE id = ?", id);
    return row === undefined ? undefined : toUser(row);
  }

  users(): User[] {
    return this.#all("SELECT * FROM user ORDER BY role, subject").map(toUser);
  }

  /** With all passkeys, sessions and codes. */
  removeUser(id: string): void {
    this.#run("DELETE FROM user WHERE id = ?", id);
  }

  /** Replaces the user's code before. */
  setCode(user: string, hash: Uint8Array, validUntilMs: number): void {
    this.#run("INSERT OR REPLACE INTO code VALUES (?, ?, ?)", user, hash, validUntilMs);
  }

  /** Whose code it was. One statement, so that it can be taken once only. */
  takeCode(hash: Uint8Array, nowMs: number): string | undefined {
    const row = this.#get("DELETE FROM code WHERE hash = ? RETURNING user, valid_until_ms", hash);
    return row === undefined || Number(row["valid_until_ms"]) <= nowMs ? undefined : (row["user"] as string);
  }

  passkey(id: string): Passkey | undefined {
    const row = this.#get("SELECT * FROM passkey WHERE id = ?", id);
    return row === undefined ? undefined : toPasskey(row);
  }

  passkeysOf(user: string): Passkey[] {
    return this.#all("SELECT * FROM passkey WHERE user = ? ORDER BY added_at_ms, id", user).map(toPasskey);
  }

  /** False if a passkey of that id exists already, whoever's it is. */
  addPasskey(passkey: Passkey): boolean {
    const { id, user, name, publicKey, counter, transports, addedAtMs, usedAtMs } = passkey;
    const sql = "INSERT OR IGNORE INTO passkey VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    return this.#run(sql, id, user, name, publicKey, counter, transports.join(" "), addedAtMs, usedAtMs) > 0;
  }

  usePasskey(id: string, counter: number, nowMs: number): void {
    this.#run("UPDATE passkey SET counter = ?, used_at_ms = ? WHERE id = ?", counter, nowMs, id);
  }

  removePasskey(user: string, id: string): boolean {
    return this.#run("DELETE FROM passkey WHERE user = ? AND id = ?", user, id) > 0;
  }

  addSession(session: Session, tokenHash: Uint8Array): void {
    const { id, user, method, address, startedAtMs, usedAtMs } = session;
    const sql = "INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?)";
    this.#run(sql, id, tokenHash, user, method, address, startedAtMs, usedAtMs);
  }

  sessionByToken(tokenHash: Uint8Array): Session | undefined {
    return toSession(this.#get("SELECT * FROM session WHERE token_hash = ?", tokenHash));
  }

  session(id: string): Session | undefined {
    return toSession(this.#get("SELECT * FROM session WHERE id = ?", id));
  }

  sessions(): Session[] {
    return this.#all("SELECT * FROM session ORDER BY started_at_ms DESC, id").map((row) => toSession(row) as Session);
  }

  touchSession(id: string, nowMs: number): void {
    this.#run("UPDATE session SET used_at_ms = ? WHERE id = ?", nowMs, id);
  }

  removeSession(id: string): boolean {
    return this.#run("DELETE FROM session WHERE id = ?", id) > 0;
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #adopt(): void {
    const version = Number(this.#get("PRAGMA user_version")?.["user_version"]);
    if (version === SCHEMA_VERSION) return;
    if (version !== 0) {
      throw new CausewayError("ENVIRONMENT", "the console's accounts were written by another version of the broker");
    }
    this.#database.exec(`BEGIN; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
  }

  #get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values);
  }

  #all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...values);
  }

  /** Rows changed. */
  #run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function toUser(row: Row): User {
  return { id: row["id"] as string, role: row["role"] as Role, subject: row["subject"] as string };
}

function toPasskey(row: Row): Passkey {
  return {
    id: row["id"] as string,
    user: row["user"] as string,
    name: row["name"] as string,
    publicKey: row["public_key"] as Uint8Array,
    counter: Number(row["counter"]),
    transports: (row["transports"] as string).split(" ").filter((each) => each !== ""),
    addedAtMs: Number(row["added_at_ms"]),
    usedAtMs: Number(row["used_at_ms"]),
  };
}

function toSession(row: Row | undefined): Session | undefined {
  if (row === undefined) return undefined;
  return {
    id: row["id"] as string,
    user: row["user"] as string,
    method: row["method"] as SignInMethod,
    address: row["address"] as string,
    startedAtMs: Number(row["started_at_ms"]),
    usedAtMs: Number(row["used_at_ms"]),
  };
}
