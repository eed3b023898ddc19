/**
 * The broker's primary data: which submissions were applied, the matches, the state of proofs, what each member was told
 * and has confirmed, budgets used. One SQLite file, one writer.
 *
 * Durability: a transaction that has returned survives power failure (`synchronous=FULL`); one that has not leaves no trace.
 * An attacker who reads the file learns which handles of which members met and who was told what; one who writes it can
 * hide or invent matches, of which the invented fail the proof of knowledge. It holds no token, salt or key.
 */
import { DatabaseSync } from "node:sqlite";
import type { SQLInputValue, StatementSync } from "node:sqlite";
import { toHex } from "../../shared/core/bytes.ts";
import type { RejectionReason } from "../../shared/core/data-plane.ts";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import type { Handle, Incarnation, MatchId, MemberId } from "../../shared/core/ids.ts";
import { NO_PROOF } from "../core/disclosure.ts";
import type { Proof, SideProof } from "../core/disclosure.ts";
import type { Match, MatchEvent } from "../core/match.ts";
import { NO_NOTICE } from "../core/notice.ts";
import type { NoticeHead } from "../core/notice.ts";
import { emptyAccount } from "../core/quota.ts";
import type { Account } from "../core/quota.ts";
import type { Head } from "../core/submission.ts";

const SCHEMA_VERSION = 1;

/** Locked as long as it is open: a second broker on the same ledger would open matches a second time. */
const PRAGMAS = `
  PRAGMA busy_timeout = 2000;
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
`;

const SCHEMA = `
  CREATE TABLE federation (id TEXT PRIMARY KEY) STRICT;
  CREATE TABLE submission (
    position INTEGER PRIMARY KEY,
    member TEXT NOT NULL,
    incarnation TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    hash BLOB NOT NULL,
    applied_at_ms INTEGER NOT NULL,
    rejections TEXT NOT NULL,
    UNIQUE (member, incarnation, sequence)
  ) STRICT;
  CREATE INDEX submission_member ON submission (member, position);
  CREATE TABLE match (
    match_id TEXT PRIMARY KEY,
    domain TEXT NOT NULL,
    member_0 TEXT NOT NULL,
    handle_0 TEXT NOT NULL,
    member_1 TEXT NOT NULL,
    handle_1 TEXT NOT NULL,
    met_hash TEXT NOT NULL,
    status TEXT NOT NULL,
    amendment INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX match_0 ON match (member_0, handle_0) WHERE status = 'open';
  CREATE INDEX match_1 ON match (member_1, handle_1) WHERE status = 'open';
  CREATE TABLE match_event (
    match_id TEXT NOT NULL,
    amendment INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (match_id, amendment)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE proof (
    match_id TEXT PRIMARY KEY,
    nonce_0 BLOB, mac_0 BLOB, proven_0 INTEGER,
    nonce_1 BLOB, mac_1 BLOB, proven_1 INTEGER,
    outcome TEXT NOT NULL
  ) STRICT;
  CREATE TABLE notice (
    member TEXT NOT NULL,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL,
    signed BLOB NOT NULL,
    PRIMARY KEY (member, number)
  ) STRICT;
  CREATE TABLE confirmed (member TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT;
  CREATE TABLE account (member TEXT PRIMARY KEY, initial_used INTEGER NOT NULL, hours TEXT NOT NULL) STRICT;
`;

export type Rejections = readonly { readonly index: number; readonly reason: RejectionReason }[];

/** A submission that was applied; `position` is its place in the order of application. */
export type Applied = {
  readonly position: number;
  readonly hash: Uint8Array;
  readonly appliedAtMs: number;
  readonly rejections: Rejections;
};

export type StoredNotice = { readonly number: number; readonly hash: Uint8Array; readonly signed: Uint8Array };

type Row = Record<string, SQLInputValue>;

export class Ledger implements Disposable {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #inTransaction = false;

  /**
   * Opens or creates the ledger of one federation, for this process alone. Throws ENVIRONMENT when another process has it,
   * or the file is of another federation or version.
   */
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

