/**
 * The journal's half in a database of its own: each transaction leaves what it changed in a table, in the same transaction, until the stream
 * has it. Its first row is the last change that the stream is known to have, without what it changed.
 */
import type { Database } from "../../shared/store/database.ts";
import type { Randomness } from "../../shared/world/world.ts";
import type { FileHeads } from "./core/decide.ts";
import { hashAfter } from "./core/record.ts";
import type { Change, Head, Image } from "./core/record.ts";

export const JOURNAL_TABLE = "journal_entry";

const JOURNAL_TABLE_SQL = `CREATE TABLE IF NOT EXISTS ${JOURNAL_TABLE} (
  position INTEGER PRIMARY KEY, hash BLOB NOT NULL, changes BLOB NOT NULL
) STRICT`;

const NOTHING = new Uint8Array(0);

export class RecordedDatabase {
  readonly name: string;
  readonly #database: Database;
  /** From the first row of the table on. */
  #entries: Change[];
  /** The last position that the stream has. */
  #kept: number;
  /** The first row of the table. */
  #oldest: number;

  /** Records every transaction from now on. `onRecorded` is called once one is on the disk. */
  constructor(name: string, database: Database, randomness: Randomness, onRecorded: () => void) {
    this.name = name;
    this.#database = database;
    database.unrecorded(() => this.#makeTable(randomness));
    this.#entries = database
      .all<Omit<Change, "kind" | "name">>(
        `SELECT position, hash, changes AS bytes FROM ${JOURNAL_TABLE} ORDER BY position`,
      )
      .map((row) => ({ kind: "change", name, ...row }));
    this.#oldest = (this.#entries[0] as Change).position;
    this.#kept = this.#oldest;
    database.recordTo({ record: (patchset) => this.#record(patchset, onRecorded) });
  }

  get heads(): FileHeads {
    return this.#entries as [Change, ...Change[]];
  }

  get head(): Head {
    return this.#entries.at(-1) as Change;
  }

  get kept(): number {
    return this.#kept;
  }

  /** What the stream may lack, in order. */
  get unsent(): readonly Change[] {
    return this.#entries.slice(this.#kept - this.#oldestInMemory + 1);
  }

  /** The stream has all up to this position: the rows before it go with the next transaction. */
  keptUpTo(position: number): void {
    this.#kept = position;
    this.#entries = this.#entries.slice(position - this.#oldestInMemory);
  }

  /** Its bytes, and where in the journal it stands. The stream must have all of it. What was changed lately does not stay behind in it. */
  image(): Image {
    const { name, head } = this;
    this.#kept = head.position;
    this.#database.unrecorded(() => this.#trim());
    this.#entries = [this.#entries.at(-1) as Change];
    return { kind: "image", name, position: head.position, hash: head.hash, bytes: this.#database.image() };
  }

  /** Pages of it, in bytes. */
  get size(): number {
    return this.#database.number("PRAGMA page_count") * this.#database.number("PRAGMA page_size");
  }

  get #oldestInMemory(): number {
    return (this.#entries[0] as Change).position;
  }

  #makeTable({ randomBytes }: Randomness): void {
    this.#database.run(JOURNAL_TABLE_SQL);
    if (this.#database.number(`SELECT count(*) FROM ${JOURNAL_TABLE}`) > 0) return;
    // Another hash for each file that begins: no two are taken for the same.
    this.#database.run(`INSERT INTO ${JOURNAL_TABLE} VALUES (0, ?, ?)`, randomBytes(32), NOTHING);
  }

  #record(bytes: Uint8Array, onRecorded: () => void): void {
    const { name, head } = this;
    const change: Change = {
      kind: "change",
      name,
      position: head.position + 1,
      hash: hashAfter(head, name, bytes),
      bytes,
    };
    this.#trim();
    this.#database.run(`INSERT INTO ${JOURNAL_TABLE} VALUES (?, ?, ?)`, change.position, change.hash, bytes);
    this.#database.afterCommit(() => {
      this.#entries.push(change);
      onRecorded();
    });
  }

  /** A transaction that fails afterwards leaves rows that nobody needs, until the next. */
  #trim(): void {
    if (this.#kept === this.#oldest) return;
    const kept = this.#kept;
    this.#database.run(`DELETE FROM ${JOURNAL_TABLE} WHERE position < ?`, kept);
    this.#database.run(`UPDATE ${JOURNAL_TABLE} SET changes = ? WHERE position = ?`, NOTHING, kept);
    this.#database.afterCommit(() => void (this.#oldest = kept));
  }
}
