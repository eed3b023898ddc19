/**
 * Records of this member that the broker holds and this database does not know, as after a restore (protocol section 8): nobody here knows
 * what they are about, so only a person may withdraw them. What each counts in the broker's digest is kept with it, so that a digest can
 * agree but for them.
 */
import { toHex } from "../../shared/core/bytes.ts";
import type { DigestBucket } from "../../shared/core/data-plane.ts";
import { fromSumBytes } from "../../shared/core/digest.ts";
import type { DigestItem } from "../../shared/core/digest.ts";
import type { Handle } from "../../shared/core/ids.ts";
import type { Database } from "../../shared/store/database.ts";

export type Stray = {
  readonly handle: Handle;
  /** When it was first told. */
  readonly sinceMs: number;
  /** Open matches of it that this node was told of. */
  readonly matches: number;
};

/** A record of this handle is here now: its file was imported again, or the database put back. */
const IS_KNOWN = "EXISTS (SELECT 1 FROM record WHERE record.handle = held_stray.handle)";
const IS_HELD = `withdrawn_ms = 0 AND NOT ${IS_KNOWN}`;
/** A version that this database knows of went to the broker in the epoch: it counts instead. */
const IS_SENT = `EXISTS (SELECT 1 FROM record JOIN standing ON standing.record = record.number
  WHERE record.handle = held_stray.handle AND standing.epoch = held_stray.epoch AND sequence IS NOT NULL)`;

export class StrayStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * What the broker holds, and this database does not know, in some buckets of an epoch: all of it, so that others there are gone. `item`:
   * undefined from a broker that does not say. Answers how many were not known before.
   */
  hold(
    epoch: number,
    buckets: readonly number[],
    found: readonly (readonly [handle: Handle, item: DigestBucket | undefined])[],
    nowMs: number,
  ): number {
    const before = this.count;
    this.#forgetOthers(epoch, buckets, new Set(found.map(([handle]) => handle)));
    for (const [handle, item] of found) {
      this.#db.run(
        `INSERT INTO held_stray (handle, epoch, count, sum, since_ms) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (handle, epoch) DO UPDATE SET count = excluded.count, sum = excluded.sum`,
        handle,
        epoch,
        item?.count ?? 0,
        item?.sum ?? null,
        nowMs,
      );
    }
    return Math.max(0, this.count - before);
  }

  #forgetOthers(epoch: number, buckets: readonly number[], named: ReadonlySet<Handle>): void {
    for (const bucket of buckets) {
      const prefix = toHex(Uint8Array.of(bucket));
      const rows = this.#db.all<{ handle: Handle }>(
        "SELECT handle FROM held_stray WHERE handle >= ? AND handle < ? AND epoch = ?",
        prefix,
        `${prefix}g`,
        epoch,
      );
      for (const { handle } of rows) if (!named.has(handle)) this.#forget(handle, epoch);
    }
  }

  #forget(handle: Handle, epoch: number): void {
    this.#db.run("DELETE FROM held_stray WHERE handle = ? AND epoch = ?", handle, epoch);
  }

  /** An epoch has ended, and what was held in it. */
  leave(epoch: number): void {
    this.#db.run("DELETE FROM held_stray WHERE epoch = ?", epoch);
  }

  /** What they count in a digest of an epoch. */
  *items(epoch: number): Generator<readonly [Handle, DigestItem]> {
    const rows = this.#db.all<{ handle: Handle; count: number; sum: Uint8Array | null }>(
      `SELECT handle, count, sum FROM held_stray WHERE epoch = ? AND withdrawn_ms = 0 AND NOT ${IS_SENT}`,
      epoch,
    );
    for (const { handle, count, sum } of rows) if (sum !== null) yield [handle, { count, sum: fromSumBytes(sum) }];
  }

  /** Those that a person has to decide on. */
  get count(): number {
    return this.#db.number(`SELECT count(DISTINCT handle) FROM held_stray WHERE ${IS_HELD}`);
  }

  /** Oldest first. */
  list(): Stray[] {
    return this.#db.all<Stray>(
      `SELECT handle, min(since_ms) AS sinceMs,
         (SELECT count(*) FROM match WHERE match.handle = held_stray.handle AND status <> 'closed') AS matches
       FROM held_stray WHERE ${IS_HELD} GROUP BY handle ORDER BY sinceMs, handle`,
    );
  }

  /** Whether a person has decided that it goes: the repair may say so again. */
  isToGo(handle: Handle): boolean {
    return this.#db.get("SELECT 1 FROM held_stray WHERE handle = ? AND withdrawn_ms > 0", handle) !== undefined;
  }

  /** A person has decided that it goes. False if it is none of those held. */
  letGo(handle: Handle, nowMs: number): boolean {
    const sql = `UPDATE held_stray SET withdrawn_ms = ? WHERE handle = ? AND ${IS_HELD}`;
    return this.#db.run(sql, nowMs, handle) > 0;
  }
}
