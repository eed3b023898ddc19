/**
 * How each record stands in each epoch that this node takes part in: what is still to be sent, which version the broker was sent and
 * which it has given a receipt for. A record is one; epochs come and go.
 */
import type { RejectionReason, Upsert } from "../../shared/core/data-plane.ts";
import { digestItem, fromSumBytes, toSumBytes } from "../../shared/core/digest.ts";
import type { DigestItem } from "../../shared/core/digest.ts";
import type { Handle } from "../../shared/core/ids.ts";
import type { HashKey } from "../../shared/crypto/hash.ts";
import { unpackLoans, unpackPrepared } from "../core/packed.ts";
import type { Prepared } from "../core/packed.ts";
import type { Loan } from "../core/padding.ts";
import type { Database } from "../../shared/store/database.ts";
import { loansPlace } from "./loans.ts";
import { PublicationStore } from "./publications.ts";
import type { Publication, Version } from "./publications.ts";
import { IS_READY, preparedPlace } from "./records.ts";
import type { Vault } from "./vault.ts";

/** `fresh`: new content. `carried`: into a new epoch, or again what the broker does not hold. */
export type Urgency = "fresh" | "carried";

/** A record that is to be sent in an epoch. */
export type Due = {
  readonly number: number;
  readonly handle: Handle;
  readonly revision: number;
  readonly reviewByDay: number;
  readonly sentDay: number | null;
  readonly prepared: Prepared;
  readonly loans: readonly Loan[];
  /** An earlier version of it may stand in this epoch. */
  readonly sentBefore: boolean;
};

/** What was laid out for one record, and what the digest says of it. */
export type Sent = {
  readonly due: Pick<Due, "number" | "handle" | "revision" | "sentDay" | "sentBefore">;
  readonly version: Version;
  readonly publication: Publication;
  readonly item: DigestItem;
  readonly day: number;
};

/** An epoch that this node takes part in. 0: its digest has not been agreed on since the last change. */
export type JoinedEpoch = {
  readonly epoch: number;
  readonly generation: number;
  readonly agreedSequence: number;
  readonly agreedMs: number;
};

export type Progress = { readonly records: number; readonly published: number };

const DUE: Readonly<Record<Urgency, number>> = { fresh: 1, carried: 2 };

/** Rows looked through at once for those that can be sent. */
const DUE_PAGE_ROWS = 5_000;

/** Records opened at once to see what they need. */
const READY_PAGE_ROWS = 500;

const DUE_ROWS = `FROM standing
     JOIN record ON record.number = standing.record
     JOIN prepared ON prepared.record = standing.record AND generation = ? AND prepared.revision = record.revision
   WHERE epoch = ? AND due = ? AND due > 0 AND min(review_by_day, coalesce(sent_day, review_by_day)) >= ?
     AND NOT EXISTS (SELECT 1 FROM due_act WHERE due_act.handle = record.handle)`;

type DueRow = {
  number: number;
  handle: Handle;
  revision: number;
  review_by_day: number;
  sent_day: number | null;
  sealed: Uint8Array;
  loans: Uint8Array | null;
  generation: number;
  sequence: number | null;
};

export class StandingStore {
  readonly #db: Database;
  readonly #vault: Vault;
  readonly #publications: PublicationStore;

  constructor(db: Database, vault: Vault) {
    this.#db = db;
    this.#vault = vault;
    this.#publications = new PublicationStore(db, vault);
  }

  joined(): JoinedEpoch[] {
    const sql = `SELECT number AS epoch, generation, agreed_sequence AS agreedSequence, agreed_ms AS agreedMs
      FROM epoch ORDER BY number`;
    return this.#db.all<JoinedEpoch>(sql);
  }

