/** Invitations, and what units handed in with them. Neither admits anybody: that is a directive. */
import { fromHex, toHex } from "../../../shared/core/bytes.ts";
import type { Invitation } from "../../../shared/core/board.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import { ENDED_INVITATIONS_OF_ONE_MAX, ENROLMENT_KEPT_MS, INVITATIONS_OF_ONE_MAX } from "../limits.ts";
import type { Database } from "../../../shared/store/database.ts";

export type StoredEnrolment = {
  /** enrolment.json as it was handed in. */
  readonly enrolment: Uint8Array;
  readonly note: string;
  readonly receivedAtMs: number;
};

export class EnrolmentTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The same invitation again changes nothing. `author`: key id of the administrator who signed it, hexadecimal. Throws EXHAUSTED. */
  invite(
    { secretHash, note, validUntilMs }: Omit<Invitation, "chainKey">,
    { author, signed }: { readonly author: string; readonly signed: Uint8Array },
    nowMs: number,
  ): void {
    const hash = toHex(secretHash);
    this.#database.transaction(() => {
      this.#database.run("DELETE FROM invitation WHERE valid_until_ms < ?", nowMs - ENROLMENT_KEPT_MS);
      if (this.#database.get("SELECT 1 FROM invitation WHERE secret_hash = ?", hash) !== undefined) return;
      const open = this.#database.number(
        "SELECT count(*) FROM invitation WHERE author = ? AND used_at_ms IS NULL AND valid_until_ms > ?",
        author,
        nowMs,
      );
      if (open >= INVITATIONS_OF_ONE_MAX) throw new CausewayError("EXHAUSTED", "too many invitations are out");
      this.#forgetEnded(author, nowMs);
      const sql = "INSERT INTO invitation (secret_hash, author, note, valid_until_ms, signed) VALUES (?, ?, ?, ?, ?)";
      this.#database.run(sql, hash, author, note, validUntilMs, signed);
    });
  }

  /** An administrator may use its invitations itself, or let them run out at once, as often as it likes. */
  #forgetEnded(author: string, nowMs: number): void {
    const sql = `
      SELECT secret_hash FROM invitation WHERE author = ? AND (used_at_ms IS NOT NULL OR valid_until_ms <= ?)
      ORDER BY coalesce(used_at_ms, valid_until_ms) DESC LIMIT -1 OFFSET ?`;
    for (const { secret_hash: hash } of this.#database.all(sql, author, nowMs, ENDED_INVITATIONS_OF_ONE_MAX)) {
      this.#database.run("DELETE FROM enrolment WHERE secret_hash = ?", hash as string);
      this.#database.run("DELETE FROM invitation WHERE secret_hash = ?", hash as string);
    }
  }

  /** Those that nobody has used, those that have run out included, newest last. */
  invitations(): Omit<Invitation, "chainKey">[] {
    const rows = this.#database.all("SELECT * FROM invitation WHERE used_at_ms IS NULL ORDER BY valid_until_ms");
    return rows.map((row) => ({
      secretHash: fromHex(row["secret_hash"] as string),
      note: row["note"] as string,
      validUntilMs: Number(row["valid_until_ms"]),
    }));
  }

  /**
   * The invitation with this secret hash, as it was signed, with the key id of whoever has used it. Undefined for one that is not there,
   * or has run out unused.
   */
  invited(
    secretHash: Uint8Array,
    nowMs: number,
  ): { readonly signed: Uint8Array; readonly keyId: string | undefined } | undefined {
    const sql = `
      SELECT signed, key_id FROM invitation LEFT JOIN enrolment USING (secret_hash)
      WHERE secret_hash = ? AND (used_at_ms IS NOT NULL OR valid_until_ms > ?)`;
    const row = this.#database.get(sql, toHex(secretHash), nowMs);
    return row && { signed: row["signed"] as Uint8Array, keyId: (row["key_id"] as string | null) ?? undefined };
  }

  /**
   * Uses up an invitation for what a unit handed in. `keyId` of its signing key, hexadecimal. The same again changes nothing: its answer
   * may have been lost. Throws NOT_FOUND for an invitation that is not there, has run out or was used for something else.
   */
  enrol(of: {
    readonly secretHash: Uint8Array;
    readonly keyId: string;
    readonly enrolment: Uint8Array;
    readonly nowMs: number;
  }): void {
    const { keyId, enrolment, nowMs } = of;
    const secretHash = toHex(of.secretHash);
    this.#database.transaction(() => {
      const again = "SELECT 1 FROM enrolment WHERE secret_hash = ? AND key_id = ? AND enrolment = ?";
      if (this.#database.get(again, secretHash, keyId, enrolment) !== undefined) return;
      const use =
        "UPDATE invitation SET used_at_ms = ? WHERE secret_hash = ? AND used_at_ms IS NULL AND valid_until_ms > ?";
      if (this.#database.run(use, nowMs, secretHash, nowMs) === 0) {
        throw new CausewayError("NOT_FOUND", "there is no such invitation, or it has been used");
      }
      this.#database.run("DELETE FROM enrolment WHERE received_at_ms < ?", nowMs - ENROLMENT_KEPT_MS);
      const insert =
        "INSERT OR REPLACE INTO enrolment SELECT ?, secret_hash, ?, note, ? FROM invitation WHERE secret_hash = ?";
      this.#database.run(insert, keyId, enrolment, nowMs, secretHash);
    });
  }

  /** What was handed in under this signing key's id, hexadecimal. */
  find(keyId: string): StoredEnrolment | undefined {
    const row = this.#database.get("SELECT * FROM enrolment WHERE key_id = ?", keyId);
    return row === undefined ? undefined : toEnrolment(row);
  }

  /** Oldest first, with the key id in hexadecimal. */
  enrolments(): (StoredEnrolment & { readonly keyId: string })[] {
    const rows = this.#database.all("SELECT * FROM enrolment ORDER BY received_at_ms, key_id");
    return rows.map((row) => ({ ...toEnrolment(row), keyId: row["key_id"] as string }));
  }
}

function toEnrolment(row: Record<string, unknown>): StoredEnrolment {
  return {
    enrolment: row["enrolment"] as Uint8Array,
    note: row["note"] as string,
    receivedAtMs: Number(row["received_at_ms"]),
  };
}
