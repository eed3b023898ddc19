/** Items for oversight, see `core/alarm.ts`. */
import type { MemberId } from "../../shared/core/ids.ts";
import type { Alarm, AlarmKind, Sighting } from "../core/alarm.ts";
import type { Database, Row } from "../../shared/store/database.ts";

/** Acknowledged items that are listed; all are kept. */
const ACKNOWLEDGED_LISTED_MAX = 200;
/** Stands for "about the broker", and for "by itself": NULL would not be equal to itself in the index that keeps items apart. */
const NOBODY = "";

export class AlarmTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Opens an item, or counts another sighting on the one that is open. True if it is new. */
  raise({ kind, member, text }: Sighting, nowMs: number): boolean {
    const known = this.#database.run(
      `UPDATE alarm SET last_seen_ms = ?, count = count + 1, text = ?
        WHERE kind = ? AND member = ? AND acknowledged_by IS NULL`,
      nowMs,
      text,
      kind,
      member ?? NOBODY,
    );
    if (known > 0) return false;
    this.#database.run(
      "INSERT INTO alarm (kind, member, text, first_seen_ms, last_seen_ms, count) VALUES (?, ?, ?, ?, ?, 1)",
      kind,
      member ?? NOBODY,
      text,
      nowMs,
      nowMs,
    );
    return true;
  }

  /** Open items first, then the last acknowledged ones; each group by the last sighting, newest first. */
  list(): Alarm[] {
    const rows = this.#database.all(
      `SELECT * FROM (SELECT * FROM alarm WHERE acknowledged_by IS NULL ORDER BY last_seen_ms DESC, id DESC)
        UNION ALL SELECT * FROM (SELECT * FROM alarm WHERE acknowledged_by IS NOT NULL
          ORDER BY acknowledged_at_ms DESC, id DESC LIMIT ?)`,
      ACKNOWLEDGED_LISTED_MAX,
    );
    return rows.map(toAlarm);
  }

  openOf(member: MemberId): Alarm[] {
    const sql = "SELECT * FROM alarm WHERE member = ? AND acknowledged_by IS NULL ORDER BY id";
    return this.#database.all(sql, member).map(toAlarm);
  }

  /** Closes an open item. False if there is none under this id. A later sighting opens another. */
  acknowledge(id: number, of: { readonly by: string; readonly note: string }, nowMs: number): boolean {
    const changed = this.#database.run(
      "UPDATE alarm SET acknowledged_by = ?, acknowledged_at_ms = ?, note = ? WHERE id = ? AND acknowledged_by IS NULL",
      of.by,
      nowMs,
      of.note,
      id,
    );
    return changed > 0;
  }

  /** Closes the item of this kind and member that is open, if there is one, in nobody's name. */
  end(kind: AlarmKind, member: MemberId | undefined, note: string, nowMs: number): void {
    this.#database.run(
      `UPDATE alarm SET acknowledged_by = ?, acknowledged_at_ms = ?, note = ?
        WHERE kind = ? AND member = ? AND acknowledged_by IS NULL`,
      NOBODY,
      nowMs,
      note,
      kind,
      member ?? NOBODY,
    );
  }
}

function toAlarm(row: Row): Alarm {
  const by = row["acknowledged_by"];
  const member = row["member"] as string;
  return {
    id: Number(row["id"]),
    kind: row["kind"] as AlarmKind,
    ...(member === NOBODY ? {} : { member: member as MemberId }),
    text: row["text"] as string,
    firstSeenMs: Number(row["first_seen_ms"]),
    lastSeenMs: Number(row["last_seen_ms"]),
    count: Number(row["count"]),
    ...(by == null
      ? {}
      : { acknowledged: { by: by as string, atMs: Number(row["acknowledged_at_ms"]), note: row["note"] as string } }),
  };
}
