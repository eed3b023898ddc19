/**
 * The node's own log of who did what to which record and why, for oversight: the six verbs of the Law Enforcement Directive
 * (Directive (EU) 2016/680, article 25). Free-text reasons stay here and nowhere else.
 *
 * An entry is written in the transaction of the act that it tells of, a look before its answer is sent. There is no way to change or
 * remove one. Test records are no persons, and have no entries.
 */
import { z } from "zod";
import { utf8 } from "../../shared/core/bytes.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { MatchId } from "../../shared/core/ids.ts";
import { VERSION } from "../../shared/platform/version.ts";
import type { Database, SqlValue } from "../../shared/store/database.ts";
import { storedId } from "../../shared/store/stored-json.ts";
import type { Shape, StoredJson } from "../../shared/store/stored-json.ts";
import type { Actor, Asking } from "../core/actor.ts";
import type { DeconflictionRecord } from "../core/record.ts";
import type { Vault } from "./vault.ts";

export const VERBS = ["collection", "alteration", "consultation", "disclosure", "combination", "erasure"] as const;
export type Verb = (typeof VERBS)[number];

/** Another unit as far as it was disclosed to this one; empty where not even its mandate was. */
export type Recipient = { readonly name?: string; readonly mandate?: string };

export type Activity = {
  readonly actor: Actor;
  /** Owner's references of the records that it is about. */
  readonly references?: readonly string[];
  /** It is about every record that the node had then; `references` names none. */
  readonly every?: true;
  readonly matches?: readonly MatchId[];
  /** Case references of those records, each once. */
  readonly cases?: readonly string[];
  /** In the words of whoever acted. */
  readonly reason?: string;
  readonly recipient?: Recipient;
  /** What exactly, for people who know the program: "revalidated", "opened", a receipt in JSON. */
  readonly detail?: string;
  /** Receipt of the import that it was part of. */
  readonly receipt?: string;
  /** Which version of the program wrote it. */
  readonly program?: string;
};

export type ActivityEntry = {
  readonly number: number;
  readonly atMs: number;
  readonly verb: Verb;
  readonly activity: Activity;
};

/** All that are given must hold. Times in ms: from `sinceMs` to before `untilMs`. */
export type ActivityFilter = {
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly verb?: Verb;
  /** About this record: named, or one of all. */
  readonly reference?: string;
  readonly matchId?: MatchId;
};

/** The records that an entry is about, as fields of it; those erased have no name any more. */
export function about(
  records: readonly Pick<DeconflictionRecord, "reference" | "caseReference">[],
): Required<Pick<Activity, "references" | "cases">> {
  const known = records.filter(({ reference }) => reference !== "");
  return {
    references: known.map(({ reference }) => reference),
    cases: [...new Set(known.map(({ caseReference }) => caseReference))],
  };
}

/** Who asked, and why, as fields of an entry. */
export function askedBy({ actor, reason }: Asking): Pick<Activity, "actor" | "reason"> {
  return { actor, ...(reason.trim() !== "" && { reason }) };
}

const text = z.string();
const known = z.enum(["stated", "itself"]);
const actor = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("person"),
    known,
    name: text,
    uid: z.number().exactOptional(),
    role: text.exactOptional(),
    workstation: text.exactOptional(),
  } satisfies Shape<Extract<Actor, { kind: "person" }>>),
  z.object({
    kind: z.literal("program"),
    known,
    name: text,
    workstation: text.exactOptional(),
  } satisfies Shape<Extract<Actor, { kind: "program" }>>),
]);

const STORED_ACTIVITY: StoredJson<Activity> = {
  what: "activity",
  version: 2,
  schema: z.object({
    actor,
    references: z.array(text).exactOptional(),
    every: z.literal(true).exactOptional(),
    matches: z.array(storedId<MatchId>()).exactOptional(),
    cases: z.array(text).exactOptional(),
    reason: text.exactOptional(),
    recipient: z
      .object({ name: text.exactOptional(), mandate: text.exactOptional() } satisfies Shape<Recipient>)
      .exactOptional(),
    detail: text.exactOptional(),
    receipt: text.exactOptional(),
    program: text.exactOptional(),
  } satisfies Shape<Activity>),
};

type Row = { number: number; at_ms: number; verb: Verb; sealed: Uint8Array };

