/** What administrators leave for each other, as they signed it. */
import { toHex } from "../../../shared/core/bytes.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import { blake2b } from "../../../shared/crypto/hash.ts";
import { PAPER_KEPT_MS, PAPERS_MAX, ANSWER_BYTES_MAX, PAPERS_PER_TOPIC_MAX } from "../limits.ts";
import type { Database } from "../../store/database.ts";

export class PaperTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The same bytes again change nothing. Throws EXHAUSTED. */
  put(topic: string, signed: Uint8Array, nowMs: number): void {
    const hash = toHex(blake2b(32, signed));
    this.#database.transaction(() => {
      this.#database.run("DELETE FROM paper WHERE received_at_ms < ?", nowMs - PAPER_KEPT_MS);
      if (this.#database.get("SELECT 1 FROM paper WHERE hash = ?", hash) !== undefined) return;
      this.#assertRoom(topic, signed.length);
      this.#database.run("INSERT INTO paper VALUES (?, ?, ?, ?)", hash, topic, signed, nowMs);
    });
  }

  /** Of one topic, oldest first. */
  ofTopic(topic: string): Uint8Array[] {
    const rows = this.#database.all("SELECT signed FROM paper WHERE topic = ? ORDER BY received_at_ms, hash", topic);
    return rows.map((row) => row["signed"] as Uint8Array);
  }

  /** Of all topics, newest first. */
  *newest(): Generator<Uint8Array> {
    const rows = this.#database.all("SELECT hash FROM paper ORDER BY received_at_ms DESC, hash");
    for (const { hash } of rows) {
      const row = this.#database.get("SELECT signed FROM paper WHERE hash = ?", hash as string);
      if (row !== undefined) yield row["signed"] as Uint8Array;
    }
  }

  #assertRoom(topic: string, bytes: number): void {
    const count = this.#database.number("SELECT count(*) FROM paper WHERE topic = ?", topic);
    const weight = this.#database.number("SELECT sum(length(signed)) FROM paper WHERE topic = ?", topic);
    const all = this.#database.number("SELECT count(*) FROM paper");
    const full = count >= PAPERS_PER_TOPIC_MAX || weight + bytes > ANSWER_BYTES_MAX || all >= PAPERS_MAX;
    if (full) throw new CausewayError("EXHAUSTED", "there is no room for further papers of the board");
  }
}
