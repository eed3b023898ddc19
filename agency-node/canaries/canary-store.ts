/**
 * Which of the node's records are canaries, and which of them have met. Only this database knows: what leaves the node of a canary is
 * what leaves it of any record.
 */
import type { Handle, MemberId } from "../../shared/core/ids.ts";
import type { Database } from "../../shared/store/database.ts";
import type { CanaryBeat } from "./core/silence.ts";

export type Canary = {
  readonly handle: Handle;
  readonly epoch: number;
  readonly beatMs: number;
  readonly counterpart: MemberId;
  readonly plannedMs: number;
  /** When it is taken back. */
  readonly endsMs: number;
};

type Row = { beat_ms: number; planned_ms: number; met_ms: number };

export class CanaryStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  has(handle: Handle): boolean {
    return this.#db.get("SELECT 1 FROM canary WHERE handle = ?", handle) !== undefined;
  }

  add({ handle, epoch, beatMs, counterpart, plannedMs, endsMs }: Canary): void {
    this.#db.run(
      "INSERT INTO canary (handle, epoch, beat_ms, counterpart, planned_ms, ends_ms) VALUES (?, ?, ?, ?, ?, ?)",
      handle,
      epoch,
      beatMs,
      counterpart,
      plannedMs,
      endsMs,
    );
  }

  /** One that this database may have lost: awaited by nobody, and over when it was to end. Nothing if it is there. */
  addEnded({ handle, epoch, beatMs, counterpart, plannedMs, endsMs }: Canary): void {
    this.#db.run(
      `INSERT OR IGNORE INTO canary (handle, epoch, beat_ms, counterpart, planned_ms, ends_ms, ended_ms, awaited)
       VALUES (?, ?, ?, ?, ?, ?, ?, 0)`,
      handle,
      epoch,
      beatMs,
      counterpart,
      plannedMs,
      endsMs,
      endsMs,
    );
  }

  /** Of one beat these are to meet and no others; of any beat none whose counterpart is no member in good standing. */
  await(epoch: number, beatMs: number, handles: readonly Handle[], members: readonly MemberId[]): void {
    this.#db.run("INSERT OR IGNORE INTO canary_beat (epoch, beat_ms) VALUES (?, ?)", epoch, beatMs);
    this.#db.run(
      "UPDATE canary SET awaited = handle IN (SELECT value FROM json_each(?)) WHERE epoch = ? AND beat_ms = ?",
      JSON.stringify(handles),
      epoch,
      beatMs,
    );
    this.#db.run(
      "UPDATE canary SET awaited = 0 WHERE epoch = ? AND counterpart NOT IN (SELECT value FROM json_each(?))",
      epoch,
      JSON.stringify(members),
    );
  }

  /** Returns the epochs and beats that this changes: none if it had met before. */
  meet(handle: Handle, nowMs: number): { readonly epoch: number; readonly beatMs: number } | undefined {
    const changed = this.#db.run("UPDATE canary SET met_ms = ? WHERE handle = ? AND met_ms = 0", nowMs, handle);
    if (changed === 0) return undefined;
    const sql = "SELECT epoch, beat_ms AS beatMs FROM canary WHERE handle = ?";
    return this.#db.get<{ epoch: number; beatMs: number }>(sql, handle);
  }

  setProven(epoch: number, beatMs: number, nowMs: number): void {
    const sql = "UPDATE canary_beat SET proven_ms = ? WHERE epoch = ? AND beat_ms = ?";
    this.#db.run(sql, nowMs, epoch, beatMs);
  }

  /** Beats of an epoch with the canaries that are awaited, earliest first. */
  beats(epoch: number): CanaryBeat[] {
    const canaries = this.#db.all<Row>(
      "SELECT beat_ms, planned_ms, met_ms FROM canary WHERE epoch = ? AND awaited = 1",
      epoch,
    );
    const byBeat = Map.groupBy(canaries, ({ beat_ms }) => beat_ms);
    return this.#db
      .all<{ beat_ms: number; proven_ms: number }>(
        "SELECT beat_ms, proven_ms FROM canary_beat WHERE epoch = ? ORDER BY beat_ms",
        epoch,
      )
      .map(({ beat_ms, proven_ms }) => ({
        beatMs: beat_ms,
        provenMs: proven_ms,
        canaries: (byBeat.get(beat_ms) ?? []).map((row) => ({ plannedMs: row.planned_ms, metMs: row.met_ms })),
      }));
  }

  /** Of the last beat of an epoch, the members whose canaries have not met this node's. */
  missing(epoch: number): MemberId[] {
    return this.#db
      .all<{ counterpart: MemberId }>(
        `SELECT DISTINCT counterpart FROM canary WHERE epoch = ? AND awaited = 1 AND met_ms = 0
           AND beat_ms = (SELECT max(beat_ms) FROM canary_beat WHERE epoch = ?) ORDER BY counterpart`,
        epoch,
        epoch,
      )
      .map(({ counterpart }) => counterpart);
  }

  /** The highest epoch of which there are canaries; 0 for none. */
  get lastEpoch(): number {
    return this.#db.get<{ epoch: number | null }>("SELECT max(epoch) AS epoch FROM canary_beat")?.epoch ?? 0;
  }

  /** Live ones that are to be taken back by now. */
  due(nowMs: number): Handle[] {
    const sql = "SELECT handle FROM canary WHERE ended_ms = 0 AND ends_ms <= ?";
    return this.#db.all<{ handle: Handle }>(sql, nowMs).map(({ handle }) => handle);
  }

  setEnded(handle: Handle, nowMs: number): void {
    this.#db.run("UPDATE canary SET ended_ms = ? WHERE handle = ?", nowMs, handle);
  }

  /** Those that ended before, which nothing will be heard of any more. */
  endedBefore(ms: number): Handle[] {
    const sql = "SELECT handle FROM canary WHERE ended_ms > 0 AND ended_ms < ?";
    return this.#db.all<{ handle: Handle }>(sql, ms).map(({ handle }) => handle);
  }

  forget(handle: Handle): void {
    this.#db.run("DELETE FROM canary WHERE handle = ?", handle);
  }

  /** The last proof of each epoch stays. */
  forgetBeats(beforeMs: number): void {
    this.#db.run(
      `DELETE FROM canary_beat WHERE beat_ms < ? AND beat_ms < (SELECT max(beat_ms) FROM canary_beat AS later
         WHERE later.epoch = canary_beat.epoch AND later.proven_ms > 0)`,
      beforeMs,
    );
  }
}
