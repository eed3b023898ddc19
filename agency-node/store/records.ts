/** The unit's records, and what of them was published when. */
import { equalBytes, utf8 } from "../../shared/core/bytes.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { parseIsoDay } from "../../shared/core/days.ts";
import type { RejectionReason } from "../../shared/core/data-plane.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { Handle, Incarnation } from "../../shared/core/ids.ts";
import type { Layout } from "../core/publication.ts";
import type { DeconflictionRecord } from "../core/record.ts";
import type { Database } from "./database.ts";
import type { Vault } from "./vault.ts";

/**
 * `hardening`: identifiers still to be evaluated. `waiting`: in the outbox. `published`: the broker has it. `rejected`: the broker
 * refused it, `reason` says why. `withdrawn`, `expired`: no longer published.
 */
export type RecordState = "hardening" | "waiting" | "published" | "rejected" | "withdrawn" | "expired";

export type StoredRecord = {
  readonly handle: Handle;
  readonly record: DeconflictionRecord;
  /** Grows with every change of content, so that work on an older one is not taken for work on this one. */
  readonly revision: number;
  readonly state: RecordState;
  readonly reason: RejectionReason | null;
  readonly tokens: number;
  /** The review day last sent to the broker, if it may have the record. */
  readonly sentDay: number | null;
};

/** A version of a record as it was laid out: what a meeting's positions refer to. */
export type Publication = { readonly epoch: number; readonly domain: Domain; readonly layout: Layout };

export type Version = { readonly incarnation: Incarnation; readonly sequence: number };

type Row = {
  handle: Handle;
  sealed: Uint8Array;
  revision: number;
  state: RecordState;
  reason: RejectionReason | null;
  tokens: number;
  sent_day: number | null;
};

/** A meeting names the version that the broker had then; notices of it may come after a few more. */
const VERSIONS_KEPT = 8;

export type PutOutcome = "added" | "amended" | "unchanged";

export class RecordStore {
  readonly #db: Database;
  readonly #vault: Vault;

  constructor(db: Database, vault: Vault) {
    this.#db = db;
    this.#vault = vault;
  }

