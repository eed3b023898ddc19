/**
 * Proofs of knowledge by match: of a decided one its outcome, of a pending one all that it takes to decide it, whatever has become of the
 * records meanwhile. The tokens that met stand here until both sides have stated, and no longer than their epoch.
 */
import type { Handling, Side } from "../../shared/core/data-plane.ts";
import type { Handle, Incarnation, MatchId, MemberId } from "../../shared/core/ids.ts";
import type { Database, Row } from "../../shared/store/database.ts";
import { fromStoredJson, toStoredJson } from "../../shared/store/stored-json.ts";
import type { AskedSide, Outcome, PendingProof, Statement } from "../core/disclosure.ts";
import type { Party, RecordTerms } from "../core/match.ts";
import { STORED_MET } from "./stored-values.ts";

export class ProofTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  outcome(matchId: MatchId): Outcome {
    const row = this.#database.get("SELECT outcome FROM proof WHERE match_id = ?", matchId);
    return row === undefined ? "pending" : (row["outcome"] as Outcome);
  }

  /** Undefined once it is decided, and when nothing was asked that can still be answered. */
  pending(matchId: MatchId): PendingProof | undefined {
    const row = this.#database.get("SELECT * FROM proof WHERE match_id = ? AND outcome = 'pending'", matchId);
    if (row === undefined) return undefined;
    const [lower, higher] = this.#sidesOf(matchId) as [Row, Row];
    return {
      amendment: Number(row["amendment"]),
      epoch: Number(row["epoch"]),
      met: fromStoredJson(STORED_MET, row["met"] as string),
      terms: [toTerms(lower), toTerms(higher)],
      incarnations: [lower["incarnation"] as Incarnation, higher["incarnation"] as Incarnation],
      sides: [toSide(lower), toSide(higher)],
    };
  }

  /** Of a proven match: by what each side was disclosed to the other, as long as the match is open. */
  proven(matchId: MatchId): { readonly terms: RecordTerms; readonly statement: Statement }[] | undefined {
    if (this.outcome(matchId) !== "proven") return undefined;
    const sides = this.#sidesOf(matchId).flatMap((row) => {
      const { statement } = toSide(row);
      return statement === undefined ? [] : [{ terms: toTerms(row), statement }];
    });
    return sides.length === 2 ? sides : undefined;
  }

  #sidesOf(matchId: MatchId): Row[] {
    return this.#database.all("SELECT * FROM proof_side WHERE match_id = ? ORDER BY side", matchId);
  }

  /** In a transaction. */
  save(matchId: MatchId, parties: readonly [Party, Party], proof: PendingProof): void {
    const { amendment, epoch, met, terms, incarnations, sides } = proof;
    this.#database.run(
      `INSERT INTO proof (match_id, outcome, amendment, epoch, met) VALUES (?, 'pending', ?, ?, ?)
        ON CONFLICT DO UPDATE SET amendment = excluded.amendment, epoch = excluded.epoch, met = excluded.met`,
      matchId,
      amendment,
      epoch,
      toStoredJson(STORED_MET, met),
    );
    for (const side of [0, 1] as const) {
      const { askedAtMs, isOverdue, statement } = sides[side];
      this.#database.run(
        `INSERT INTO proof_side VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT DO UPDATE SET incarnation = excluded.incarnation, conversation_key = excluded.conversation_key,
            blind = excluded.blind, handling = excluded.handling, asked_at_ms = excluded.asked_at_ms,
            is_overdue = excluded.is_overdue, valid_hash = excluded.valid_hash, signature = excluded.signature`,
        matchId,
        side,
        parties[side].member,
        parties[side].handle,
        incarnations[side],
        terms[side].conversationKey,
        terms[side].blind,
        terms[side].handling,
        askedAtMs,
        Number(isOverdue),
        statement?.validHash ?? null,
        statement?.signature ?? null,
      );
    }
  }

  /** In a transaction. For good: what met is forgotten, and of a failed proof all that it took. */
  decide(matchId: MatchId, outcome: Exclude<Outcome, "pending">): void {
    this.#database.run("UPDATE proof SET outcome = ?, met = NULL WHERE match_id = ?", outcome, matchId);
    if (outcome === "failed") this.#database.run("DELETE FROM proof_side WHERE match_id = ?", matchId);
  }

  /** In a transaction: the match is closed, and nobody is told again who the other side is. */
  forgetProven(matchId: MatchId): void {
    if (this.outcome(matchId) === "proven") this.#database.run("DELETE FROM proof_side WHERE match_id = ?", matchId);
  }

  /** In a transaction: both sides are to be asked anew, whatever they have said. */
  forget(matchId: MatchId): void {
    this.#database.run("DELETE FROM proof WHERE match_id = ?", matchId);
    this.#database.run("DELETE FROM proof_side WHERE match_id = ?", matchId);
  }

  /** In a transaction. Nobody can answer any more what was asked in the epoch. A decided proof stays. */
  lapseEpoch(epoch: number): void {
    this.#lapse("SELECT match_id FROM proof WHERE epoch = ? AND outcome = 'pending'", epoch);
  }

  /** In a transaction. As `lapseEpoch`, for what was asked of the member, or of the other side of its records. */
  lapseMember(member: MemberId): void {
    this.#lapse(
      // In this order: few are pending.
      "SELECT match_id FROM proof CROSS JOIN proof_side USING (match_id) WHERE outcome = 'pending' AND member = ?",
      member,
    );
  }

  #lapse(matches: string, value: string | number): void {
    const lapsed = this.#database.all(matches, value).map((row) => row["match_id"] as string);
    for (const matchId of lapsed) this.forget(matchId as MatchId);
  }

  /** The owner's newest word on its record counts at disclosure. */
  noteHandling(member: MemberId, handle: Handle, handling: Handling): void {
    for (const side of [0, 1]) {
      this.#database.run(
        `UPDATE proof_side SET handling = ? WHERE side = ${side} AND match_id IN (
          SELECT match_id FROM match WHERE member_${side} = ? AND handle_${side} = ? AND status = 'open')`,
        handling,
        member,
        handle,
      );
    }
  }

  /** What the member owes is due anew from now on: it could not answer before. */
  askAgain(member: MemberId, nowMs: number): void {
    // Written out: a parameter would keep SQLite from the partial indexes.
    for (const isOverdue of [0, 1]) {
      this.#database.run(
        `UPDATE proof_side SET asked_at_ms = ?, is_overdue = 0 WHERE member = ? AND signature IS NULL AND is_overdue = ${isOverdue}`,
        nowMs,
        member,
      );
    }
  }

  /** Of the matches for which the member was asked by then and has not stated, those that are not noted as overdue; `max` at most. */
  newlyOverdue(member: MemberId, askedUntilMs: number, max: number): { matchId: MatchId; side: Side }[] {
    const rows = this.#database.all(
      `SELECT match_id, side FROM proof_side
        WHERE member = ? AND asked_at_ms <= ? AND signature IS NULL AND is_overdue = 0 ORDER BY asked_at_ms LIMIT ?`,
      member,
      askedUntilMs,
      max,
    );
    return rows.map((row) => ({ matchId: row["match_id"] as MatchId, side: Number(row["side"]) as Side }));
  }

  /** In a transaction. True if nobody has been told yet that a statement on this match is late. */
  noteOverdue(matchId: MatchId, side: Side): boolean {
    this.#database.run("UPDATE proof_side SET is_overdue = 1 WHERE match_id = ? AND side = ?", matchId, side);
    return this.#database.run("UPDATE proof SET told_overdue = 1 WHERE match_id = ? AND told_overdue = 0", matchId) > 0;
  }

  /** Members that owe overdue statements, and how many. */
  overdue(): Map<MemberId, number> {
    const sql = "SELECT member, count(*) AS overdue FROM proof_side WHERE is_overdue = 1 GROUP BY member";
    return new Map(this.#database.all(sql).map((row) => [row["member"] as MemberId, Number(row["overdue"])]));
  }
}

function toTerms(row: Row): RecordTerms {
  return {
    conversationKey: row["conversation_key"] as Uint8Array,
    blind: row["blind"] as Uint8Array,
    handling: row["handling"] as Handling,
  };
}

function toSide(row: Row): AskedSide {
  const { valid_hash: validHash, signature } = row;
  return {
    askedAtMs: Number(row["asked_at_ms"]),
    isOverdue: row["is_overdue"] === 1,
    ...(signature == null
      ? {}
      : { statement: { validHash: validHash as Uint8Array, signature: signature as Uint8Array } }),
  };
}
