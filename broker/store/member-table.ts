/** What the broker knows of members besides their submissions: their standing as it was last acted on, and their last word on their health. */
import type { MemberId } from "../../shared/core/ids.ts";
import type { Database } from "../../shared/store/database.ts";

/**
 * `returning`: reinstated or out of quarantine, and its records are still being matched again. `quarantined`: it owes too many overdue
 * statements.
 */
export type Standing = "member" | "suspended" | "returning" | "removed" | "quarantined";

export type StoredHealth = { readonly signed: Uint8Array; readonly receivedAtMs: number };

export class MemberTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** As it was last acted on; undefined for a member that is new to this ledger. */
  standing(member: MemberId): Standing | undefined {
    const row = this.#database.get("SELECT standing FROM standing WHERE member = ?", member);
    return row?.["standing"] as Standing | undefined;
  }

  setStanding(member: MemberId, standing: Standing): void {
    this.#database.run("INSERT OR REPLACE INTO standing VALUES (?, ?)", member, standing);
  }

  quarantined(): ReadonlySet<MemberId> {
    const rows = this.#database.all("SELECT member FROM standing WHERE standing = 'quarantined'");
    return new Set(rows.map(({ member }) => member as MemberId));
  }

  health(member: MemberId): StoredHealth | undefined {
    const row = this.#database.get("SELECT * FROM health WHERE member = ?", member);
    if (row === undefined) return undefined;
    return { signed: row["signed"] as Uint8Array, receivedAtMs: Number(row["received_at_ms"]) };
  }

  saveHealth(member: MemberId, { signed, receivedAtMs }: StoredHealth): void {
    this.#database.run("INSERT OR REPLACE INTO health VALUES (?, ?, ?)", member, signed, receivedAtMs);
  }

  forgetHealth(member: MemberId): void {
    this.#database.run("DELETE FROM health WHERE member = ?", member);
  }

  /** When anything of the member was last applied; 0 if never. */
  lastAppliedMs(member: MemberId): number {
    const sql = "SELECT applied_at_ms FROM submission WHERE member = ? ORDER BY position DESC LIMIT 1";
    return Number(this.#database.get(sql, member)?.["applied_at_ms"] ?? 0);
  }
}
