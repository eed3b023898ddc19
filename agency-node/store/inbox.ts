/** Notices of the broker, numbered and chained, and the matches they add up to. */
import type { MeetingStatement } from "../../shared/core/data-plane.ts";
import type { Handle, Incarnation, MatchId } from "../../shared/core/ids.ts";
import { isProving } from "../core/match.ts";
import type { MatchState } from "../core/match.ts";
import type { Database, SqlValue } from "../../shared/store/database.ts";
import { STORED_MATCH } from "./stored-match.ts";
import type { Vault } from "./vault.ts";

export type NoticeHead = { readonly number: number; readonly hash: Uint8Array };

/** Of rows of `match`: that the own record is here, if only as one that has ended. */
const IS_HELD = "EXISTS (SELECT 1 FROM record WHERE record.handle = match.handle)";
const IS_OPEN = "status IN ('open', 'proven', 'unproven') AND canary IS NULL";

/** The last batch of notices held of the incarnation that goes on; number 0 and 32 zero bytes before its first. */
export type HeldLine = NoticeHead & { readonly incarnation: Incarnation };

export class Inbox {
  readonly #db: Database;
  readonly #vault: Vault;

  constructor(db: Database, vault: Vault) {
    this.#db = db;
    this.#vault = vault;
    // Those that an earlier version kept.
    const unnamed = this.#matches("handle = ''");
    if (unnamed.length > 0) db.transaction(() => unnamed.forEach((match) => this.#name(match)));
  }

  #name({ matchId, handle }: MatchState): void {
    this.#db.run("UPDATE match SET handle = ? WHERE match_id = ?", handle, matchId);
  }

  /** The last single notice held; number 0 and 32 zero bytes before the first. */
  head(): NoticeHead {
    const row = this.#db.get<NoticeHead>("SELECT number, hash FROM notice ORDER BY number DESC LIMIT 1");
    return row ?? { number: 0, hash: new Uint8Array(32) };
  }

  /** Only the last notice's number and hash are kept: what they say is in the matches. */
  advance(head: NoticeHead): void {
    this.#db.run("DELETE FROM notice");
    this.#db.run("INSERT INTO notice VALUES (?, ?)", head.number, head.hash);
  }

  /** Undefined before the first batch. */
  line(): HeldLine | undefined {
    return this.#db.get<HeldLine>("SELECT incarnation, number, hash FROM notice_line ORDER BY place DESC LIMIT 1");
  }

  /** Whether another incarnation has replaced it. */
  hasEnded(incarnation: Incarnation): boolean {
    const known = this.#db.get("SELECT 1 FROM notice_line WHERE incarnation = ?", incarnation) !== undefined;
    return known && this.line()?.incarnation !== incarnation;
  }

  advanceLine({ incarnation, number, hash }: HeldLine): void {
    this.#db.run(
      `INSERT INTO notice_line (incarnation, number, hash) VALUES (?, ?, ?)
         ON CONFLICT (incarnation) DO UPDATE SET number = excluded.number, hash = excluded.hash`,
      incarnation,
      number,
      hash,
    );
  }

  /** How many notices were of a kind that this node's version did not know. */
  get skipped(): number {
    return this.#db.number("SELECT count(*) FROM skipped_notice");
  }

  /** `field`: the wire's number of its kind. A node that was restored from a backup may skip it again. */
  skip({ number, field }: { readonly number: number; readonly field: number }): void {
    this.#db.run("INSERT OR REPLACE INTO skipped_notice VALUES (?, ?)", number, field);
  }

  match(matchId: MatchId): MatchState | undefined {
    const row = this.#db.get<{ sealed: Uint8Array }>("SELECT sealed FROM match WHERE match_id = ?", matchId);
    return row && this.#open(matchId, row.sealed);
  }

  /** `isCanary`: of a test record, which no officer sees. `isStated`: its statement is to be sent. */
  save(
    match: MatchState,
    { isCanary = false, isStated = false }: { readonly isCanary?: boolean; readonly isStated?: boolean } = {},
  ): void {
    this.#db.run(
      `INSERT INTO match (match_id, status, unfinished, statement_due, misnamed, canary, handle, unread, sealed)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (match_id) DO UPDATE SET status = excluded.status, unfinished = excluded.unfinished,
         statement_due = max(statement_due, excluded.statement_due), misnamed = excluded.misnamed, unread = excluded.unread,
         sealed = excluded.sealed`,
      match.matchId,
      match.status,
      isProving(match) ? 1 : 0,
      isStated ? 1 : 0,
      match.misnamed === undefined ? 0 : 1,
      isCanary ? match.handle : null,
      match.handle,
      match.unread === undefined ? 0 : 1,
      this.#vault.sealJson(`match/${match.matchId}`, STORED_MATCH, match),
    );
  }

  /** Statements that are to be sent. */
  dueStatements(limit: number): MeetingStatement[] {
    return this.#matches("statement_due = 1 LIMIT ?", limit).flatMap(({ matchId, statement }) =>
      statement === undefined ? [] : [{ matchId, ...statement }],
    );
  }

  /** Statements on these matches have gone out. */
  setStated(matches: readonly MatchId[]): void {
    for (const match of matches) this.#db.run("UPDATE match SET statement_due = 0 WHERE match_id = ?", match);
  }

  /** Matches that an officer sees, in the order they were opened: everything but those of canaries, and of records that are not here. */
  matches(): MatchState[] {
    return this.#matches(`canary IS NULL AND ${IS_HELD} ORDER BY rowid`);
  }

  /** How many matches, canaries' left out, are of records that this database does not hold, as after its loss. Those that ended are not counted. */
  get homeless(): number {
    return this.#db.number(`SELECT count(*) FROM match WHERE ${IS_OPEN} AND NOT ${IS_HELD}`);
  }

  /** Those that could not be read yet, of records that are here. */
  unread(): MatchState[] {
    return this.#matches(`unread = 1 AND ${IS_HELD}`);
  }

  /** Matches of which something was told that did not hold, those of canaries too. */
  misnamed(): MatchState[] {
    return this.#matches("misnamed = 1");
  }

  #matches(where: string, ...values: readonly SqlValue[]): MatchState[] {
    const sql = `SELECT match_id, sealed FROM match WHERE ${where}`;
    const rows = this.#db.all<{ match_id: MatchId; sealed: Uint8Array }>(sql, ...values);
    return rows.map((row) => this.#open(row.match_id, row.sealed));
  }

  /** `unfinished`: still on the way to a proof. */
  counts(): { readonly open: number; readonly unfinished: number } {
    const counts = this.#db.get<{ open: number; unfinished: number }>(
      `SELECT count(*) AS open, coalesce(sum(unfinished), 0) AS unfinished FROM match
       WHERE ${IS_OPEN} AND ${IS_HELD}`,
    );
    return counts ?? { open: 0, unfinished: 0 };
  }

  removeCanary(handle: Handle): void {
    this.#db.run("DELETE FROM match WHERE canary = ?", handle);
  }

  #open(matchId: MatchId, sealed: Uint8Array): MatchState {
    return this.#vault.openJson(`match/${matchId}`, STORED_MATCH, sealed);
  }
}
