/** The unit's records, and what was made ready of them. How they stand in each epoch is in `standings.ts`. */
import { equalBytes, utf8 } from "../../shared/core/bytes.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { parseIsoDay } from "../../shared/core/days.ts";
import type { RejectionReason } from "../../shared/core/data-plane.ts";
import type { Handle } from "../../shared/core/ids.ts";
import { packPrepared, unpackPrepared } from "../core/packed.ts";
import type { Prepared } from "../core/packed.ts";
import type { Compared } from "../core/comparison.ts";
import type { DeconflictionRecord } from "../core/record.ts";
import type { Database } from "../../shared/store/database.ts";
import { STORED_RECORD } from "./stored-record.ts";
import type { Vault } from "./vault.ts";

/**
 * What a person is shown, of the active epoch. `hardening`: identifiers still to be evaluated, or to be sent. `waiting`: in the outbox.
 * `published`: the broker has it. `rejected`: the broker refused it, `reason` says why. `withdrawn`, `expired`: no longer published.
 */
export type RecordState = "hardening" | "waiting" | "published" | "rejected" | "withdrawn" | "expired";

export type StoredRecord = {
  readonly number: number;
  readonly handle: Handle;
  readonly record: DeconflictionRecord;
  /** Grows with every change of content, so that work on an older one is not taken for work on this one. */
  readonly revision: number;
  readonly state: RecordState;
  readonly reason: RejectionReason | null;
  readonly tokens: number;
  /** The review day last sent to the broker, if it may have the record. */
  readonly sentDay: number | null;
  /** When the receipt came of what the broker holds, ms; 0: never, or before version 6 of this database. */
  readonly heldMs: number;
  /** A test record, which no list and no log shows. */
  readonly isCanary: boolean;
};

type Row = {
  number: number;
  handle: Handle;
  sealed: Uint8Array;
  revision: number;
  state: RecordState;
  reason: RejectionReason | null;
  tokens: number;
  sent_day: number | null;
  only_epoch: number | null;
  held_ms: number | null;
};

