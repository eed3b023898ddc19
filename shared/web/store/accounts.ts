/**
 * Who has signed in to a site, or may: people, their passkeys, sessions, and one-time codes.
 *
 * Session tokens and codes are kept as hashes, of passkeys only the public half: whoever reads the file can sign in as nobody.
 * Whoever writes it can add a session, and then is whomever it names; no key of the federation is here.
 */
import { Database } from "../../store/database.ts";
import type { SecondCopy } from "../../store/second-copy.ts";
import type { DatabaseKind, Row } from "../../store/database.ts";

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

/** Who somebody is to the program: one of its roles, and whom it means by the subject, such as a name or a key's id. */
export type Identity = { readonly role: string; readonly subject: string };

export type User = Identity & { readonly id: string };

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

export const ACCOUNTS: Omit<DatabaseKind, "what"> = {
  version: 1,
  schema: SCHEMA,
  upgrades: {},
  exclusive: true,
  // A session that is over leaves nothing.
  secureDelete: true,
  busyTimeoutMs: 2_000,
};

export class Accounts implements Disposable {
  readonly #database: Database;

  /** Throws ENVIRONMENT when another process has the file, or it is of another federation or version. */
  constructor(path: string, noun: string, federation: Uint8Array, secondCopy?: SecondCopy) {
    this.#database = new Database(path, { what: `the ${noun}'s accounts`, ...ACCOUNTS }, federation);
    secondCopy?.record(this.#database);
  }

  /** The user of that role and subject; a new one gets the id that is offered. */
  ensureUser(offered: User): User {
    this.#database.run("INSERT OR IGNORE INTO user VALUES (?, ?, ?)", offered.id, offered.role, offered.subject);
    return toUser(
      this.#database.get("SELECT * FROM user WHERE role = ? AND subject = ?", offered.role, offered.subject) as Row,
    );
  }

  user(id: string): User | undefined {
    const row = this.#database.get("SELECT * FROM user WHERE id = ?", id);
    return row === undefined ? undefined : toUser(row);
  }

  users(): User[] {
    return this.#database.all("SELECT * FROM user ORDER BY role, subject").map(toUser);
  }

  /** With all passkeys, sessions and codes. */
  removeUser(id: string): void {
    this.#database.run("DELETE FROM user WHERE id = ?", id);
  }

  /** Replaces the user's code before. */
  setCode(user: string, hash: Uint8Array, validUntilMs: number): void {
    this.#database.run("INSERT OR REPLACE INTO code VALUES (?, ?, ?)", user, hash, validUntilMs);
  }

  /** Whose code it was. One statement, so that it can be taken once only. */
  takeCode(hash: Uint8Array, nowMs: number): string | undefined {
    const sql = "DELETE FROM code WHERE hash = ? RETURNING user, valid_until_ms";
    const row = this.#database.transaction(() => this.#database.get(sql, hash));
    return row === undefined || Number(row["valid_until_ms"]) <= nowMs ? undefined : (row["user"] as string);
  }

  passkey(id: string): Passkey | undefined {
    const row = this.#database.get("SELECT * FROM passkey WHERE id = ?", id);
    return row === undefined ? undefined : toPasskey(row);
  }

  passkeysOf(user: string): Passkey[] {
    return this.#database.all("SELECT * FROM passkey WHERE user = ? ORDER BY added_at_ms, id", user).map(toPasskey);
  }

  /** False if a passkey of that id exists already, whoever's it is. */
  addPasskey(passkey: Passkey): boolean {
    const { id, user, name, publicKey, counter, transports, addedAtMs, usedAtMs } = passkey;
    const sql = "INSERT OR IGNORE INTO passkey VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    return this.#database.run(sql, id, user, name, publicKey, counter, transports.join(" "), addedAtMs, usedAtMs) > 0;
  }

  usePasskey(id: string, counter: number, nowMs: number): void {
    this.#database.run("UPDATE passkey SET counter = ?, used_at_ms = ? WHERE id = ?", counter, nowMs, id);
  }

  removePasskey(user: string, id: string): boolean {
    return this.#database.run("DELETE FROM passkey WHERE user = ? AND id = ?", user, id) > 0;
  }

  addSession(session: Session, tokenHash: Uint8Array): void {
    const { id, user, method, address, startedAtMs, usedAtMs } = session;
    const sql = "INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?)";
    this.#database.run(sql, id, tokenHash, user, method, address, startedAtMs, usedAtMs);
  }

  sessionByToken(tokenHash: Uint8Array): Session | undefined {
    return toSession(this.#database.get("SELECT * FROM session WHERE token_hash = ?", tokenHash));
  }

  session(id: string): Session | undefined {
    return toSession(this.#database.get("SELECT * FROM session WHERE id = ?", id));
  }

  sessions(): Session[] {
    return this.#database
      .all("SELECT * FROM session ORDER BY started_at_ms DESC, id")
      .map((row) => toSession(row) as Session);
  }

  touchSession(id: string, nowMs: number): void {
    this.#database.run("UPDATE session SET used_at_ms = ? WHERE id = ?", nowMs, id);
  }

  removeSession(id: string): boolean {
    return this.#database.run("DELETE FROM session WHERE id = ?", id) > 0;
  }

  [Symbol.dispose](): void {
    this.#database[Symbol.dispose]();
  }
}

function toUser(row: Row): User {
  return { id: row["id"] as string, role: row["role"] as string, subject: row["subject"] as string };
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