  /** The last applied submission of a member's latest incarnation. */
  currentHead(member: MemberId): Head | undefined {
    return toHead(this.#get("SELECT * FROM submission WHERE member = ? ORDER BY position DESC LIMIT 1", member));
  }

  headOf(member: MemberId, incarnation: Incarnation): Head | undefined {
    const sql = "SELECT * FROM submission WHERE member = ? AND incarnation = ? ORDER BY sequence DESC LIMIT 1";
    return toHead(this.#get(sql, member, incarnation));
  }

  applied(member: MemberId, incarnation: Incarnation, sequence: number): Applied | undefined {
    const sql = "SELECT * FROM submission WHERE member = ? AND incarnation = ? AND sequence = ?";
    return toApplied(this.#get(sql, member, incarnation, sequence));
  }

  /** The position of the next applied submission of a member after `position`. */
  nextPosition(member: MemberId, position: number): number | undefined {
    const row = this.#get(
      "SELECT position FROM submission WHERE member = ? AND position > ? ORDER BY position LIMIT 1",
      member,
      position,
    );
    return row === undefined ? undefined : Number(row["position"]);
  }

  recordSubmission(member: MemberId, head: Head, appliedAtMs: number, rejections: Rejections): void {
    this.#run(
      `INSERT INTO submission (member, incarnation, sequence, hash, applied_at_ms, rejections) VALUES (?, ?, ?, ?, ?, ?)`,
      member,
      head.incarnation,
      head.sequence,
      head.hash,
      appliedAtMs,
      JSON.stringify(rejections),
    );
  }

  match(matchId: MatchId): Match | undefined {
    return toMatch(this.#get("SELECT * FROM match WHERE match_id = ?", matchId));
  }

  openMatchesOf(member: MemberId, handle: Handle): Match[] {
    const sql = `SELECT * FROM match WHERE member_0 = ? AND handle_0 = ? AND status = 'open'
      UNION ALL SELECT * FROM match WHERE member_1 = ? AND handle_1 = ? AND status = 'open' ORDER BY match_id`;
    return this.#all(sql, member, handle, member, handle).map((row) => toMatch(row) as Match);
  }

  /** How many matches were opened, and how many are open now. */
  matchCounts(): { readonly opened: number; readonly open: number } {
    const row = this.#get("SELECT count(*) AS opened, coalesce(sum(status = 'open'), 0) AS open FROM match") as Row;
    return { opened: Number(row["opened"]), open: Number(row["open"]) };
  }

  /** `match` is the state after `event`. */
  recordMatchEvent(match: Match, event: MatchEvent, atMs: number): void {
    const [lower, higher] = match.parties;
    this.#run(
      "INSERT OR REPLACE INTO match VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      match.matchId,
      match.domain,
      lower.member,
      lower.handle,
      higher.member,
      higher.handle,
      match.metHash,
      match.status,
      match.amendment,
    );
    const text = JSON.stringify(event);
    this.#run("INSERT INTO match_event VALUES (?, ?, ?, ?)", match.matchId, match.amendment, atMs, text);
  }

  /** The history of a match, oldest first. */
  matchEvents(matchId: MatchId): MatchEvent[] {
    const rows = this.#all("SELECT event FROM match_event WHERE match_id = ? ORDER BY amendment", matchId);
    return rows.map((row) => JSON.parse(row["event"] as string) as MatchEvent);
  }

  proof(matchId: MatchId): Proof {
    const row = this.#get("SELECT * FROM proof WHERE match_id = ?", matchId);
    if (row === undefined) return NO_PROOF;
    return { sides: [toSideProof(row, 0), toSideProof(row, 1)], outcome: row["outcome"] as Proof["outcome"] };
  }

  saveProof(matchId: MatchId, proof: Proof): void {
    const columns = proof.sides.flatMap(({ nonce, mac, proven }) => [
      nonce ?? null,
      mac ?? null,
      proven === undefined ? null : Number(proven),
    ]);
    this.#run("INSERT OR REPLACE INTO proof VALUES (?, ?, ?, ?, ?, ?, ?, ?)", matchId, ...columns, proof.outcome);
  }

  noticeHead(member: MemberId): NoticeHead {
    const row = this.#get("SELECT number, hash FROM notice WHERE member = ? ORDER BY number DESC LIMIT 1", member);
    return row === undefined ? NO_NOTICE : { number: Number(row["number"]), hash: row["hash"] as Uint8Array };
  }

  noticeHash(member: MemberId, number: number): Uint8Array | undefined {
    const row = this.#get("SELECT hash FROM notice WHERE member = ? AND number = ?", member, number);
    return row?.["hash"] as Uint8Array | undefined;
  }

  appendNotice(member: MemberId, notice: StoredNotice): void {
    this.#run("INSERT INTO notice VALUES (?, ?, ?, ?)", member, notice.number, notice.hash, notice.signed);
  }

  /** Notices after a number, in order. All are kept: a node that is restored from a backup asks for old ones again. */
  noticesAfter(member: MemberId, number: number, max: number): StoredNotice[] {
    const sql = "SELECT * FROM notice WHERE member = ? AND number > ? ORDER BY number LIMIT ?";
    return this.#all(sql, member, number, max).map((row) => ({
      number: Number(row["number"]),
      hash: row["hash"] as Uint8Array,
      signed: row["signed"] as Uint8Array,
    }));
  }

  /** The number of the last notice that the member has stated to hold. */
  confirmed(member: MemberId): number {
    const row = this.#get("SELECT number FROM confirmed WHERE member = ?", member);
    return row === undefined ? 0 : Number(row["number"]);
  }

  confirm(member: MemberId, number: number): void {
    this.#run("INSERT OR REPLACE INTO confirmed VALUES (?, ?)", member, number);
  }

  /** New distinct tokens that a member has published. */
  account(member: MemberId): Account {
    const row = this.#get("SELECT * FROM account WHERE member = ?", member);
    if (row === undefined) return emptyAccount;
    const hours = new Map(JSON.parse(row["hours"] as string) as [number, number][]);
    return { initialUsed: Number(row["initial_used"]), hours };
  }

  saveAccount(member: MemberId, account: Account): void {
    const hours = JSON.stringify([...account.hours]);
    this.#run("INSERT OR REPLACE INTO account VALUES (?, ?, ?)", member, account.initialUsed, hours);
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #adopt(federation: Uint8Array): void {
    const version = Number(this.#get("PRAGMA user_version")?.["user_version"]);
    if (version === 0) {
      this.#database.exec(SCHEMA);
      this.#run("INSERT INTO federation VALUES (?)", toHex(federation));
      this.#database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    } else if (version !== SCHEMA_VERSION) {
      throw environment("the ledger was written by another version of the broker");
    }
    if (this.#get("SELECT id FROM federation WHERE id = ?", toHex(federation)) === undefined) {
      throw environment("the ledger belongs to another federation");
    }
  }

  #get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values);
  }

  #all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...values);
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#prepare(sql).run(...values);
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function toHead(row: Row | undefined): Head | undefined {
  if (row === undefined) return undefined;
  const { incarnation, sequence, hash } = row;
  return { incarnation: incarnation as Incarnation, sequence: Number(sequence), hash: hash as Uint8Array };
}

