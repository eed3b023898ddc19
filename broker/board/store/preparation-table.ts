/** Which epoch the board prepares, and what members and evaluators have made for it. */
import type { MemberId } from "../../../shared/core/ids.ts";
import type { Database } from "../../store/database.ts";

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

  /** `offer`: a `MemberKey` message. The last one counts: a node that was restored has made another key. */
  offerKey(member: MemberId, epoch: number, offer: Uint8Array): void {
    this.#database.run("INSERT OR REPLACE INTO key_offer VALUES (?, ?, ?)", member, epoch, offer);
  }

  /** `MemberKey` messages. */
  keyOffers(epoch: number): Uint8Array[] {
    const rows = this.#database.all("SELECT offer FROM key_offer WHERE epoch = ? ORDER BY member", epoch);
    return rows.map((row) => row["offer"] as Uint8Array);
  }

  /** `signed`: of type "evaluator-offer". */
  offerShare(name: string, generation: number, signed: Uint8Array): void {
    this.#database.run("INSERT OR REPLACE INTO evaluator_offer VALUES (?, ?, ?)", name, generation, signed);
  }

  shareOffers(generation: number): Uint8Array[] {
    const rows = this.#database.all(
      "SELECT signed FROM evaluator_offer WHERE generation = ? ORDER BY name",
      generation,
    );
    return rows.map((row) => row["signed"] as Uint8Array);
  }
}
