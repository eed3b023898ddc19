/** What parties ask of the registrar, and what it has issued. All of it public. Key ids are those of signing keys, hexadecimal. */
import type { Credentials } from "../../../shared/core/board.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import { CREDENTIALS_REQUESTS_MAX } from "../limits.ts";
import type { Database } from "../../../shared/store/database.ts";

export type StoredRequest = { readonly position: number; readonly signed: Uint8Array };

export class CredentialsTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** One request of each key waits, the latest. Throws EXHAUSTED, and CONFLICT for one that is not newer than the last. */
  ask(keyId: string, signed: Uint8Array, requestedAtMs: number): void {
    this.#database.transaction(() => {
      const sql = "SELECT requested_at_ms FROM credentials_request WHERE key_id = ?";
      const last = this.#database.get(sql, keyId);
      if (
        last === undefined &&
        this.#database.number("SELECT count(*) FROM credentials_request") >= CREDENTIALS_REQUESTS_MAX
      ) {
        throw new CausewayError("EXHAUSTED", "too many requests wait for the registrar");
      }
      if (Number(last?.["requested_at_ms"] ?? 0) > requestedAtMs) {
        throw new CausewayError("CONFLICT", "a later request of this party is here already");
      }
      const insert = "INSERT OR REPLACE INTO credentials_request (key_id, signed, requested_at_ms) VALUES (?, ?, ?)";
      this.#database.run(insert, keyId, signed, requestedAtMs);
    });
  }

  /** Requests after this position that have not been answered, in the order they came. */
  requestsAfter(position: number): StoredRequest[] {
    const rows = this.#database.all("SELECT * FROM credentials_request WHERE position > ? ORDER BY position", position);
    return rows.map((row) => ({ position: Number(row["position"]), signed: row["signed"] as Uint8Array }));
  }

  /** Answers the request of this key, unless there is a later one by now. */
  issue(keyId: string, { certificatePem, natsUserJwt, issuedAtMs }: Credentials): void {
    this.#database.transaction(() => {
      const insert = "INSERT OR REPLACE INTO credentials VALUES (?, ?, ?, ?)";
      this.#database.run(insert, keyId, certificatePem, natsUserJwt, issuedAtMs);
      const answered = "DELETE FROM credentials_request WHERE key_id = ? AND requested_at_ms <= ?";
      this.#database.run(answered, keyId, issuedAtMs);
    });
  }

  issued(keyId: string): Credentials | undefined {
    const row = this.#database.get("SELECT * FROM credentials WHERE key_id = ?", keyId);
    if (row === undefined) return undefined;
    return {
      certificatePem: row["certificate_pem"] as string,
      natsUserJwt: row["nats_user_jwt"] as string,
      issuedAtMs: Number(row["issued_at_ms"]),
    };
  }
}