  /**
   * Takes part in an epoch from now on: every live record is due in it, and those not prepared under its generation and scheme yet are
   * to be hardened first.
   */
  join(epoch: number, generation: number, scheme: string): void {
    this.#db.transaction(() => {
      this.#db.run("INSERT INTO epoch (number, generation) VALUES (?, ?)", epoch, generation);
      this.#db.run(
        `INSERT INTO standing (record, epoch, due)
           SELECT number, ?1, CASE WHEN held_day IS NULL THEN 1 ELSE 2 END FROM record
           WHERE state IN ('hardening', 'ready') AND coalesce(only_epoch, ?1) = ?1`,
        epoch,
      );
      this.prepareAnew(generation, scheme);
    });
  }

  /** Records that lack what this generation and scheme need are to be hardened; answers how many. */
  prepareAnew(generation: number, scheme: string): number {
    this.#db.run("DELETE FROM prepared WHERE scheme <> ?", scheme);
    return this.#db.run(
      `UPDATE record SET state = 'hardening' WHERE state = 'ready' AND NOT EXISTS
         (SELECT 1 FROM prepared WHERE record = number AND generation = ? AND prepared.revision = record.revision)`,
      generation,
    );
  }

  /** The epoch whose states people are shown. */
  show(epoch: number | undefined): void {
    this.#db.run("UPDATE epoch SET shown = (number = ?) WHERE shown <> (number = ?)", epoch ?? 0, epoch ?? 0);
  }

  /** The epoch whose states people are shown, and when a meeting in it was last found that is real by its tags; undefined before the first. */
  get shown(): { readonly epoch: number; readonly metMs: number } | undefined {
    return this.#db.get("SELECT number AS epoch, met_ms AS metMs FROM epoch WHERE shown = 1");
  }

  /** A meeting of this version was found, and is real. */
  noteMet(handle: Handle, { incarnation, sequence }: Version, nowMs: number): void {
    this.#db.run(
      `UPDATE epoch SET met_ms = max(met_ms, ?) WHERE number =
         (SELECT epoch FROM published WHERE handle = ? AND incarnation = ? AND sequence = ?)`,
      nowMs,
      handle,
      incarnation,
      sequence,
    );
  }

  /**
   * Forgets an epoch that has ended, some rows at a time: true while there are more. Until it is done the epoch counts as joined, so
   * that a start after a crash goes on with it.
   */
  leave(epoch: number, rowsMax: number): boolean {
    return this.#db.transaction(() => {
      const layouts = this.#publications.forget(epoch, rowsMax);
      const standings = this.#db.run(
        "DELETE FROM standing WHERE (record, epoch) IN (SELECT record, epoch FROM standing WHERE epoch = ? LIMIT ?)",
        epoch,
        rowsMax,
      );
      if (layouts + standings > 0) return true;
      this.#db.run("DELETE FROM epoch WHERE number = ?", epoch);
      this.#db.run(
        "DELETE FROM prepared WHERE generation NOT IN (SELECT generation FROM epoch) AND EXISTS (SELECT 1 FROM epoch)",
      );
      // It alone may have been what they were still to be hardened for.
      this.#db.run(`UPDATE record SET state = 'ready' WHERE state = 'hardening' AND ${IS_READY}`);
      return false;
    });
  }

  /**
   * Numbers of the records that are to be sent in an epoch and are prepared for it; nothing past its review day, and nothing before an act
   * that is to be told first. In pages, by what is due, prepared or not: there may be a million.
   */
  *numbersDue(
    { epoch, generation }: Pick<JoinedEpoch, "epoch" | "generation">,
    { urgency, today }: { readonly urgency: Urgency; readonly today: number },
  ): Generator<number[]> {
    for (let after = 0; ;) {
      const upTo = this.#db.get<{ number: number | null }>(
        `SELECT max(record) AS number FROM (SELECT record FROM standing INDEXED BY standing_due
           WHERE epoch = ? AND due = ? AND due > 0 AND record > ? ORDER BY record LIMIT ?)`,
        epoch,
        DUE[urgency],
        after,
        DUE_PAGE_ROWS,
      )?.number;
      if (upTo === null || upTo === undefined) return;
      const rows = this.#db.all<{ number: number }>(
        `SELECT standing.record AS number ${DUE_ROWS} AND standing.record > ? AND standing.record <= ?`,
        generation,
        epoch,
        DUE[urgency],
        today,
        after,
        upTo,
      );
      yield rows.map(({ number }) => number);
      after = upTo;
    }
  }

  /** Numbers of the urgent records that are to be sent in an epoch and are prepared for it. */
  urgentDue({ epoch, generation }: Pick<JoinedEpoch, "epoch" | "generation">, today: number): number[] {
    return this.#db
      .all<{ number: number }>(
        `SELECT standing.record AS number ${DUE_ROWS} AND standing.record IN (SELECT record FROM urgent)`,
        generation,
        epoch,
        DUE.fresh,
        today,
      )
      .map(({ number }) => number);
  }

  /** Those of which nothing is to be sent any more are urgent no longer. */
  endUrgency(): void {
    this.#db.run(
      `DELETE FROM urgent WHERE NOT EXISTS (SELECT 1 FROM standing WHERE standing.record = urgent.record AND due = 1)
         AND NOT EXISTS (SELECT 1 FROM record WHERE number = urgent.record AND state = 'hardening')`,
    );
  }

  /** Those of these records that are still due, in this order. */
  due(
    { epoch, generation }: Pick<JoinedEpoch, "epoch" | "generation">,
    of: { readonly urgency: Urgency; readonly today: number; readonly numbers: readonly number[] },
  ): Due[] {
    const rows = this.#db.all<DueRow>(
      `SELECT record.number, handle, record.revision, review_by_day, sent_day, prepared.sealed, prepared.generation, sequence,
         (SELECT loan.sealed FROM loan WHERE loan.record = record.number) AS loans
       ${DUE_ROWS} AND standing.record IN (SELECT value FROM json_each(?))`,
      generation,
      epoch,
      DUE[of.urgency],
      of.today,
      JSON.stringify(of.numbers),
    );
    const byNumber = new Map(rows.map((row) => [row.number, row]));
    return of.numbers.flatMap((number) => {
      const row = byNumber.get(number);
      return row === undefined ? [] : [this.#openDue(row)];
    });
  }

  #openDue(row: DueRow): Due {
    const { number, handle, revision, sealed, generation } = row;
    const prepared = unpackPrepared(this.#vault.open(preparedPlace(number, generation, revision), sealed));
    const loans = row.loans === null ? [] : unpackLoans(this.#vault.open(loansPlace(number), row.loans));
    const { review_by_day: reviewByDay, sent_day: sentDay } = row;
    return { number, handle, revision, reviewByDay, sentDay, prepared, loans, sentBefore: row.sequence !== null };
  }

  /** What the next records that are made ready need, in the order in which they became so; undefined after the last. */
  cacheKeysAfter(place: number): { readonly cacheKeys: readonly Uint8Array[]; readonly last: number } | undefined {
    const rows = this.#db.all<Pick<DueRow, "number" | "generation" | "revision" | "sealed"> & { place: number }>(
      `SELECT prepared.rowid AS place, record.number, generation, record.revision, prepared.sealed FROM prepared
         JOIN record ON record.number = prepared.record AND record.revision = prepared.revision
       WHERE prepared.rowid > ? ORDER BY prepared.rowid LIMIT ?`,
      place,
      READY_PAGE_ROWS,
    );
    const last = rows.at(-1)?.place;
    if (last === undefined) return undefined;
    const cacheKeys = rows.flatMap(({ number, generation, revision, sealed }) => {
      const bytes = this.#vault.open(preparedPlace(number, generation, revision), sealed);
      return unpackPrepared(bytes).identifiers.map(({ cacheKey }) => cacheKey);
    });
    return { cacheKeys, last };
  }

  /** Whether anything of this urgency is due in the epoch, prepared or not. */
  isDue(epoch: number, urgency: Urgency): boolean {
    const sql = "SELECT 1 FROM standing INDEXED BY standing_due WHERE epoch = ? AND due = ? AND due > 0 LIMIT 1";
    return this.#db.get(sql, epoch, DUE[urgency]) !== undefined;
  }

  /** A version went to the outbox; call it in the same transaction. */
  setWaiting({ due, version, publication, item, day }: Sent): void {
    const { number, handle } = due;
    const { epoch } = publication;
    this.#db.run(
      `INSERT INTO standing (record, epoch, revision, due, state, incarnation, sequence, count, sum)
         VALUES (?, ?, ?, 0, 'waiting', ?, ?, ?, ?)
       ON CONFLICT (record, epoch) DO UPDATE SET revision = excluded.revision, due = 0, state = 'waiting', reason = NULL,
         incarnation = excluded.incarnation, sequence = excluded.sequence, count = excluded.count, sum = excluded.sum`,
      number,
      epoch,
      due.revision,
      version.incarnation,
      version.sequence,
      item.count,
      toSumBytes(item.sum),
    );
    if (day !== due.sentDay) this.#db.run("UPDATE record SET sent_day = ? WHERE number = ?", day, number);
    this.#publications.save(handle, version, publication, item);
    if (due.sentBefore) this.#publications.dropOld(number, handle, epoch);
  }

  /** What was to be sent as one version goes out as another: positions of both can be read, and the digest says the new one. */
  renumber(
    upserts: readonly Upsert[],
    { from, to }: { readonly from: Version; readonly to: Version },
    key: HashKey,
  ): void {
    for (const { handle, tokens } of upserts) {
      this.#moveVersion(handle, from, to, digestItem(key, { handle, sequence: to.sequence }, tokens));
    }
  }

  #moveVersion(handle: Handle, from: Version, to: Version, item: DigestItem): void {
    this.#db.run(
      `UPDATE standing SET incarnation = ?, sequence = ?, count = ?, sum = ?
       WHERE record = (SELECT number FROM record WHERE handle = ?) AND incarnation = ? AND sequence = ?`,
      to.incarnation,
      to.sequence,
      item.count,
      toSumBytes(item.sum),
      handle,
      from.incarnation,
      from.sequence,
    );
    const publication = this.#publications.of(handle, from);
    if (publication !== undefined) this.#publications.save(handle, to, publication, item);
  }

  /** What stood where in that version of the record; `undefined` if this database never held it, or its epoch has ended. */
  publication(handle: Handle, version: Version): Publication | undefined {
    return this.#publications.of(handle, version);
  }

  /**
   * The broker's answer to one version of a record, or to its revalidation. Only the answer to the version that was sent last says
   * what state the record is in: one that was amended or withdrawn since keeps its newer state.
   */
  settle(handle: Handle, version: Version, reason: RejectionReason | null, nowMs: number): void {
    const number = this.#db.get<{ number: number }>("SELECT number FROM record WHERE handle = ?", handle)?.number;
    if (number === undefined) return;
    if (reason === null) this.#accept(number, version, nowMs);
    else this.#reject(number, handle, version, reason);
  }

  /**
   * As `settle` for all entries of one submission: `handles` in their order, `reasons` by it. In a few statements for all that were taken,
   * since a receipt tells of hundreds.
   */
  settleAll(
    handles: readonly Handle[],
    version: Version,
    reasons: ReadonlyMap<number, RejectionReason>,
    nowMs: number,
  ): void {
    for (const [index, reason] of reasons) {
      const handle = handles[index];
      if (handle !== undefined) this.settle(handle, version, reason, nowMs);
    }
    this.#acceptAll(
      handles.filter((_, index) => !reasons.has(index)),
      version,
      nowMs,
    );
  }

  #acceptAll(handles: readonly Handle[], { incarnation, sequence }: Version, nowMs: number): void {
    if (handles.length === 0) return;
    const named = "(SELECT number FROM record WHERE handle IN (SELECT value FROM json_each(?1)))";
    const all = JSON.stringify(handles);
    this.#db.run(`UPDATE record SET held_day = sent_day WHERE number IN ${named} AND held_day IS NOT sent_day`, all);
    const latest = this.#db.run(
      `UPDATE standing SET state = 'published', reason = NULL, held_incarnation = ?2, held_sequence = ?3, held_ms = ?4
       WHERE record IN ${named} AND incarnation = ?2 AND sequence = ?3 AND state = 'waiting'`,
      all,
      incarnation,
      sequence,
      nowMs,
    );
    if (latest === handles.length) return;
    // Older versions among them; the broker holds each until it has the newer.
    this.#db.run(
      `UPDATE standing SET held_incarnation = ?2, held_sequence = ?3
       WHERE state = 'waiting' AND (incarnation, sequence) IS NOT (?2, ?3) AND (record, epoch) IN
         (SELECT record.number, published.epoch FROM published JOIN record USING (handle)
          WHERE handle IN (SELECT value FROM json_each(?1)) AND published.incarnation = ?2 AND published.sequence = ?3)`,
      all,
      incarnation,
      sequence,
    );
  }

  #accept(number: number, { incarnation, sequence }: Version, nowMs: number): void {
    this.#db.run("UPDATE record SET held_day = sent_day WHERE number = ? AND held_day IS NOT sent_day", number);
    const isLatest = this.#db.run(
      `UPDATE standing SET state = 'published', reason = NULL, held_incarnation = ?2, held_sequence = ?3, held_ms = ?4
       WHERE record = ?1 AND incarnation = ?2 AND sequence = ?3 AND state = 'waiting'`,
      number,
      incarnation,
      sequence,
      nowMs,
    );
    if (isLatest > 0) return;
    // An older version; the broker holds it until it has the newer.
    this.#db.run(
      `UPDATE standing SET held_incarnation = ?2, held_sequence = ?3
       WHERE record = ?1 AND state = 'waiting' AND epoch =
         (SELECT published.epoch FROM published JOIN record USING (handle)
          WHERE record.number = ?1 AND incarnation = ?2 AND sequence = ?3)`,
      number,
      incarnation,
      sequence,
    );
  }

  /** What the broker refused it does not have: it still has, if anything, what it took before. */
  #reject(number: number, handle: Handle, version: Version, reason: RejectionReason): void {
    const { incarnation, sequence } = version;
    const settled = this.#db.run(
      `UPDATE standing SET state = 'rejected', reason = ?, (incarnation, sequence) = (held_incarnation, held_sequence),
         (count, sum) = (SELECT coalesce(max(count), 0), max(sum) FROM published
           WHERE handle = ? AND incarnation = held_incarnation AND sequence = held_sequence)
       WHERE record = ? AND incarnation = ? AND sequence = ? AND state = 'waiting'`,
      reason,
      handle,
      number,
      incarnation,
      sequence,
    );
    this.#db.run(
      `UPDATE record SET sent_day = held_day WHERE number = ?1
         AND NOT EXISTS (SELECT 1 FROM standing WHERE record = ?1 AND state = 'waiting')`,
      number,
    );
    if (settled === 0) return;
    // A version that the broker refused can meet nothing.
    const sql = "DELETE FROM published WHERE handle = ? AND incarnation = ? AND sequence = ?";
    this.#db.run(sql, handle, incarnation, sequence);
  }

  /** The node itself does not send the record in this epoch. */
  refuse({ number, revision }: Pick<Due, "number" | "revision">, epoch: number, reason: RejectionReason): void {
    this.#db.run(
      "UPDATE standing SET due = 0, revision = ?, state = 'rejected', reason = ? WHERE record = ? AND epoch = ?",
      revision,
      reason,
      number,
      epoch,
    );
  }

  /** Records refused for this reason are tried again. */
  retry(reason: RejectionReason): void {
    this.#db.run(
      "UPDATE standing SET due = 1, state = '', reason = NULL WHERE state = 'rejected' AND reason = ?",
      reason,
    );
  }

  /** Records that the broker refuses for their review day, although it is still to come on `today`. */
  contested(today: number): number {
    const sql = `SELECT count(DISTINCT standing.record) AS count FROM standing JOIN record ON record.number = standing.record
       WHERE standing.state = 'rejected' AND standing.reason = 'reviewDay' AND review_by_day >= ?`;
    return this.#db.get<{ count: number }>(sql, today)?.count ?? 0;
  }

  /** Records of these buckets (first bytes of handles) are sent again, because the broker does not hold what we sent. */
  sendAgain(epoch: number, buckets: readonly number[]): number {
    return this.#db.run(
      `UPDATE standing SET due = 2 WHERE epoch = ? AND due = 0 AND state <> 'rejected' AND record IN
         (SELECT number FROM record WHERE substr(handle, 1, 2) IN (SELECT value FROM json_each(?)))`,
      epoch,
      JSON.stringify(buckets.map((bucket) => bucket.toString(16).padStart(2, "0"))),
    );
  }

  /** What the broker holds in this epoch once all that was sent has arrived, for a digest as of `day`. */
  *sums(epoch: number, day: number): Generator<readonly [Handle, DigestItem]> {
    const rows = this.#db.all<{ handle: Handle; count: number; sum: Uint8Array }>(
      `SELECT handle, count, sum FROM standing JOIN record ON record.number = standing.record
       WHERE epoch = ? AND sequence IS NOT NULL AND sent_day >= ?`,
      epoch,
      day,
    );
    for (const { handle, count, sum } of rows) yield [handle, { count, sum: fromSumBytes(sum) }];
  }

  setAgreed(epoch: number, sequence: number, atMs: number): void {
    this.#db.run("UPDATE epoch SET agreed_sequence = ?, agreed_ms = ? WHERE number = ?", sequence, atMs, epoch);
  }

  /**
   * Live records that the broker ever gave a receipt for, and those of them that stand in this epoch, without canaries. What has only
   * just come in is in neither, so that a unit at work is not for ever behind.
   */
  progress(epoch: number): Progress {
    const found = this.#db.get<Progress>(
      `SELECT count(*) AS records, count(held_sequence) AS published
       FROM record LEFT JOIN standing ON standing.record = record.number AND epoch = ?
       WHERE record.state IN ('hardening', 'ready') AND held_day IS NOT NULL AND only_epoch IS NULL`,
      epoch,
    );
    return found ?? { records: 0, published: 0 };
  }
}
