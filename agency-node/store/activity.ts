/**
 * The node's own log of who did what to which record and why, for oversight: the six verbs of the Law Enforcement Directive
 * (Directive (EU) 2016/680, article 25). Free-text reasons stay here and nowhere else.
 */
import { z } from "zod";
import type { Database } from "../../shared/store/database.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { Shape, StoredJson } from "../../shared/store/stored-json.ts";
import type { Vault } from "./vault.ts";

export type Verb = "collection" | "alteration" | "consultation" | "disclosure" | "combination" | "erasure";

export type Activity = { readonly reference?: string; readonly reason?: string; readonly detail?: string };

const STORED_ACTIVITY: StoredJson<Activity> = {
  what: "activity",
  version: 1,
  schema: z.object({
    reference: z.string().exactOptional(),
    reason: z.string().exactOptional(),
    detail: z.string().exactOptional(),
  } satisfies Shape<Activity>),
};

export class ActivityLog {
  readonly #db: Database;
  readonly #vault: Vault;

  constructor(db: Database, vault: Vault) {
    this.#db = db;
    this.#vault = vault;
  }

  append(atMs: number, verb: Verb, activity: Activity): void {
    this.#db.transaction(() => {
      const number = (this.#db.get<{ last: number | null }>("SELECT max(number) AS last FROM activity")?.last ?? 0) + 1;
      const sealed = this.#vault.sealJson(placeOf(number), STORED_ACTIVITY, activity);
      this.#db.run("INSERT INTO activity VALUES (?, ?, ?, ?)", number, atMs, verb, sealed);
    });
  }

  /** Oldest first. */
  all(): { readonly atMs: number; readonly verb: Verb; readonly activity: Activity }[] {
    const rows = this.#db.all<{ number: number; at_ms: number; verb: Verb; sealed: Uint8Array }>(
      "SELECT * FROM activity ORDER BY number",
    );
    return rows.map((row) => ({
      atMs: row.at_ms,
      verb: row.verb,
      activity: this.#open(row.number, row.sealed),
    }));
  }

  #open(number: number, sealed: Uint8Array): Activity {
    try {
      return this.#vault.openJson(placeOf(number), STORED_ACTIVITY, sealed);
    } catch (error) {
      if (!isCausewayError(error, "UNPROVEN")) throw error;
      return this.#vault.openJson(FIRST_PLACE, STORED_ACTIVITY, sealed);
    }
  }
}

/** Of all rows alike, as the first of all nodes sealed them. What was sealed since opens in its own row only. */
const FIRST_PLACE = "activity";
const placeOf = (number: number): string => `activity/${number}`;
