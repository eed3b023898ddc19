/** What the ledger keeps by epoch, and what becomes of it at an epoch's end. */
import type { Domain } from "../../shared/core/domain.ts";
import type { Handle, Incarnation, MatchId, MemberId } from "../../shared/core/ids.ts";
import type { Database, Row } from "../../shared/store/database.ts";

/** A withdrawal (no day) or revalidation that a submission of another epoch made. */
export type Carried = {
  readonly member: MemberId;
  readonly handle: Handle;
  /** Of the record that it changed. */
  readonly epoch: number;
  readonly position: number;
  readonly reviewByDay: number | undefined;
};

/** A record whose epoch has ended before its owner published it in another. Nothing can meet it; its matches stay. */
export type Lingering = {
  readonly member: MemberId;
  readonly handle: Handle;
  readonly domain: Domain;
  readonly reviewByDay: number;
  readonly incarnation: Incarnation;
  readonly sequence: number;
  /** Tokens that its owner was charged for, and may publish in an epoch that opened later at no charge. */
  readonly published: number;
};

/** What memory held of an epoch when its purge began. */
export type EndedCounts = { readonly records: number; readonly tokens: number };

export type StoredAttestation = { readonly epoch: number; readonly signed: Uint8Array; readonly attestedAtMs: number };

export class EpochTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Hash of the tokens of a pair that met in an epoch when they were last looked at. */
  metHash(matchId: MatchId, epoch: number): string | undefined {
    const row = this.#database.get("SELECT met_hash FROM meeting WHERE match_id = ? AND epoch = ?", matchId, epoch);
    return row?.["met_hash"] as string | undefined;
  }

  noteMeeting(matchId: MatchId, epoch: number, metHash: string): void {
    this.#database.run("INSERT OR REPLACE INTO meeting VALUES (?, ?, ?)", matchId, epoch, metHash);
  }

  /** The pair meets no longer: in one epoch, or in none. */
  forgetMeeting(matchId: MatchId, epoch?: number): void {
    if (epoch === undefined) this.#database.run("DELETE FROM meeting WHERE match_id = ?", matchId);
    else this.#database.run("DELETE FROM meeting WHERE match_id = ? AND epoch = ?", matchId, epoch);
  }

  carry({ member, handle, epoch, position, reviewByDay }: Carried): void {
    const sql = "INSERT OR REPLACE INTO carried VALUES (?, ?, ?, ?, ?)";
    this.#database.run(sql, member, handle, epoch, position, reviewByDay ?? null);
  }

  carriedOf(member: MemberId): Carried[] {
    return this.#database.all("SELECT * FROM carried WHERE member = ?", member).map((row) => ({
      member,
      handle: row["handle"] as Handle,
      epoch: Number(row["epoch"]),
      position: Number(row["position"]),
      reviewByDay: row["review_by_day"] == null ? undefined : Number(row["review_by_day"]),
    }));
  }

  linger(record: Lingering): void {
    this.#database.run(
      "INSERT OR REPLACE INTO lingering VALUES (?, ?, ?, ?, ?, ?, ?)",
      record.member,
      record.handle,
      record.domain,
      record.reviewByDay,
      record.incarnation,
      record.sequence,
      record.published,
    );
  }

  lingering(member: MemberId, handle: Handle): Lingering | undefined {
    const row = this.#database.get("SELECT * FROM lingering WHERE member = ? AND handle = ?", member, handle);
    return row === undefined ? undefined : toLingering(row);
  }

  /** Past their review day, `max` at most. */
  lingeringBefore(day: number, max: number): Lingering[] {
    const sql = "SELECT * FROM lingering WHERE review_by_day < ? LIMIT ?";
    return this.#database.all(sql, day, max).map(toLingering);
  }

  /** True if the record lingered. */
  forgetLingering(member: MemberId, handle: Handle): boolean {
    return this.#database.run("DELETE FROM lingering WHERE member = ? AND handle = ?", member, handle) > 0;
  }

  forgetLingeringOf(member: MemberId): void {
    this.#database.run("DELETE FROM lingering WHERE member = ?", member);
  }

  isPurgeBegun(epoch: number): boolean {
    return this.#database.get("SELECT epoch FROM ended_epoch WHERE epoch = ?", epoch) !== undefined;
  }

  ended(epoch: number): (EndedCounts & { readonly isAttested: boolean }) | undefined {
    const row = this.#database.get("SELECT * FROM ended_epoch WHERE epoch = ?", epoch);
    if (row === undefined) return undefined;
    const isAttested = row["attestation"] != null;
    return { records: Number(row["records"]), tokens: Number(row["tokens"]), isAttested };
  }

  /**
   * In a transaction: forgets what belongs to an epoch that has ended, and that its streams have lost nothing when they lack it. The last
   * submission of each incarnation stays: the next one is judged by it.
   */
  beginPurge(epoch: number, { records, tokens }: EndedCounts, nowMs: number): void {
    this.#database.run("INSERT INTO ended_epoch VALUES (?, ?, ?, ?, NULL, NULL)", epoch, records, tokens, nowMs);
    this.#database.run("DELETE FROM meeting WHERE epoch = ?", epoch);
    this.#database.run("DELETE FROM carried WHERE epoch = ?", epoch);
    this.#database.run(
      `DELETE FROM submission WHERE epoch = ?
        AND position NOT IN (SELECT max(position) FROM submission GROUP BY member, incarnation)`,
      epoch,
    );
  }

  attest(epoch: number, signed: Uint8Array, nowMs: number): void {
    const sql = "UPDATE ended_epoch SET attestation = ?, attested_at_ms = ? WHERE epoch = ?";
    this.#database.run(sql, signed, nowMs, epoch);
    this.#database.forgetLog();
  }

  /** By epoch, latest first. */
  attestations(): StoredAttestation[] {
    const sql = "SELECT * FROM ended_epoch WHERE attestation IS NOT NULL ORDER BY epoch DESC";
    return this.#database.all(sql).map((row) => ({
      epoch: Number(row["epoch"]),
      signed: row["attestation"] as Uint8Array,
      attestedAtMs: Number(row["attested_at_ms"]),
    }));
  }
}

function toLingering(row: Row): Lingering {
  return {
    member: row["member"] as MemberId,
    handle: row["handle"] as Handle,
    domain: row["domain"] as Domain,
    reviewByDay: Number(row["review_by_day"]),
    incarnation: row["incarnation"] as Incarnation,
    sequence: Number(row["sequence"]),
    published: Number(row["published"]),
  };
}