/** Entries read at a time: an export of years does not fill the memory. */
const PAGE_ENTRIES = 500;

export class ActivityLog {
  readonly #db: Database;
  readonly #vault: Vault;

  constructor(db: Database, vault: Vault) {
    this.#db = db;
    this.#vault = vault;
  }

  /** Call it inside the transaction of the act. Throws as `Database.run`: then the act has not happened either. */
  append(atMs: number, verb: Verb, activity: Activity): void {
    this.#db.transaction(() => {
      const number = this.last + 1;
      const sealed = this.#vault.sealJson(placeOf(number), STORED_ACTIVITY, { ...activity, program: VERSION });
      const every = activity.every === true ? 1 : 0;
      this.#db.run(
        "INSERT INTO activity (number, at_ms, verb, every, sealed) VALUES (?, ?, ?, ?, ?)",
        number,
        atMs,
        verb,
        every,
        sealed,
      );
      for (const key of this.#keysOf(activity)) this.#db.run("INSERT INTO activity_about VALUES (?, ?)", key, number);
    });
  }

  /** Number of the newest entry; 0 before the first. */
  get last(): number {
    return this.#db.number("SELECT max(number) FROM activity");
  }

  /** Oldest first, up to a number. */
  *entries(filter: ActivityFilter = {}, last = this.last): Generator<ActivityEntry> {
    const { sql, values } = this.#condition(filter);
    for (let after = 0; after < last;) {
      const rows = this.#db.all<Row>(
        `SELECT number, at_ms, verb, sealed FROM activity WHERE number > ? AND number <= ? ${sql} ORDER BY number LIMIT ?`,
        after,
        last,
        ...values,
        PAGE_ENTRIES,
      );
      for (const { number, at_ms: atMs, verb, sealed } of rows) {
        yield { number, atMs, verb, activity: this.#open(number, sealed) };
      }
      after = rows.at(-1)?.number ?? last;
    }
  }

  #condition({ sinceMs, untilMs, verb, reference, matchId }: ActivityFilter): { sql: string; values: SqlValue[] } {
    const about = (key: Uint8Array) =>
      ["number IN (SELECT activity FROM activity_about WHERE about = ?)", key] as const;
    const conditions: (readonly [sql: string, ...values: SqlValue[]])[] = [
      ...(sinceMs === undefined ? [] : [["at_ms >= ?", sinceMs] as const]),
      ...(untilMs === undefined ? [] : [["at_ms < ?", untilMs] as const]),
      ...(verb === undefined ? [] : [["verb = ?", verb] as const]),
      ...(matchId === undefined ? [] : [about(this.#matchKey(matchId))]),
      ...(reference === undefined ? [] : [this.#aboutRecord(reference)]),
    ];
    const [sql, values] = [conditions.map(([each]) => `AND ${each}`), conditions.flatMap(([, ...each]) => each)];
    return { sql: sql.join(" "), values };
  }

  /**
   * Entries that name the record, and those about every record since it came. One that came before the log named records counts as
   * there from the beginning; of one that never was there is nothing.
   */
  #aboutRecord(reference: string): readonly [string, ...SqlValue[]] {
    const key = this.#referenceKey(reference);
    const sql = `(number IN (SELECT activity FROM activity_about WHERE about = ?) OR every = 1 AND number >= coalesce(
      (SELECT min(number) FROM activity WHERE verb = 'collection' AND number IN (SELECT activity FROM activity_about WHERE about = ?)),
      (SELECT 0 FROM record WHERE reference_key = ?)))`;
    return [sql, key, key, this.#vault.lookupKey("reference", utf8(reference))];
  }

  #keysOf({ references = [], matches = [] }: Activity): Uint8Array[] {
    return [
      ...[...new Set(references)].map((reference) => this.#referenceKey(reference)),
      ...[...new Set(matches)].map((matchId) => this.#matchKey(matchId)),
    ];
  }

  /** Not the key under which the record stands: without the database key nobody sees how often a handle was looked at. */
  #referenceKey(reference: string): Uint8Array {
    return this.#vault.lookupKey("activity/reference", utf8(reference));
  }

  #matchKey(matchId: MatchId): Uint8Array {
    return this.#vault.lookupKey("activity/match", utf8(matchId));
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
