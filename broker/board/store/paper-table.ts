/** What administrators leave for each other, as they signed it. Each has room of its own, so that none takes another's. */
import { toHex } from "../../../shared/core/bytes.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import { blake2b } from "../../../shared/crypto/hash.ts";
import {
  ANSWER_BYTES_MAX,
  PAPER_KEPT_MS,
  PAPERS_BYTES_OF_ONE_MAX,
  PAPERS_OF_ONE_MAX,
  topicBytesOfOneMax,
} from "../limits.ts";
import type { Database } from "../../../shared/store/database.ts";

export type Paper = {
  readonly topic: string;
  /** The key id of the administrator who signed it, hexadecimal. */
  readonly author: string;
  readonly signed: Uint8Array;
};

export class PaperTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The same bytes again change nothing. `board`: key ids of all seats, hexadecimal. Throws EXHAUSTED. */
  put(paper: Paper, board: ReadonlySet<string>, nowMs: number): void {
    const { topic, author, signed } = paper;
    const hash = toHex(blake2b(32, signed));
    this.#database.transaction(() => {
      this.#database.run("DELETE FROM paper WHERE received_at_ms < ?", nowMs - PAPER_KEPT_MS);
      this.#forgetOthers(board);
      if (this.#database.get("SELECT 1 FROM paper WHERE hash = ?", hash) !== undefined) return;
      this.#assertRoom(paper, board.size);
      const sql = "INSERT INTO paper (hash, topic, author, signed, received_at_ms) VALUES (?, ?, ?, ?, ?)";
      this.#database.run(sql, hash, topic, author, signed, nowMs);
    });
  }

  /** Of one topic, oldest first. */
  ofTopic(topic: string): Uint8Array[] {
    const rows = this.#database.all("SELECT signed FROM paper WHERE topic = ? ORDER BY received_at_ms, hash", topic);
    return rows.map((row) => row["signed"] as Uint8Array);
  }

  /** Of all topics, each administrator's newest first: where a list is cut, it has about as many bytes of each. */
  *newest(): Generator<Uint8Array> {
    const rows = this.#database.all(`
      SELECT hash, sum(length(signed)) OVER (PARTITION BY author ORDER BY received_at_ms DESC, hash) AS weight
      FROM paper ORDER BY weight, hash`);
    for (const { hash } of rows) {
      const row = this.#database.get("SELECT signed FROM paper WHERE hash = ?", hash as string);
      if (row !== undefined) yield row["signed"] as Uint8Array;
    }
  }

  /** What former administrators have said counts for nobody any more. */
  #forgetOthers(board: ReadonlySet<string>): void {
    const authors = this.#database.all("SELECT DISTINCT author FROM paper").map(({ author }) => author as string);
    for (const author of authors) {
      if (!board.has(author)) this.#database.run("DELETE FROM paper WHERE author = ?", author);
    }
  }

  #assertRoom({ topic, author, signed: { length } }: Paper, seats: number): void {
    const own = this.#weigh("author = ?", author);
    const ownOfTopic = this.#weigh("author = ? AND topic = ?", author, topic);
    const full =
      own.papers >= PAPERS_OF_ONE_MAX ||
      own.bytes + length > PAPERS_BYTES_OF_ONE_MAX ||
      ownOfTopic.bytes + length > topicBytesOfOneMax(seats) ||
      // A board that has grown left each of them less.
      this.#weigh("topic = ?", topic).bytes + length > ANSWER_BYTES_MAX;
    if (full) throw new CausewayError("EXHAUSTED", "there is no room for further papers of the board");
  }

  #weigh(which: string, ...values: string[]): { readonly papers: number; readonly bytes: number } {
    const sql = `SELECT count(*) AS papers, sum(length(signed)) AS bytes FROM paper WHERE ${which}`;
    const row = this.#database.get(sql, ...values);
    return { papers: Number(row?.["papers"]), bytes: Number(row?.["bytes"]) };
  }
}