function toApplied(row: Row | undefined): Applied | undefined {
  if (row === undefined) return undefined;
  return {
    position: Number(row["position"]),
    hash: row["hash"] as Uint8Array,
    appliedAtMs: Number(row["applied_at_ms"]),
    rejections: JSON.parse(row["rejections"] as string) as Rejections,
  };
}

function toMatch(row: Row | undefined): Match | undefined {
  if (row === undefined) return undefined;
  return {
    matchId: row["match_id"] as MatchId,
    domain: row["domain"] as Match["domain"],
    parties: [
      { member: row["member_0"] as MemberId, handle: row["handle_0"] as Handle },
      { member: row["member_1"] as MemberId, handle: row["handle_1"] as Handle },
    ],
    metHash: row["met_hash"] as string,
    status: row["status"] as Match["status"],
    amendment: Number(row["amendment"]),
  };
}

function toSideProof(row: Row, side: 0 | 1): SideProof {
  const [nonce, mac, proven] = [row[`nonce_${side}`], row[`mac_${side}`], row[`proven_${side}`]];
  return {
    ...(nonce == null ? {} : { nonce: nonce as Uint8Array }),
    ...(mac == null ? {} : { mac: mac as Uint8Array }),
    ...(proven == null ? {} : { proven: proven === 1 }),
  };
}

function environment(message: string): CausewayError {
  return new CausewayError("ENVIRONMENT", message);
}
