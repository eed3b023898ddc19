/** All tables of the board's desk, over one file. */
import { Database } from "../../../shared/store/database.ts";
import type { SecondCopy } from "../../../shared/store/second-copy.ts";
import { DESK } from "./board-schema.ts";
import { CredentialsTable } from "./credentials-table.ts";
import { EnrolmentTable } from "./enrolment-table.ts";
import { PaperTable } from "./paper-table.ts";
import { PreparationTable } from "./preparation-table.ts";
import { ProposalTable } from "./proposal-table.ts";

export class BoardStore implements Disposable {
  readonly #database: Database;
  readonly proposals: ProposalTable;
  readonly papers: PaperTable;
  readonly enrolments: EnrolmentTable;
  readonly preparation: PreparationTable;
  readonly credentials: CredentialsTable;

  /** Throws ENVIRONMENT, see `Database`. */
  constructor(path: string, federation: Uint8Array, secondCopy?: SecondCopy) {
    this.#database = new Database(path, DESK, federation);
    secondCopy?.record(this.#database);
    this.proposals = new ProposalTable(this.#database);
    this.papers = new PaperTable(this.#database);
    this.enrolments = new EnrolmentTable(this.#database);
    this.preparation = new PreparationTable(this.#database);
    this.credentials = new CredentialsTable(this.#database);
  }

  /** Rows changed since it was opened. As long as this stands still, nothing here is new. */
  get changeCount(): number {
    return this.#database.changeCount;
  }

  [Symbol.dispose](): void {
    this.#database[Symbol.dispose]();
  }
}
