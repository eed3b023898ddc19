/** Proposals as they were made, and who has signed them. Their state is not stored: it follows from the chain. */
import { fromHex, toHex } from "../../../shared/core/bytes.ts";
import type { SignedDirective } from "../../../shared/core/directive.ts";
import { decodeDirective } from "../../../shared/wire/directive.ts";
import type { Database, Row } from "../../../shared/store/database.ts";
import { proposalDigest } from "../../../shared/core/proposal.ts";

export type StoredProposal = { readonly signed: SignedDirective; readonly proposedAtMs: number };

export class ProposalTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  find(digest: Uint8Array): StoredProposal | undefined {
    const row = this.#database.get("SELECT * FROM proposal WHERE digest = ?", toHex(digest));
    return row === undefined ? undefined : this.#read(row);
  }

  /** Newest first. */
  list(): StoredProposal[] {
    const rows = this.#database.all("SELECT * FROM proposal ORDER BY proposed_at_ms DESC, digest");
    return rows.map((row) => this.#read(row));
  }

  /** Keeps a proposal, and of one that is here already those signatures that are new. */
  save(signed: SignedDirective, proposedAtMs: number): void {
    const digest = toHex(proposalDigest(signed));
    this.#database.transaction(() => {
      this.#database.run("INSERT OR IGNORE INTO proposal VALUES (?, ?, ?)", digest, signed.payload, proposedAtMs);
      for (const { keyId, signature } of signed.signatures) {
        this.#database.run("INSERT OR IGNORE INTO approval VALUES (?, ?, ?)", digest, toHex(keyId), signature);
      }
    });
  }

  remove(signed: Pick<SignedDirective, "payload">): void {
    this.#database.run("DELETE FROM proposal WHERE digest = ?", toHex(proposalDigest(signed)));
  }

  #read(row: Row): StoredProposal {
    const payload = row["payload"] as Uint8Array;
    const sql = "SELECT * FROM approval WHERE digest = ? ORDER BY rowid";
    const signatures = this.#database.all(sql, row["digest"] as string).map((approval) => ({
      keyId: fromHex(approval["key_id"] as string),
      signature: approval["signature"] as Uint8Array,
    }));
    const signed = { payload, directive: decodeDirective(payload), signatures };
    return { signed, proposedAtMs: Number(row["proposed_at_ms"]) };
  }
}