/** Whether a row of `record` is prepared for every epoch that this node takes part in. */
export const IS_READY = `NOT EXISTS (SELECT 1 FROM epoch WHERE NOT EXISTS (SELECT 1 FROM prepared
  WHERE prepared.record = record.number AND prepared.generation = epoch.generation AND prepared.revision = record.revision))`;

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
   * other side of a match sees an amendment. `newHandle` is used for a new record only; one that had this handle before, and left its domain, takes it
   * up again.
   */
  put(record: DeconflictionRecord, contentHash: Uint8Array, newHandle: Handle): PutOutcome {
    const outcome = this.compare(record, contentHash);
    if (outcome === "unchanged") return outcome;
    const referenceKey = this.#referenceKey(record.reference);
    const known = this.#known(referenceKey);
    const handle = known?.handle ?? newHandle;
    // Nothing of the former content goes out any more.
    if (known !== undefined) this.#db.run("UPDATE standing SET due = 0 WHERE record = ? AND due > 0", known.number);
    this.#db.run(
      `INSERT INTO record (handle, reference_key, sealed, content_key, revision, review_by_day, state)
       VALUES (?, ?, ?, ?, 1, ?, 'hardening')
       ON CONFLICT (handle) DO UPDATE SET reference_key = excluded.reference_key, sealed = excluded.sealed, content_key = excluded.content_key,
         revision = revision + 1, review_by_day = excluded.review_by_day, state = 'hardening', reason = NULL, ended_ms = NULL`,
      handle,
      referenceKey,
      this.#vault.sealJson(`record/${handle}`, STORED_RECORD, record),
      this.#vault.lookupKey("content", contentHash),
      reviewDayOf(record),
    );
    return outcome;
  }

  /** As far as something of the record is still to be sent, it goes as soon as it can, before all others. */
  setUrgent(reference: string): void {
    this.#db.run(
      `INSERT OR IGNORE INTO urgent SELECT number FROM record WHERE reference_key = ?
         AND (state = 'hardening' OR EXISTS (SELECT 1 FROM standing WHERE record = number AND due = 1))`,
      this.#referenceKey(reference),
    );
  }

  /** Numbers of the urgent records that this generation has not been used on yet. */
  urgentUnprepared(generation: number): number[] {
    return this.#db
      .all<{ number: number }>(
        `SELECT number FROM urgent JOIN record ON number = urgent.record
         WHERE state = 'hardening' AND NOT EXISTS (SELECT 1 FROM prepared
           WHERE prepared.record = number AND generation = ? AND prepared.revision = record.revision)`,
        generation,
      )
      .map(({ number }) => number);
  }

  /** Stores a canary, which goes into one epoch only and which no list and no count shows. */
  putCanary(record: DeconflictionRecord, handle: Handle, epoch: number): void {
    const key = this.#vault.lookupKey("canary", utf8(handle));
    this.#db.run(
      `INSERT OR IGNORE INTO record (handle, reference_key, sealed, content_key, revision, review_by_day, state, only_epoch)
       VALUES (?, ?, ?, ?, 1, ?, 'hardening', ?)`,
      handle,
      key,
      this.#vault.sealJson(`record/${handle}`, STORED_RECORD, record),
      key,
      reviewDayOf(record),
      epoch,
    );
  }

  /** Removes what is left of a canary that was taken back. */
  removeCanary(handle: Handle): void {
    this.#db.run("DELETE FROM published WHERE handle = ?", handle);
    this.#db.run("DELETE FROM loan WHERE record = (SELECT number FROM record WHERE handle = ?)", handle);
    this.#db.run("DELETE FROM record WHERE handle = ? AND only_epoch IS NOT NULL", handle);
  }

  /** One of the unit's published records: the first that arrived after a share, 0 to 1, of all. Undefined if there is none. */
  sample(share: number): DeconflictionRecord | undefined {
    const row = this.#db.get<Row>(
      `SELECT * FROM shown WHERE state = 'published' AND only_epoch IS NULL
         AND number >= ? * (SELECT max(number) FROM record) ORDER BY number LIMIT 1`,
      share,
    );
    return row && this.#open(row).record;
  }

  /** What `put` would do. A record that was withdrawn or has expired is taken in again even if nothing else changed. */
  compare(record: DeconflictionRecord, contentHash: Uint8Array): PutOutcome {
    const known = this.#known(this.#referenceKey(record.reference));
    if (known === undefined) return "added";
    const same = equalBytes(known.content_key, this.#vault.lookupKey("content", contentHash));
    return same && known.state !== "withdrawn" && known.state !== "expired" ? "unchanged" : "amended";
  }

  #known(
    referenceKey: Uint8Array,
  ): (Pick<Row, "number" | "handle"> & { content_key: Uint8Array; state: string }) | undefined {
    return this.#db.get("SELECT number, handle, content_key, state FROM record WHERE reference_key = ?", referenceKey);
  }

  /** Throws NOT_FOUND. */
  byReference(reference: string): StoredRecord {
    const row = this.#db.get<Row>("SELECT * FROM shown WHERE reference_key = ?", this.#referenceKey(reference));
    if (row === undefined) throw new CausewayError("NOT_FOUND", "no record has this reference");
    return this.#open(row);
  }

  byHandle(handle: Handle): StoredRecord | undefined {
    const row = this.#db.get<Row>("SELECT * FROM shown WHERE handle = ?", handle);
    return row && this.#open(row);
  }

  /** Whether this database knows the record, if only as one that has ended. */
  has(handle: Handle): boolean {
    return this.#db.get("SELECT 1 FROM record WHERE handle = ?", handle) !== undefined;
  }

  /** Whether the record is to be published, as far as its owner is concerned. */
  isLive(handle: Handle): boolean {
    const sql = "SELECT 1 FROM record WHERE handle = ? AND state IN ('hardening', 'ready')";
    return this.#db.get(sql, handle) !== undefined;
  }

  /** Whether this is still what is to be prepared: not amended or withdrawn since it was read. */
  isStillHardening({ number, revision }: Pick<StoredRecord, "number" | "revision">): boolean {
    const sql = "SELECT 1 FROM record WHERE number = ? AND revision = ? AND state = 'hardening'";
    return this.#db.get(sql, number, revision) !== undefined;
  }

  /** The number of the last of the next `rows` records that some generation has not been used on; `undefined` after the last. */
  hardeningUpTo(afterNumber: number, rows: number): number | undefined {
    const sql = `SELECT max(number) AS number FROM
      (SELECT number FROM record WHERE state = 'hardening' AND number > ? ORDER BY number LIMIT ?)`;
    return this.#db.get<{ number: number | null }>(sql, afterNumber, rows)?.number ?? undefined;
  }

  /** Numbers of the records after one and up to another that this generation has not been used on yet. */
  unprepared(generation: number, span: { readonly after: number; readonly upTo: number }): number[] {
    return this.#db
      .all<{ number: number }>(
        `SELECT number FROM record WHERE state = 'hardening' AND number > ? AND number <= ? AND NOT EXISTS (SELECT 1 FROM prepared
           WHERE prepared.record = record.number AND generation = ? AND prepared.revision = record.revision)`,
        span.after,
        span.upTo,
        generation,
      )
      .map(({ number }) => number);
  }

  /** Those of these records that are still to be hardened, in this order. */
  hardening(numbers: readonly number[]): StoredRecord[] {
    const rows = this.#db.all<Row>(
      `SELECT shown.* FROM record JOIN shown USING (number)
       WHERE record.state = 'hardening' AND record.number IN (SELECT value FROM json_each(?))`,
      JSON.stringify(numbers),
    );
    const byNumber = new Map(rows.map((row) => [row.number, row]));
    return numbers.flatMap((number) => {
      const row = byNumber.get(number);
      return row === undefined ? [] : [this.#open(row)];
    });
  }

  /** Records after this number that are to be hardened, `max` at most. */
  waiting(afterNumber: number, max: number): StoredRecord[] {
    const sql = `SELECT shown.* FROM record JOIN shown USING (number)
      WHERE record.state = 'hardening' AND record.number > ? ORDER BY record.number LIMIT ?`;
    return this.#db.all<Row>(sql, afterNumber, max).map((row) => this.#open(row));
  }

  /** Whether this revision of the record was made ready under the generation and scheme. */
  isPrepared(
    { number, revision }: Pick<StoredRecord, "number" | "revision">,
    generation: number,
    scheme: string,
  ): boolean {
    const sql = "SELECT 1 FROM prepared WHERE record = ? AND generation = ? AND revision = ? AND scheme = ?";
    return this.#db.get(sql, number, generation, revision, scheme) !== undefined;
  }

  /** Keeps what publishing needs of a record whose identifiers are hardened under a generation. */
  savePrepared(
    { number, revision }: Pick<StoredRecord, "number" | "revision">,
    of: { readonly generation: number; readonly scheme: string; readonly prepared: Prepared },
  ): void {
    this.#db.run(
      `INSERT OR REPLACE INTO prepared (record, generation, revision, scheme, sealed) VALUES (?, ?, ?, ?, ?)`,
      number,
      of.generation,
      revision,
      of.scheme,
      this.#vault.seal(preparedPlace(number, of.generation, revision), packPrepared(of.prepared)),
    );
  }

  /** What publishing needs of the record's present content, by the generations that it is prepared under. */
  preparedOf(handle: Handle): ReadonlyMap<number, Prepared> {
    const rows = this.#db.all<{ number: number; generation: number; revision: number; sealed: Uint8Array }>(
      `SELECT record.number, generation, record.revision, prepared.sealed FROM record
         JOIN prepared ON prepared.record = record.number AND prepared.revision = record.revision WHERE handle = ?`,
      handle,
    );
    return new Map(
      rows.map(({ number, generation, revision, sealed }) => {
        return [generation, unpackPrepared(this.#vault.open(preparedPlace(number, generation, revision), sealed))];
      }),
    );
  }

  /**
   * The record was prepared under one more generation: it is due in the epochs that it is prepared for where this content was not sent,
   * and to be hardened no more once no epoch lacks it.
   */
  setReady({ number, revision }: Pick<StoredRecord, "number" | "revision">, tokens: number): void {
    this.#db.run("UPDATE record SET tokens = ? WHERE number = ?", tokens, number);
    this.#db.run(`UPDATE record SET state = 'ready' WHERE number = ? AND ${IS_READY}`, number);
    this.#db.run(
      `INSERT INTO standing (record, epoch, due)
         SELECT record.number, epoch.number, 1 FROM record, epoch JOIN prepared
           ON prepared.record = record.number AND prepared.generation = epoch.generation AND prepared.revision = record.revision
         WHERE record.number = ? AND coalesce(only_epoch, epoch.number) = epoch.number
       ON CONFLICT (record, epoch) DO UPDATE SET due = 1 WHERE standing.due = 0 AND standing.revision <> ?`,
      number,
      revision,
    );
  }

  /** Number of the record that arrived last, canaries left out; 0 if there is none. */
  get last(): number {
    return this.#db.number("SELECT max(number) FROM record WHERE only_epoch IS NULL");
  }

  /**
   * All records but canaries and those erased, up to a number, in the order of their arrival, read in pages so that a large file does not fill the memory.
   */
  *all(upTo = Number.MAX_SAFE_INTEGER): Generator<StoredRecord> {
    const PAGE = 500;
    for (let after = 0; ;) {
      const rows = this.#db.all<Row>(
        `SELECT * FROM shown WHERE number > ? AND number <= ? AND only_epoch IS NULL AND is_erased = 0
           ORDER BY number LIMIT ?`,
        after,
        upTo,
        PAGE,
      );
      for (const row of rows) yield this.#open(row);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.number;
    }
  }

  /** Records whose review day is over: the owner's, or the earlier one that the broker has and goes by. */
  overdue(today: number): StoredRecord[] {
    return this.#db
      .all<Row>(
        `SELECT * FROM shown WHERE min(review_by_day, coalesce(sent_day, review_by_day)) < ?
           AND state NOT IN ('withdrawn', 'expired') LIMIT 1000`,
        today,
      )
      .map((row) => this.#open(row));
  }

  /** Moves the review day later, with the record's other content as it is. */
  revalidate(stored: StoredRecord, reviewBy: string): void {
    const record = { ...stored.record, reviewBy };
    this.#db.run(
      "UPDATE record SET sealed = ?, review_by_day = ? WHERE handle = ?",
      this.#vault.sealJson(`record/${stored.handle}`, STORED_RECORD, record),
      reviewDayOf(record),
      stored.handle,
    );
  }

  /** Nothing of the record can be published at all. */
  refuse(number: number, reason: RejectionReason): void {
    this.#db.run("UPDATE record SET state = 'refused', reason = ? WHERE number = ?", reason, number);
  }

  /** The record is published no longer. */
  end(handle: Handle, state: "withdrawn" | "expired", nowMs: number): void {
    this.#db.run(
      "UPDATE record SET state = ?, ended_ms = ?, reason = NULL, sent_day = NULL, held_day = NULL WHERE handle = ?",
      state,
      nowMs,
      handle,
    );
    this.#db.run("DELETE FROM standing WHERE record = (SELECT number FROM record WHERE handle = ?)", handle);
    this.#db.run("DELETE FROM prepared WHERE record = (SELECT number FROM record WHERE handle = ?)", handle);
  }

  /** Those that ended until then and are not erased, without canaries; `max` at most. */
  endedUntil(untilMs: number, max: number): StoredRecord[] {
    return this.#db
      .all<Row>(
        "SELECT * FROM shown WHERE ended_ms <= ? AND is_erased = 0 AND only_epoch IS NULL LIMIT ?",
        untilMs,
        max,
      )
      .map((row) => this.#open(row));
  }

  /** Of a record that has ended nothing stays but its handle, its reference's key, and what says nothing about anybody. */
  erase(handle: Handle, { subject, role, handling, reviewBy }: DeconflictionRecord): void {
    const { kind } = subject;
    const rest = { reference: "", subject: { kind }, role, legalBasis: "", caseReference: "", handling, reviewBy };
    const sealed = this.#vault.sealJson(`record/${handle}`, STORED_RECORD, rest);
    this.#db.run("UPDATE record SET sealed = ?, content_key = x'' WHERE handle = ?", sealed, handle);
    this.#db.run("DELETE FROM published WHERE handle = ?", handle);
  }

  /** The owner's reference is free for another handle; this one stays known to the matches that it had. */
  releaseReference(handle: Handle): void {
    const former = this.#vault.lookupKey("former-handle", utf8(handle));
    this.#db.run("UPDATE record SET reference_key = ? WHERE handle = ?", former, handle);
  }

  setSentDay(handle: Handle, day: number): void {
    this.#db.run("UPDATE record SET sent_day = ? WHERE handle = ?", day, handle);
  }

  /** Without canaries and those erased. */
  counts(): Record<RecordState, number> & { readonly tokens: number } {
    const counts = { hardening: 0, waiting: 0, published: 0, rejected: 0, withdrawn: 0, expired: 0, tokens: 0 };
    const rows = this.#db.all<{ state: RecordState; records: number; tokens: number }>(
      "SELECT state, count(*) AS records, sum(tokens) AS tokens FROM shown WHERE only_epoch IS NULL AND is_erased = 0 GROUP BY state",
    );
    for (const { state, records, tokens } of rows) {
      counts[state] = records;
      if (state === "published" || state === "waiting") counts.tokens += tokens;
    }
    return counts;
  }

  /** Live records without canaries, counted by how they stand; `heldMs` no more exact than whether it is later than this moment. */
  comparable(lastMetMs: number): (Compared & { readonly records: number })[] {
    return this.#db.all<Compared & { readonly records: number }>(
      `SELECT state, reason, CASE WHEN coalesce(held_ms, 0) > ?1 THEN ?1 + 1 ELSE ?1 END AS heldMs, count(*) AS records FROM shown
         WHERE only_epoch IS NULL AND state NOT IN ('withdrawn', 'expired') GROUP BY 1, 2, 3`,
      lastMetMs,
    );
  }

  /** Grows whenever anything in the database changes. */
  get changes(): number {
    return this.#db.changeCount;
  }

  #referenceKey(reference: string): Uint8Array {
    return this.#vault.lookupKey("reference", utf8(reference));
  }

  #open(row: Row): StoredRecord {
    const { number, handle, revision, state, reason, tokens } = row;
    const record = this.#vault.openJson(`record/${handle}`, STORED_RECORD, row.sealed);
    const isCanary = row.only_epoch !== null;
    const heldMs = row.held_ms ?? 0;
    return { number, handle, record, revision, state, reason, tokens, sentDay: row.sent_day, heldMs, isCanary };
  }
}

export function preparedPlace(number: number, generation: number, revision: number): string {
  return `prepared/${number}/${generation}/${revision}`;
}

function reviewDayOf(record: DeconflictionRecord): number {
  const day = parseIsoDay(record.reviewBy);
  if (day === undefined)
    throw new CausewayError("INVALID", "the review date is not an ISO day", { fields: ["reviewBy"] });
  return day;
}