  /**
   * Takes a record in by its owner's reference. The same content again changes nothing; other content keeps the handle, so that the
   * other side of a match sees an amendment. `newHandle` is used for a new record only.
   */
  put(record: DeconflictionRecord, contentHash: Uint8Array, newHandle: Handle): PutOutcome {
    const outcome = this.compare(record, contentHash);
    if (outcome === "unchanged") return outcome;
    const referenceKey = this.#referenceKey(record.reference);
    const handle = this.#known(referenceKey)?.handle ?? newHandle;
    this.#db.run(
      `INSERT INTO record (handle, reference_key, sealed, content_key, revision, review_by_day, state)
       VALUES (?, ?, ?, ?, 1, ?, 'hardening')
       ON CONFLICT (handle) DO UPDATE SET sealed = excluded.sealed, content_key = excluded.content_key,
         revision = revision + 1, review_by_day = excluded.review_by_day, state = 'hardening', reason = NULL`,
      handle,
      referenceKey,
      this.#vault.sealJson(`record/${handle}`, record),
      this.#vault.lookupKey("content", contentHash),
      reviewDayOf(record),
    );
    return outcome;
  }

  /** What `put` would do. A record that was withdrawn or has expired is taken in again even if nothing else changed. */
  compare(record: DeconflictionRecord, contentHash: Uint8Array): PutOutcome {
    const known = this.#known(this.#referenceKey(record.reference));
    if (known === undefined) return "added";
    const same = equalBytes(known.content_key, this.#vault.lookupKey("content", contentHash));
    return same && known.state !== "withdrawn" && known.state !== "expired" ? "unchanged" : "amended";
  }

  #known(referenceKey: Uint8Array): { handle: Handle; content_key: Uint8Array; state: RecordState } | undefined {
    return this.#db.get("SELECT handle, content_key, state FROM record WHERE reference_key = ?", referenceKey);
  }

  /** Throws NOT_FOUND. */
  byReference(reference: string): StoredRecord {
    const row = this.#db.get<Row>("SELECT * FROM record WHERE reference_key = ?", this.#referenceKey(reference));
    if (row === undefined) throw new CausewayError("NOT_FOUND", "no record has this reference");
    return this.#open(row);
  }

  byHandle(handle: Handle): StoredRecord | undefined {
    const row = this.#db.get<Row>("SELECT * FROM record WHERE handle = ?", handle);
    return row && this.#open(row);
  }

  /** Whether this is still what is to be published: not amended, withdrawn or published since it was read. */
  isStillHardening({ handle, revision }: StoredRecord): boolean {
    const sql = "SELECT 1 FROM record WHERE handle = ? AND revision = ? AND state = 'hardening'";
    return this.#db.get(sql, handle, revision) !== undefined;
  }

  /** Records whose identifiers are to be evaluated, oldest first, after `position`. */
  hardening(afterPosition: number, limit: number): { readonly position: number; readonly stored: StoredRecord }[] {
    const rows = this.#db.all<Row & { position: number }>(
      "SELECT rowid AS position, * FROM record WHERE state = 'hardening' AND rowid > ? ORDER BY rowid LIMIT ?",
      afterPosition,
      limit,
    );
    return rows.map((row) => ({ position: row.position, stored: this.#open(row) }));
  }

  /** All records, in the order of their arrival, read in pages so that a large file does not fill the memory. */
  *all(): Generator<StoredRecord> {
    const PAGE = 500;
    for (let after = 0; ;) {
      const rows = this.#db.all<Row & { position: number }>(
        "SELECT rowid AS position, * FROM record WHERE rowid > ? ORDER BY rowid LIMIT ?",
        after,
        PAGE,
      );
      for (const row of rows) yield this.#open(row);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.position;
    }
  }

  /** Records whose review day is over: the owner's, or the earlier one that the broker has and goes by. */
  overdue(today: number): StoredRecord[] {
    return this.#db
      .all<Row>(
        `SELECT * FROM record WHERE min(review_by_day, coalesce(sent_day, review_by_day)) < ?
           AND state NOT IN ('withdrawn', 'expired') LIMIT 1000`,
        today,
      )
      .map((row) => this.#open(row));
  }

  /** A publication went to the outbox: what it laid out at which place, so that a meeting can be read later. */
  setWaiting(
    handle: Handle,
    version: Version,
    publication: Publication,
    published: { readonly day: number; readonly tokens: number },
  ): void {
    const { incarnation, sequence } = version;
    this.#db.run(
      `UPDATE record SET state = 'waiting', reason = NULL, sent_day = ?, tokens = ?, incarnation = ?, sequence = ?
       WHERE handle = ?`,
      published.day,
      published.tokens,
      incarnation,
      sequence,
      handle,
    );
    this.#savePublication(handle, version, publication);
    this.#db.run(
      `DELETE FROM published WHERE handle = ? AND number <=
         (SELECT number FROM published WHERE handle = ? ORDER BY number DESC LIMIT 1 OFFSET ?)`,
      handle,
      handle,
      VERSIONS_KEPT,
    );
  }

  /** What was to be sent as one version goes out as another: positions of both can be read. */
  moveVersion(handle: Handle, from: Version, to: Version): void {
    this.#db.run(
      "UPDATE record SET incarnation = ?, sequence = ? WHERE handle = ? AND incarnation = ? AND sequence = ?",
      to.incarnation,
      to.sequence,
      handle,
      from.incarnation,
      from.sequence,
    );
    const publication = this.publication(handle, from);
    if (publication !== undefined) this.#savePublication(handle, to, publication);
  }

  #savePublication(handle: Handle, version: Version, publication: Publication): void {
    const { incarnation, sequence } = version;
    const sealed = this.#vault.sealJson(publishedPlace(handle, version), publication);
    this.#db.run(
      "INSERT OR IGNORE INTO published (handle, incarnation, sequence, sealed) VALUES (?, ?, ?, ?)",
      handle,
      incarnation,
      sequence,
      sealed,
    );
  }

  /** What stood where in that version of the record; `undefined` if this database never held it. */
  publication(handle: Handle, version: Version): Publication | undefined {
    const row = this.#db.get<{ sealed: Uint8Array }>(
      "SELECT sealed FROM published WHERE handle = ? AND incarnation = ? AND sequence = ?",
      handle,
      version.incarnation,
      version.sequence,
    );
    return row && (this.#vault.openJson(publishedPlace(handle, version), row.sealed) as Publication);
  }

  /** Moves the review day later, with the record's other content as it is. What is being published now is read anew. */
  revalidate(stored: StoredRecord, reviewBy: string): void {
    const record = { ...stored.record, reviewBy };
    this.#db.run(
      "UPDATE record SET sealed = ?, review_by_day = ?, revision = revision + 1 WHERE handle = ?",
      this.#vault.sealJson(`record/${stored.handle}`, record),
      reviewDayOf(record),
      stored.handle,
    );
  }

  /**
   * The broker's answer to one version of a record, or to its revalidation. Only the answer to the version that was sent last says
   * what state the record is in: one that was amended or withdrawn since keeps its newer state.
   */
  settle(handle: Handle, { incarnation, sequence }: Version, reason: RejectionReason | null): void {
    if (reason === null) this.#db.run("UPDATE record SET held_day = sent_day WHERE handle = ?", handle);
    const settled = this.#db.run(
      `UPDATE record SET state = ?, reason = ? WHERE handle = ? AND state = 'waiting' AND incarnation = ? AND sequence = ?`,
      reason === null ? "published" : "rejected",
      reason,
      handle,
      incarnation,
      sequence,
    );
    if (reason === null) return;
    // What the broker refused it does not have: it still has, if anything, what it took before.
    this.#db.run("UPDATE record SET sent_day = held_day WHERE handle = ? AND state <> 'waiting'", handle);
    if (settled > 0) this.#dropPublication(handle, { incarnation, sequence });
  }

  /** A version that the broker refused can meet nothing. */
  #dropPublication(handle: Handle, { incarnation, sequence }: Version): void {
    const sql = "DELETE FROM published WHERE handle = ? AND incarnation = ? AND sequence = ?";
    this.#db.run(sql, handle, incarnation, sequence);
  }

  /** The node itself does not publish the record. */
  refuse(handle: Handle, reason: RejectionReason): void {
    this.#db.run("UPDATE record SET state = 'rejected', reason = ? WHERE handle = ?", reason, handle);
  }

  /** Records refused for this reason are tried again. */
  retry(reason: RejectionReason): void {
    this.#db.run(
      "UPDATE record SET state = 'hardening', reason = NULL WHERE state = 'rejected' AND reason = ?",
      reason,
    );
  }

  /** A record whose version was laid out for an epoch that is over is laid out anew. */
  publishAgain(handle: Handle): void {
    this.#db.run("UPDATE record SET state = 'hardening' WHERE handle = ? AND state = 'waiting'", handle);
  }

  /** The record is published no longer. */
  end(handle: Handle, state: "withdrawn" | "expired"): void {
    this.#db.run(
      `UPDATE record SET state = ?, reason = NULL, sent_day = NULL, held_day = NULL, incarnation = NULL, sequence = NULL
       WHERE handle = ?`,
      state,
      handle,
    );
  }

  /** The owner's reference is free for another handle; this one stays known to the matches that it had. */
  releaseReference(handle: Handle): void {
    const former = this.#vault.lookupKey("former-handle", utf8(handle));
    this.#db.run("UPDATE record SET reference_key = ? WHERE handle = ?", former, handle);
  }

  setSentDay(handle: Handle, day: number): void {
    this.#db.run("UPDATE record SET sent_day = ? WHERE handle = ?", day, handle);
  }

  counts(): Record<RecordState, number> & { readonly tokens: number } {
    const counts = { hardening: 0, waiting: 0, published: 0, rejected: 0, withdrawn: 0, expired: 0, tokens: 0 };
    const rows = this.#db.all<{ state: RecordState; records: number; tokens: number }>(
      "SELECT state, count(*) AS records, sum(tokens) AS tokens FROM record GROUP BY state",
    );
    for (const { state, records, tokens } of rows) {
      counts[state] = records;
      if (state === "published" || state === "waiting") counts.tokens += tokens;
    }
    return counts;
  }

  #referenceKey(reference: string): Uint8Array {
    return this.#vault.lookupKey("reference", utf8(reference));
  }

  #open(row: Row): StoredRecord {
    const { handle, revision, state, reason, tokens } = row;
    const record = this.#vault.openJson(`record/${handle}`, row.sealed) as DeconflictionRecord;
    return { handle, record, revision, state, reason, tokens, sentDay: row.sent_day };
  }
}

function publishedPlace(handle: Handle, { incarnation, sequence }: Version): string {
  return `published/${handle}/${incarnation}/${sequence}`;
}

function reviewDayOf(record: DeconflictionRecord): number {
  const day = parseIsoDay(record.reviewBy);
  if (day === undefined)
    throw new CausewayError("INVALID", "the review date is not an ISO day", { fields: ["reviewBy"] });
  return day;
}
