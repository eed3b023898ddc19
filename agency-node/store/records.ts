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
  /** The review day that the broker has, if it has the record. */
  readonly publishedDay: number | null;
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
  published_day: number | null;
};

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

  /** Records that are published although their review day is over. */
  overdue(today: number): StoredRecord[] {
    return this.#db
      .all<Row>(
        "SELECT * FROM record WHERE review_by_day < ? AND state NOT IN ('withdrawn', 'expired') LIMIT 1000",
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
    this.#db.run(
      "UPDATE record SET state = 'waiting', reason = NULL, published_day = ?, tokens = ? WHERE handle = ?",
      published.day,
      published.tokens,
      handle,
    );
    const sealed = this.#vault.sealJson(`published/${handle}`, publication);
    const { incarnation, sequence } = version;
    this.#db.run("INSERT INTO published VALUES (?, ?, ?, ?)", handle, incarnation, sequence, sealed);
  }

  /** What stood where in that version of the record; `undefined` if this database never held it. */
  publication(handle: Handle, version: Version): Publication | undefined {
    const row = this.#db.get<{ sealed: Uint8Array }>(
      "SELECT sealed FROM published WHERE handle = ? AND incarnation = ? AND sequence = ?",
      handle,
      version.incarnation,
      version.sequence,
    );
    return row && (this.#vault.openJson(`published/${handle}`, row.sealed) as Publication);
  }

  /** Moves the review day later, with the record's other content as it is. */
  revalidate(stored: StoredRecord, reviewBy: string): void {
    const record = { ...stored.record, reviewBy };
    const day = reviewDayOf(record);
    const sealed = this.#vault.sealJson(`record/${stored.handle}`, record);
    this.#db.run("UPDATE record SET sealed = ?, review_by_day = ? WHERE handle = ?", sealed, day, stored.handle);
  }

  /** The broker's answer to the publication of a record; one that was amended or withdrawn since keeps its newer state. */
  settle(handle: Handle, reason: RejectionReason | null): void {
    const state: RecordState = reason === null ? "published" : "rejected";
    this.#db.run(
      "UPDATE record SET state = ?, reason = ? WHERE handle = ? AND state = 'waiting'",
      state,
      reason,
      handle,
    );
  }

  /** The node itself does not publish the record. */
  refuse(handle: Handle, reason: RejectionReason): void {
    this.#db.run("UPDATE record SET state = 'rejected', reason = ? WHERE handle = ?", reason, handle);
  }

  /** Records refused for want of budget are tried again. */
  retryBudget(): void {
    this.#db.run("UPDATE record SET state = 'hardening', reason = NULL WHERE state = 'rejected' AND reason = 'budget'");
  }

  /** The record is published no longer. */
  end(handle: Handle, state: "withdrawn" | "expired"): void {
    this.#db.run("UPDATE record SET state = ?, reason = NULL, published_day = NULL WHERE handle = ?", state, handle);
  }

  setPublishedDay(handle: Handle, day: number): void {
    this.#db.run("UPDATE record SET published_day = ? WHERE handle = ?", day, handle);
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
    return { handle, record, revision, state, reason, tokens, publishedDay: row.published_day };
  }
}

function reviewDayOf(record: DeconflictionRecord): number {
  const day = parseIsoDay(record.reviewBy);
  if (day === undefined)
    throw new CausewayError("INVALID", "the review date is not an ISO day", { fields: ["reviewBy"] });
  return day;
}
