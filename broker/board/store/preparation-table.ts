/** Which epoch the board prepares, and what members and evaluators have made for it. */
import { equalBytes } from "../../../shared/core/bytes.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import type { MemberId } from "../../../shared/core/ids.ts";
import { OFFERS_OF_ONE_MAX } from "../limits.ts";
import type { Database } from "../../../shared/store/database.ts";

/** `generation` 0: the one in use. */
export type Preparation = { readonly epoch: number; readonly generation: number };

export class PreparationTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  current(): Preparation | undefined {
    const row = this.#database.get("SELECT * FROM preparation");
    if (row === undefined) return undefined;
    return { epoch: Number(row["epoch"]), generation: Number(row["generation"]) };
  }

  set({ epoch, generation }: Preparation): void {
    this.#database.transaction(() => {
      this.#database.run("INSERT OR REPLACE INTO preparation VALUES (1, ?, ?)", epoch, generation);
      // Of a rotation that is over, or came to nothing.
      this.#database.run("DELETE FROM key_offer WHERE epoch < ?", epoch);
      this.#database.run("DELETE FROM evaluator_offer WHERE generation < ?", generation);
    });
  }

  /**
   * `offer`: a `MemberKey` message. The last one counts: a node that was restored has made another key. Throws EXHAUSTED for more different
   * ones than any node makes.
   */
  offerKey(member: MemberId, epoch: number, offer: Uint8Array): void {
    this.#keep("key_offer", "member = ? AND epoch = ?", [member, epoch], offer);
  }

  /** `MemberKey` messages. */
  keyOffers(epoch: number): Uint8Array[] {
    const rows = this.#database.all("SELECT offer FROM key_offer WHERE epoch = ? ORDER BY member", epoch);
    return rows.map((row) => row["offer"] as Uint8Array);
  }

  /** `signed`: of type "evaluator-offer". Throws EXHAUSTED as `offerKey`. */
  offerShare(name: string, generation: number, signed: Uint8Array): void {
    this.#keep("evaluator_offer", "name = ? AND generation = ?", [name, generation], signed);
  }

  shareOffers(generation: number): Uint8Array[] {
    const rows = this.#database.all("SELECT offer FROM evaluator_offer WHERE generation = ? ORDER BY name", generation);
    return rows.map((row) => row["offer"] as Uint8Array);
  }

  /** In place of the one before. The same again writes nothing. */
  #keep(
    table: "key_offer" | "evaluator_offer",
    which: string,
    place: readonly [string, number],
    offer: Uint8Array,
  ): void {
    this.#database.transaction(() => {
      const last = this.#database.get(`SELECT offer, offers FROM ${table} WHERE ${which}`, ...place);
      const offers = Number(last?.["offers"] ?? 0);
      if (last !== undefined && equalBytes(last["offer"] as Uint8Array, offer)) return;
      if (offers >= OFFERS_OF_ONE_MAX) {
        throw new CausewayError("EXHAUSTED", "too many different keys have been offered for this");
      }
      this.#database.run(`DELETE FROM ${table} WHERE ${which}`, ...place);
      this.#database.run(`INSERT INTO ${table} VALUES (?, ?, ?, ?)`, ...place, offer, offers + 1);
    });
  }
}
