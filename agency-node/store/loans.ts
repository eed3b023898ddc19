/** Which padding each record has borrowed from which other, see `core/padding.ts`. Drawn once for a record and kept as long as it. */
import type { Handle } from "../../shared/core/ids.ts";
import type { Domain } from "../../shared/core/domain.ts";
import { packLoans, unpackLoans, unpackPrepared } from "../core/packed.ts";
import { freePlaces } from "../core/padding.ts";
import type { Lender, Loan } from "../core/padding.ts";
import type { Database } from "../../shared/store/database.ts";
import { preparedPlace } from "./records.ts";
import type { Vault } from "./vault.ts";

type LenderRow = {
  readonly number: number;
  readonly handle: Handle;
  readonly revision: number;
  readonly sealed: Uint8Array;
  readonly loans: Uint8Array | null;
};

export class LoanStore {
  readonly #db: Database;
  readonly #vault: Vault;

  constructor(db: Database, vault: Vault) {
    this.#db = db;
    this.#vault = vault;
  }

  /** Whether the record's loans are drawn; they may be none. */
  areDrawn(record: number): boolean {
    return this.#db.get("SELECT 1 FROM loan WHERE record = ?", record) !== undefined;
  }

  save(record: number, loans: readonly Loan[]): void {
    this.#db.run("INSERT INTO loan VALUES (?, ?)", record, this.#vault.seal(loansPlace(record), packLoans(loans)));
  }

  /** Numbers of records are 1 to this. */
  get last(): number {
    return this.#db.number("SELECT max(number) FROM record");
  }

  /** The record of a number, if it is live, prepared under the generation and of the domain. */
  lenderAt(number: number, of: { readonly generation: number; readonly domain: Domain }): Lender | undefined {
    const row = this.#db.get<LenderRow>(
      `SELECT number, handle, prepared.revision, prepared.sealed, loan.sealed AS loans FROM record
         JOIN prepared ON prepared.record = number AND generation = ? AND prepared.revision = record.revision
         LEFT JOIN loan ON loan.record = number
       WHERE number = ? AND state IN ('hardening', 'ready')`,
      of.generation,
      number,
    );
    if (row === undefined) return undefined;
    const place = preparedPlace(row.number, of.generation, row.revision);
    const { domain, identifiers } = unpackPrepared(this.#vault.open(place, row.sealed));
    if (domain !== of.domain) return undefined;
    const loans = row.loans === null ? [] : unpackLoans(this.#vault.open(loansPlace(row.number), row.loans));
    return { handle: row.handle, free: freePlaces(identifiers), loans };
  }
}

export function loansPlace(record: number): string {
  return `loan/${record}`;
}
