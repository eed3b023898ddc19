/**
 * The broker's primary data: which submissions were applied, the matches, the state of proofs, what each member was told
 * and has confirmed, budgets used, ends of epochs, items for oversight. One SQLite file, one writer.
 *
 * Durability: a transaction that has returned survives power failure (`synchronous=FULL`); one that has not leaves no trace.
 * An attacker who reads the file learns which handles of which members met and who was told what; one who writes it can
 * hide or invent matches, of which the invented fail the proof of knowledge. It holds no salt or key, and tokens only of meetings that are
 * not proven yet, until their epoch ends.
 */
import type { Receipt, SubmissionRejections } from "../../shared/core/data-plane.ts";
import type { Handle, Incarnation, MatchId, MemberId } from "../../shared/core/ids.ts";
import type { Match, MatchEvent } from "../core/match.ts";
import { NO_NOTICE } from "../core/notice.ts";
import type { NoticeHead } from "../core/notice.ts";
import { emptyAccount } from "../../shared/core/quota.ts";
import type { Account } from "../../shared/core/quota.ts";
import type { Head } from "../core/submission.ts";
import { AlarmTable } from "./alarm-table.ts";
import { EpochTable } from "./epoch-table.ts";
import { Database } from "../../shared/store/database.ts";
import { LEDGER } from "./ledger-schema.ts";
import type { Row } from "../../shared/store/database.ts";
import { fromStoredJson, toStoredJson } from "../../shared/store/stored-json.ts";
import { NoticeLines } from "./notice-lines.ts";
import { MemberTable } from "./member-table.ts";
import { ProofTable } from "./proof-table.ts";
import type { SecondCopy } from "../../shared/store/second-copy.ts";
import { STORED_EVENT, STORED_HOURS, STORED_REJECTIONS } from "./stored-values.ts";

/** A submission that was applied; `position` is its place in the order of application. */
export type Applied = {
  readonly position: number;
  readonly hash: Uint8Array;
  readonly appliedAtMs: number;
  readonly rejections: Rejections;
};

export type Rejections = Receipt["rejections"];

export type StoredNotice = { readonly number: number; readonly hash: Uint8Array; readonly signed: Uint8Array };

export class Ledger implements Disposable {
  readonly #database: Database;
  readonly #secondCopy: SecondCopy | undefined;
  /** Of all matches ever: counted again only after a change. */
  #counted: { readonly changeCount: number; readonly counts: { opened: number; open: number } } | undefined;
  #isInTransaction = false;
  readonly #finishing: (() => void)[] = [];
  readonly alarms: AlarmTable;
  readonly epochs: EpochTable;
  readonly lines: NoticeLines;
  readonly members: MemberTable;
  readonly proofs: ProofTable;

