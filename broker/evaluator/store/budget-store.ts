/**
 * Budgets and batch ids of an evaluator, in SQLite, so that a restart neither charges twice nor forgives.
 *
 * Durable before it is answered: write-ahead log with `synchronous=FULL` (an fsync a commit), one transaction for the charge and the
 * batch id. Holds counts, hashes of blinded elements and times; a thief learns how much each member works, nothing else.
 * Whoever can write here can give away evaluations.
 */
import { DatabaseSync } from "node:sqlite";
import { fromHex, toHex } from "../../../shared/core/bytes.ts";
import type { MemberId } from "../../../shared/core/ids.ts";
import { BATCH_ID_KEPT_MS } from "../../../shared/core/limits.ts";
import { firstHourInWindow } from "../../../shared/core/quota.ts";
import type { Account } from "../../../shared/core/quota.ts";
import type { BatchDecision, KnownBatch } from "../core/batch.ts";

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

/** Opens or creates the database. `path` may be ":memory:" in tests. */
export function openBudgetStore(path: string): BudgetStore {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;");
  database.exec(SCHEMA);
  const read = readers(database);
  const write = writers(database);
  const preview = (key: BatchKey, decide: Decide): BatchDecision =>
    decide(read.batch(key), read.account(key.member, key.generation));
  return {
    preview,
    settle: (key, batch, nowMs, decide) =>
      inTransaction(database, () => {
        const decision = preview(key, decide);
        if (decision.kind === "charge") write.charge(key, batch, decision.account, nowMs);
        if (decision.kind === "again") write.again(key);
        return decision;
      }),
    account: read.account,
    [Symbol.dispose]: () => database.close(),
  };
}

function readers(database: DatabaseSync) {
  const batch = database.prepare(
    "SELECT generation, blinded_hash, answers FROM batches WHERE member = ? AND batch_id = ?",
  );
  const initial = database.prepare("SELECT used FROM initial_grants WHERE member = ? AND generation = ?");
  const hours = database.prepare("SELECT hour, used FROM hours WHERE member = ?");
  return {
    batch(key: BatchKey): KnownBatch | undefined {
      const row = batch.get(key.member, toHex(key.batchId));
      if (row === undefined) return undefined;
      const blindedHash = fromHex(String(row["blinded_hash"]));
      return { generation: Number(row["generation"]), blindedHash, answers: Number(row["answers"]) };
    },
    account(member: MemberId, generation: number): Account {
      const used = hours.all(member).map((row) => [Number(row["hour"]), Number(row["used"])] as const);
      return { initialUsed: Number(initial.get(member, generation)?.["used"] ?? 0), hours: new Map(used) };
    },
  };
}

function writers(database: DatabaseSync) {
  const insert = database.prepare("INSERT INTO batches VALUES (?, ?, ?, ?, ?, 1, ?)");
  const again = database.prepare("UPDATE batches SET answers = answers + 1 WHERE member = ? AND batch_id = ?");
  const setInitial = database.prepare("INSERT OR REPLACE INTO initial_grants VALUES (?, ?, ?)");
  const setHour = database.prepare("INSERT OR REPLACE INTO hours VALUES (?, ?, ?)");
  const forgetHours = database.prepare("DELETE FROM hours WHERE hour < ?");
  const forgetBatches = database.prepare("DELETE FROM batches WHERE charged_at_ms < ?");
  return {
    charge(key: BatchKey, batch: { blindedHash: Uint8Array; elements: number }, account: Account, nowMs: number): void {
      const { member, generation } = key;
      insert.run(member, toHex(key.batchId), generation, toHex(batch.blindedHash), batch.elements, nowMs);
      setInitial.run(member, generation, account.initialUsed);
      for (const [hour, used] of account.hours) setHour.run(member, hour, used);
      forgetHours.run(firstHourInWindow(nowMs));
      forgetBatches.run(nowMs - BATCH_ID_KEPT_MS);
    },
    again: (key: BatchKey) => again.run(key.member, toHex(key.batchId)),
  };
}

function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}
