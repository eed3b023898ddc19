/** What members are told in batches: for each the line that goes on, and the bytes of its batches (protocol section 8). */
import type { EncodedBatch } from "../../shared/core/data-plane.ts";
import type { Incarnation, MatchId, MemberId } from "../../shared/core/ids.ts";
import type { Database, Row } from "../../shared/store/database.ts";
import type { NoticeLine } from "../core/notice-line.ts";

export type StoredBatch = { readonly number: number; readonly atMs: number; readonly batch: EncodedBatch };

/** What is still to be told again under a new incarnation: open matches after this id, and what was closed since. */
export type Retelling = { readonly member: MemberId; readonly after: MatchId | ""; readonly closedSinceMs: number };

export class NoticeLines {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Undefined for a member that is told in single notices. */
  line(member: MemberId): NoticeLine | undefined {
    const row = this.#database.get("SELECT * FROM notice_line WHERE member = ?", member);
    return row === undefined ? undefined : toLine(row);
  }

  has(member: MemberId): boolean {
    return this.#database.get("SELECT 1 FROM notice_line WHERE member = ?", member) !== undefined;
  }

  /** In a transaction: what was told under the incarnation before is forgotten, and all that is open is to be told again. */
  begin(
    member: MemberId,
    incarnation: Incarnation,
    of: { readonly closedSinceMs: number; readonly nowMs: number },
  ): void {
    this.#database.run("DELETE FROM notice_batch WHERE member = ?", member);
    this.#database.run(
      `INSERT OR REPLACE INTO notice_line (member, incarnation, number, hash, held, begun_at_ms, retold, closed_since_ms)
        VALUES (?, ?, 0, zeroblob(32), 0, ?, '', ?)`,
      member,
      incarnation,
      of.nowMs,
      of.closedSinceMs,
    );
  }

  /** In a transaction. `hash`: of the batch, see `batchHash`. */
  append(member: MemberId, { number, atMs, batch }: StoredBatch, hash: Uint8Array): void {
    this.#database.run("INSERT INTO notice_batch VALUES (?, ?, ?, ?, ?)", member, number, hash, atMs, batch);
    this.#database.run("UPDATE notice_line SET number = ?, hash = ? WHERE member = ?", number, hash, member);
  }

  /** Batches after a number, in order. */
  after(member: MemberId, number: number, max: number): StoredBatch[] {
    const sql = "SELECT number, at_ms, batch FROM notice_batch WHERE member = ? AND number > ? ORDER BY number LIMIT ?";
    return this.#database.all(sql, member, number, max).map((row) => ({
      number: Number(row["number"]),
      atMs: Number(row["at_ms"]),
      batch: row["batch"] as Uint8Array,
    }));
  }

  /** Undefined for one that there is none of, or none any more. */
  hashOf(member: MemberId, number: number): Uint8Array | undefined {
    const row = this.#database.get("SELECT hash FROM notice_batch WHERE member = ? AND number = ?", member, number);
    return row?.["hash"] as Uint8Array | undefined;
  }

  /** When the last batch was written; 0 without one. */
  lastAtMs(member: MemberId): number {
    return this.#database.number("SELECT max(at_ms) FROM notice_batch WHERE member = ?", member);
  }

  /** The member holds all up to this number. Those written before `keepSinceMs` are forgotten: whoever lacks them is told anew. */
  confirm(member: MemberId, number: number, keepSinceMs: number): void {
    this.#database.run("UPDATE notice_line SET held = ? WHERE member = ?", number, member);
    const sql = "DELETE FROM notice_batch WHERE member = ? AND number < ? AND at_ms < ?";
    this.#database.run(sql, member, number, keepSinceMs);
  }

  /** Members to whom something is still to be told again. */
  retellings(): Retelling[] {
    const sql = "SELECT member, retold, closed_since_ms FROM notice_line WHERE retold IS NOT NULL";
    return this.#database.all(sql).map((row) => ({
      member: row["member"] as MemberId,
      after: row["retold"] as MatchId | "",
      closedSinceMs: Number(row["closed_since_ms"]),
    }));
  }

  /** Told again up to this match; undefined: all of it. */
  retold(member: MemberId, after: MatchId | undefined): void {
    this.#database.run("UPDATE notice_line SET retold = ? WHERE member = ?", after ?? null, member);
  }
}

function toLine(row: Row): NoticeLine {
  return {
    incarnation: row["incarnation"] as Incarnation,
    number: Number(row["number"]),
    hash: row["hash"] as Uint8Array,
    held: Number(row["held"]),
    begunAtMs: Number(row["begun_at_ms"]),
  };
}