  /**
   * Opens or creates the ledger of one federation, for this process alone. Throws ENVIRONMENT when another process has it,
   * or the file is of another federation or version. Without a second copy `kept` resolves at once.
   */
  constructor(path: string, federation: Uint8Array, secondCopy?: SecondCopy) {
    this.#secondCopy = secondCopy;
    this.#database = new Database(path, LEDGER, federation);
    secondCopy?.record(this.#database);
    this.alarms = new AlarmTable(this.#database);
    this.epochs = new EpochTable(this.#database);
    this.lines = new NoticeLines(this.#database);
    this.members = new MemberTable(this.#database);
    this.proofs = new ProofTable(this.#database);
  }

  /** As long as this stands still, nothing here is new. */
  get changeCount(): number {
    return this.#database.changeCount;
  }

  /**
   * Resolves when all that was committed so far is in both copies of the ledger. Whatever tells others of it waits for this. Throws
   * UNAVAILABLE when the program stops, or another broker is active.
   */
  async kept(): Promise<void> {
    await this.#secondCopy?.kept();
  }

  /** All that `work` writes, or nothing of it. Synchronous, so that no other work can come between. */
  transaction<T>(work: () => T extends Promise<unknown> ? never : T): T {
    if (this.#isInTransaction) return this.#database.transaction(work);
    this.#isInTransaction = true;
    try {
      return this.#database.transaction(() => {
        const result = work();
        for (const finish of this.#finishing) finish();
        return result;
      });
    } finally {
      this.#isInTransaction = false;
    }
  }

  /** `finish` writes what the work of a transaction has left to be written at its end. */
  beforeCommit(finish: () => void): void {
    this.#finishing.push(finish);
  }

  /** The last applied submission of a member's latest incarnation. */
  currentHead(member: MemberId): Head | undefined {
    return toHead(
      this.#database.get("SELECT * FROM submission WHERE member = ? ORDER BY position DESC LIMIT 1", member),
    );
  }

  headOf(member: MemberId, incarnation: Incarnation): Head | undefined {
    const sql = "SELECT * FROM submission WHERE member = ? AND incarnation = ? ORDER BY sequence DESC LIMIT 1";
    return toHead(this.#database.get(sql, member, incarnation));
  }

  applied(member: MemberId, incarnation: Incarnation, sequence: number): Applied | undefined {
    const sql = "SELECT * FROM submission WHERE member = ? AND incarnation = ? AND sequence = ?";
    return toApplied(this.#database.get(sql, member, incarnation, sequence));
  }

  /** Rejections in submissions of the incarnation after a sequence, in order. */
  rejectionsAfter(member: MemberId, incarnation: Incarnation, sequence: number): SubmissionRejections[] {
    const sql = `SELECT sequence, rejections FROM submission
      WHERE member = ? AND incarnation = ? AND sequence > ? AND rejections <> ? ORDER BY sequence`;
    const none = toStoredJson(STORED_REJECTIONS, []);
    return this.#database.all(sql, member, incarnation, sequence, none).map((row) => ({
      sequence: Number(row["sequence"]),
      rejections: fromStoredJson(STORED_REJECTIONS, row["rejections"] as string),
    }));
  }

  /** The member's last submission in the order of application. */
  lastApplied(member: MemberId): { readonly position: number; readonly hash: Uint8Array } | undefined {
    const sql = "SELECT position, hash FROM submission WHERE member = ? ORDER BY position DESC LIMIT 1";
    const row = this.#database.get(sql, member);
    return row === undefined ? undefined : { position: Number(row["position"]), hash: row["hash"] as Uint8Array };
  }

  /** Whether this is the member's submission at that place in the order of application. */
  isApplied(member: MemberId, position: number, hash: Uint8Array): boolean {
    const sql = "SELECT position FROM submission WHERE position = ? AND member = ? AND hash = ?";
    return this.#database.get(sql, position, member, hash) !== undefined;
  }

  /** The position of the next applied submission of a member after `position` whose epoch has not been purged. */
  nextPosition(member: MemberId, position: number): number | undefined {
    const row = this.#database.get(
      `SELECT position FROM submission WHERE member = ? AND position > ?
        AND epoch NOT IN (SELECT epoch FROM ended_epoch) ORDER BY position LIMIT 1`,
      member,
      position,
    );
    return row === undefined ? undefined : Number(row["position"]);
  }

  /** The position that the next recorded submission will have. */
  get positionToCome(): number {
    return Number(this.#database.get("SELECT coalesce(max(position), 0) AS last FROM submission")?.["last"]) + 1;
  }

  recordSubmission(
    member: MemberId,
    head: Head & { readonly epoch: number },
    appliedAtMs: number,
    rejections: Rejections,
  ): void {
    this.#database.run(
      `INSERT INTO submission (member, incarnation, sequence, hash, applied_at_ms, rejections, epoch)
        VALUES (?, ?, ?, ?, ?, ?, ?)`,
      member,
      head.incarnation,
      head.sequence,
      head.hash,
      appliedAtMs,
      toStoredJson(STORED_REJECTIONS, rejections),
      head.epoch,
    );
  }

  match(matchId: MatchId): Match | undefined {
    return toMatch(this.#database.get("SELECT * FROM match WHERE match_id = ?", matchId));
  }

  openMatchesOf(member: MemberId, handle: Handle): Match[] {
    const sql = `SELECT * FROM match WHERE member_0 = ? AND handle_0 = ? AND status = 'open'
      UNION ALL SELECT * FROM match WHERE member_1 = ? AND handle_1 = ? AND status = 'open' ORDER BY match_id`;
    return this.#database.all(sql, member, handle, member, handle).map((row) => toMatch(row) as Match);
  }

  /** Open matches of all of a member's records after a match id, in order of their ids. */
  openMatchesOfMember(member: MemberId, after: MatchId | "", max: number): Match[] {
    const sql = `SELECT * FROM match WHERE (member_0 = ? OR member_1 = ?) AND status = 'open' AND match_id > ?
      ORDER BY match_id LIMIT ?`;
    return this.#database.all(sql, member, member, after, max).map((row) => toMatch(row) as Match);
  }

  /** The last events of matches of the member that were closed after an instant and are not open again. */
  closedSince(member: MemberId, afterMs: number): { readonly matchId: MatchId; readonly event: MatchEvent }[] {
    const sql = `SELECT match.match_id, event FROM match JOIN match_event USING (match_id, amendment)
      WHERE (member_0 = ? OR member_1 = ?) AND status = 'closed' AND at_ms > ?`;
    return this.#database.all(sql, member, member, afterMs).map((row) => ({
      matchId: row["match_id"] as MatchId,
      event: fromStoredJson(STORED_EVENT, row["event"] as string),
    }));
  }

  /** Open matches whose sides were last told of a meeting in this epoch, and whose proof of knowledge is not finished. */
  unprovenMatchesOf(epoch: number, after: MatchId | "", max: number): Match[] {
    const sql = `SELECT match.* FROM match LEFT JOIN proof USING (match_id)
      WHERE told_epoch = ? AND status = 'open' AND coalesce(outcome, 'pending') = 'pending' AND match_id > ?
      ORDER BY match_id LIMIT ?`;
    return this.#database.all(sql, epoch, after, max).map((row) => toMatch(row) as Match);
  }

  /** In a transaction: the sides of an open match are told of it, and asked, when they next meet. */
  strand(matchId: MatchId): void {
    this.proofs.forget(matchId);
    this.#database.run("UPDATE match SET told_epoch = 0 WHERE match_id = ?", matchId);
  }

  /** How many matches were opened, and how many are open now. */
  matchCounts(): { readonly opened: number; readonly open: number } {
    const { changeCount } = this;
    if (this.#counted?.changeCount === changeCount) return this.#counted.counts;
    const row = this.#database.get(
      "SELECT count(*) AS opened, coalesce(sum(status = 'open'), 0) AS open FROM match",
    ) as Row;
    const counts = { opened: Number(row["opened"]), open: Number(row["open"]) };
    this.#counted = { changeCount, counts };
    return counts;
  }

  /** `match` is the state after `event`. */
  recordMatchEvent(match: Match, event: MatchEvent, atMs: number): void {
    const [lower, higher] = match.parties;
    this.#database.run(
      `INSERT INTO match
        (match_id, domain, member_0, handle_0, member_1, handle_1, status, amendment, told_epoch)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET status = excluded.status, amendment = excluded.amendment, told_epoch = excluded.told_epoch`,
      match.matchId,
      match.domain,
      lower.member,
      lower.handle,
      higher.member,
      higher.handle,
      match.status,
      match.amendment,
      match.epoch,
    );
    const text = toStoredJson(STORED_EVENT, event);
    this.#database.run("INSERT INTO match_event VALUES (?, ?, ?, ?)", match.matchId, match.amendment, atMs, text);
  }

  /** The history of a match, oldest first. */
  matchEvents(matchId: MatchId): MatchEvent[] {
    const rows = this.#database.all("SELECT event FROM match_event WHERE match_id = ? ORDER BY amendment", matchId);
    return rows.map((row) => fromStoredJson(STORED_EVENT, row["event"] as string));
  }

  /** How often the sides of a match were told something after an instant. */
  matchEventsSince(matchId: MatchId, afterMs: number): number {
    const sql = "SELECT count(*) AS events FROM match_event WHERE match_id = ? AND at_ms > ?";
    return Number(this.#database.get(sql, matchId, afterMs)?.["events"]);
  }

  noticeHead(member: MemberId): NoticeHead {
    const row = this.#database.get(
      "SELECT number, hash FROM notice WHERE member = ? ORDER BY number DESC LIMIT 1",
      member,
    );
    return row === undefined ? NO_NOTICE : { number: Number(row["number"]), hash: row["hash"] as Uint8Array };
  }

  noticeHash(member: MemberId, number: number): Uint8Array | undefined {
    const row = this.#database.get("SELECT hash FROM notice WHERE member = ? AND number = ?", member, number);
    return row?.["hash"] as Uint8Array | undefined;
  }

  appendNotice(member: MemberId, notice: StoredNotice): void {
    this.#database.run("INSERT INTO notice VALUES (?, ?, ?, ?)", member, notice.number, notice.hash, notice.signed);
  }

  /** Notices after a number, in order. All are kept: a node that is restored from a backup asks for old ones again. */
  noticesAfter(member: MemberId, number: number, max: number): StoredNotice[] {
    const sql = "SELECT * FROM notice WHERE member = ? AND number > ? ORDER BY number LIMIT ?";
    return this.#database.all(sql, member, number, max).map((row) => ({
      number: Number(row["number"]),
      hash: row["hash"] as Uint8Array,
      signed: row["signed"] as Uint8Array,
    }));
  }

  /** The number of the last notice that the member has stated to hold. */
  confirmed(member: MemberId): number {
    const row = this.#database.get("SELECT number FROM confirmed WHERE member = ?", member);
    return row === undefined ? 0 : Number(row["number"]);
  }

  confirm(member: MemberId, number: number): void {
    this.#database.run("INSERT OR REPLACE INTO confirmed VALUES (?, ?)", member, number);
  }

  /** New distinct tokens that a member has published. */
  account(member: MemberId): Account {
    const row = this.#database.get("SELECT * FROM account WHERE member = ?", member);
    if (row === undefined) return emptyAccount;
    const hours = new Map(fromStoredJson(STORED_HOURS, row["hours"] as string));
    return { initialUsed: Number(row["initial_used"]), hours };
  }

  saveAccount(member: MemberId, account: Account): void {
    const hours = toStoredJson(STORED_HOURS, [...account.hours]);
    this.#database.run("INSERT OR REPLACE INTO account VALUES (?, ?, ?)", member, account.initialUsed, hours);
  }

  [Symbol.dispose](): void {
    this.#database[Symbol.dispose]();
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
    rejections: fromStoredJson(STORED_REJECTIONS, row["rejections"] as string),
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
    epoch: Number(row["told_epoch"]),
    status: row["status"] as Match["status"],
    amendment: Number(row["amendment"]),
  };
}
