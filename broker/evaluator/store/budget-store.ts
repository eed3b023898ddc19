/**
 * Budgets and batch ids of an evaluator, in SQLite, so that a restart neither charges twice nor forgives.
 *
 * Durable before it is answered, in one transaction for the charge and the batch id. Holds counts, hashes of blinded elements and times; a thief learns how much each member works, nothing else.
 * Whoever can write here can give away evaluations.
 */
import { fromHex, toHex } from "../../../shared/core/bytes.ts";
import type { MemberId } from "../../../shared/core/ids.ts";
import { BATCH_ID_KEPT_MS } from "../../../shared/core/limits.ts";
import { firstHourInWindow } from "../../../shared/core/quota.ts";
import type { Account } from "../../../shared/core/quota.ts";
import { Database } from "../../../shared/store/database.ts";
import type { DatabaseKind } from "../../../shared/store/database.ts";
import type { BatchDecision, KnownBatch } from "../core/batch.ts";

/** The conditions: a file from before it had a number may lack any of them, if the program died while it made them. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS batches (
    member TEXT NOT NULL, batch_id TEXT NOT NULL, generation INTEGER NOT NULL, blinded_hash TEXT NOT NULL,
    elements INTEGER NOT NULL, answers INTEGER NOT NULL, charged_at_ms INTEGER NOT NULL,
    PRIMARY KEY (member, batch_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS batches_by_age ON batches (charged_at_ms);
  CREATE TABLE IF NOT EXISTS hours (
    member TEXT NOT NULL, hour INTEGER NOT NULL, used INTEGER NOT NULL, PRIMARY KEY (member, hour)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS initial_grants (
    member TEXT NOT NULL, generation INTEGER NOT NULL, used INTEGER NOT NULL, PRIMARY KEY (member, generation)
  ) STRICT, WITHOUT ROWID;
`;

export const BUDGETS: DatabaseKind = {
  what: "the evaluator's budgets",
  version: 1,
  schema: SCHEMA,
  upgrades: { 0: SCHEMA },
  exclusive: false,
  secureDelete: false,
  busyTimeoutMs: 5_000,
};

/** Which batch of whom. The initial grant is counted anew for each generation: everything must be hardened again then. */
export type BatchKey = { readonly member: MemberId; readonly generation: number; readonly batchId: Uint8Array };

export type Decide = (known: KnownBatch | undefined, account: Account) => BatchDecision;

export type BudgetStore = Disposable & {
  /** The decision as it would be now; nothing is written. */
  preview(key: BatchKey, decide: Decide): BatchDecision;
  /** Decides and, for `charge` and `again`, records it durably before it returns. */
  settle(
    key: BatchKey,
    batch: { readonly blindedHash: Uint8Array; readonly elements: number },
    nowMs: number,
    decide: Decide,
  ): BatchDecision;
  account(member: MemberId, generation: number): Account;
};

/** Opens or creates the database. `path` may be ":memory:" in tests. Throws ENVIRONMENT, see `Database`. */
export function openBudgetStore(path: string): BudgetStore {
  const database = new Database(path, BUDGETS);
  const read = readers(database);
  const write = writers(database);
  const preview = (key: BatchKey, decide: Decide): BatchDecision =>
    decide(read.batch(key), read.account(key.member, key.generation));
  return {
    preview,
    settle: (key, batch, nowMs, decide) =>
      database.transaction(() => {
        const decision = preview(key, decide);
        if (decision.kind === "charge") write.charge(key, batch, decision.account, nowMs);
        if (decision.kind === "again") write.again(key);
        return decision;
      }),
    account: read.account,
    [Symbol.dispose]: () => database[Symbol.dispose](),
  };
}

function readers(database: Database) {
  return {
    batch({ member, batchId }: BatchKey): KnownBatch | undefined {
      const sql = "SELECT generation, blinded_hash, answers FROM batches WHERE member = ? AND batch_id = ?";
      const row = database.get<{ generation: number; blinded_hash: string; answers: number }>(
        sql,
        member,
        toHex(batchId),
      );
      if (row === undefined) return undefined;
      return { generation: row.generation, blindedHash: fromHex(row.blinded_hash), answers: row.answers };
    },
    account(member: MemberId, generation: number): Account {
      const initial = "SELECT used FROM initial_grants WHERE member = ? AND generation = ?";
      const initialUsed = database.number(initial, member, generation);
      const hours = database.all<{ hour: number; used: number }>(
        "SELECT hour, used FROM hours WHERE member = ?",
        member,
      );
      return { initialUsed, hours: new Map(hours.map(({ hour, used }) => [hour, used])) };
    },
  };
}

function writers(database: Database) {
  return {
    charge(key: BatchKey, batch: { blindedHash: Uint8Array; elements: number }, account: Account, nowMs: number): void {
      const { member, generation } = key;
      database.run(
        "INSERT INTO batches VALUES (?, ?, ?, ?, ?, 1, ?)",
        member,
        toHex(key.batchId),
        generation,
        toHex(batch.blindedHash),
        batch.elements,
        nowMs,
      );
      database.run("INSERT OR REPLACE INTO initial_grants VALUES (?, ?, ?)", member, generation, account.initialUsed);
      for (const [hour, used] of account.hours) {
        database.run("INSERT OR REPLACE INTO hours VALUES (?, ?, ?)", member, hour, used);
      }
      database.run("DELETE FROM hours WHERE hour < ?", firstHourInWindow(nowMs));
      database.run("DELETE FROM batches WHERE charged_at_ms < ?", nowMs - BATCH_ID_KEPT_MS);
    },
    again({ member, batchId }: BatchKey): void {
      const sql = "UPDATE batches SET answers = answers + 1 WHERE member = ? AND batch_id = ?";
      database.run(sql, member, toHex(batchId));
    },
  };
}
