/** What stood at which place in each version of a record that was published: a meeting names a version and places in it. */
import { toSumBytes } from "../../shared/core/digest.ts";
import type { DigestItem } from "../../shared/core/digest.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { Handle, Incarnation } from "../../shared/core/ids.ts";
import type { Database } from "../../shared/store/database.ts";
import { packLayout, unpackLayout } from "../core/packed.ts";
import type { Layout } from "../core/publication.ts";
import type { Vault } from "./vault.ts";

export type Version = { readonly incarnation: Incarnation; readonly sequence: number };

/** A version of a record as it was laid out: what a meeting's positions refer to. */
export type Publication = { readonly epoch: number; readonly domain: Domain; readonly layout: Layout };

/** A meeting names the version that the broker had then; notices of it may come after a few more. */
const VERSIONS_KEPT = 8;

export class PublicationStore {
  readonly #db: Database;
  readonly #vault: Vault;

  constructor(db: Database, vault: Vault) {
    this.#db = db;
    this.#vault = vault;
  }

  /** In the transaction that sends it. */
  save(handle: Handle, version: Version, { epoch, domain, layout }: Publication, item: DigestItem): void {
    const { incarnation, sequence } = version;
    this.#db.run(
      `INSERT OR IGNORE INTO published (handle, epoch, incarnation, sequence, count, sum, sealed)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      handle,
      epoch,
      incarnation,
      sequence,
      item.count,
      toSumBytes(item.sum),
      this.#vault.seal(placeOf(handle, version), packLayout(domain, layout)),
    );
  }

  /** The version that the broker holds stays whatever came after it. */
  dropOld(number: number, handle: Handle, epoch: number): void {
    this.#db.run(
      `DELETE FROM published WHERE handle = ?1 AND epoch = ?2 AND number <=
         (SELECT number FROM published WHERE handle = ?1 AND epoch = ?2 ORDER BY number DESC LIMIT 1 OFFSET ?3)
         AND (incarnation, sequence) IS NOT
           (SELECT held_incarnation, held_sequence FROM standing WHERE record = ?4 AND epoch = ?2)`,
      handle,
      epoch,
      VERSIONS_KEPT,
      number,
    );
  }

  /** What stood where in that version of the record; `undefined` if this database never held it, or its epoch has ended. */
  of(handle: Handle, version: Version): Publication | undefined {
    const row = this.#db.get<{ epoch: number; sealed: Uint8Array }>(
      "SELECT epoch, sealed FROM published WHERE handle = ? AND incarnation = ? AND sequence = ?",
      handle,
      version.incarnation,
      version.sequence,
    );
    if (row === undefined) return undefined;
    return { epoch: row.epoch, ...unpackLayout(this.#vault.open(placeOf(handle, version), row.sealed)) };
  }

  /** Of an epoch that has ended, so many at most; answers how many. */
  forget(epoch: number, max: number): number {
    return this.#db.run(
      "DELETE FROM published WHERE number IN (SELECT number FROM published WHERE epoch = ? LIMIT ?)",
      epoch,
      max,
    );
  }
}

function placeOf(handle: Handle, { incarnation, sequence }: Version): string {
  return `published/${handle}/${incarnation}/${sequence}`;
}
