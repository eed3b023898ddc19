/**
 * Hardened identifiers, kept encrypted: hardening is metered and slow, and `y` does not depend on the epoch, so a rotation of salts
 * re-uses all of it. Batches on their way are kept too: sent again after a crash, the same bytes are not charged twice.
 */
import { z } from "zod";
import { concat, u32 } from "../../shared/core/bytes.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { Database } from "../../shared/store/database.ts";
import { storedBytes } from "../../shared/store/stored-json.ts";
import type { Shape, StoredJson } from "../../shared/store/stored-json.ts";
import type { Vault } from "./vault.ts";

export type HardeningBatch = {
  readonly batchId: Uint8Array;
  /** Blinds are derived from it; secret. */
  readonly seed: Uint8Array;
  readonly generation: number;
  /** Encoded identifiers, protocol section 2.1. */
  readonly inputs: readonly Uint8Array[];
};

const STORED_BATCH: StoredJson<HardeningBatch> = {
  what: "batch",
  version: 1,
  schema: z.object({
    batchId: storedBytes,
    seed: storedBytes,
    generation: z.number(),
    inputs: z.array(storedBytes),
  } satisfies Shape<HardeningBatch>),
};

export class HardenedStore {
  readonly #db: Database;
  readonly #vault: Vault;

  constructor(db: Database, vault: Vault) {
    this.#db = db;
    this.#vault = vault;
  }

  /** Under which an encoded identifier is found again; another generation of evaluator keys is another cache. */
  cacheKey(generation: number, input: Uint8Array): Uint8Array {
    return this.#vault.lookupKey("hardened", concat(u32(generation), input));
  }

  has(cacheKey: Uint8Array): boolean {
    return this.#db.get("SELECT 1 FROM hardened WHERE cache_key = ?", cacheKey) !== undefined;
  }

  get(cacheKey: Uint8Array): Uint8Array | undefined {
    const row = this.#db.get<{ sealed: Uint8Array }>("SELECT sealed FROM hardened WHERE cache_key = ?", cacheKey);
    return row && this.#vault.open(placeOf(cacheKey), row.sealed);
  }

  /** Stores the answers to a batch and forgets the batch: it was charged, so an answer must not get lost. */
  complete(batch: HardeningBatch, outputs: readonly Uint8Array[]): void {
    this.#db.transaction(() => {
      for (const [i, input] of batch.inputs.entries()) {
        const cacheKey = this.cacheKey(batch.generation, input);
        const y = outputs[i];
        if (y === undefined) throw new CausewayError("INTERNAL", "a hardened batch lacks an answer");
        const sealed = this.#vault.seal(placeOf(cacheKey), y);
        this.#db.run("INSERT OR IGNORE INTO hardened VALUES (?, ?, ?)", cacheKey, batch.generation, sealed);
      }
      this.forget(batch.batchId);
    });
  }

  /** Content that needed these is gone; other content may need them. */
  letGo(cacheKeys: readonly Uint8Array[], nowMs: number): void {
    for (const cacheKey of cacheKeys) this.#db.run("INSERT OR REPLACE INTO let_go VALUES (?, ?)", cacheKey, nowMs);
  }

  /** Those let go until then, `max` at most. */
  letGoUntil(untilMs: number, max: number): Uint8Array[] {
    const sql = "SELECT cache_key FROM let_go WHERE since_ms <= ? LIMIT ?";
    return this.#db.all<{ cache_key: Uint8Array }>(sql, untilMs, max).map((row) => row.cache_key);
  }

  /** These are let go no longer, as far as they were until then: some content needs them, or they are gone. */
  takeBack(cacheKeys: readonly Uint8Array[], untilMs = Number.MAX_SAFE_INTEGER): void {
    if (this.#db.get("SELECT 1 FROM let_go LIMIT 1") === undefined) return;
    this.#db.transaction(() => {
      const sql = "DELETE FROM let_go WHERE cache_key = ? AND since_ms <= ?";
      for (const cacheKey of cacheKeys) this.#db.run(sql, cacheKey, untilMs);
    });
  }

  /** Those that are still let go. */
  erase(cacheKeys: readonly Uint8Array[]): void {
    const sql = "DELETE FROM hardened WHERE cache_key = ?1 AND EXISTS (SELECT 1 FROM let_go WHERE cache_key = ?1)";
    for (const cacheKey of cacheKeys) this.#db.run(sql, cacheKey);
  }

  /** Drops what was hardened under keys that no epoch uses any more. */
  keepGenerations(generations: readonly number[]): void {
    this.#db.run(
      "DELETE FROM hardened WHERE generation NOT IN (SELECT value FROM json_each(?))",
      JSON.stringify(generations),
    );
  }

  /** Kept before the first byte is sent. */
  begin(batch: HardeningBatch): void {
    const sealed = this.#vault.sealJson(batchPlace(batch.batchId), STORED_BATCH, batch);
    this.#db.run("INSERT INTO hardening_batch VALUES (?, ?)", batch.batchId, sealed);
  }

  /** A batch that failed its proof is dropped whole. */
  forget(batchId: Uint8Array): void {
    this.#db.run("DELETE FROM hardening_batch WHERE batch_id = ?", batchId);
  }

  /** Batches that were begun and never completed. */
  unfinished(): HardeningBatch[] {
    const rows = this.#db.all<{ batch_id: Uint8Array; sealed: Uint8Array }>(
      "SELECT batch_id, sealed FROM hardening_batch ORDER BY rowid",
    );
    return rows.map((row) => this.#vault.openJson(batchPlace(row.batch_id), STORED_BATCH, row.sealed));
  }
}

const placeOf = (cacheKey: Uint8Array): string => `hardened/${Buffer.from(cacheKey).toString("hex")}`;
const batchPlace = (batchId: Uint8Array): string => `hardening/${Buffer.from(batchId).toString("hex")}`;
