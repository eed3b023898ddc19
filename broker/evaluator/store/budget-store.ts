/**
 * Budgets and batch ids of an evaluator, in SQLite, so that a restart neither charges twice nor forgives.
 *
 * Durable before it is answered, in one transaction for the charge and the batch id. Holds counts, hashes of blinded elements and times; a thief learns how much each member works, nothing else.
 * Whoever can write here can give away evaluations.
 */
import { fromHex, toHex } from "../../../shared/core/bytes.ts";
import type { MemberId } from "../../../shared/core/ids.ts";
import { BATCH_ANSWERS_MAX, BATCH_ID_KEPT_MS } from "../../../shared/core/limits.ts";
import { firstHourInWindow } from "../../../shared/core/quota.ts";
import { Database } from "../../../shared/store/database.ts";
import type { DatabaseKind } from "../../../shared/store/database.ts";
import type { SecondCopy } from "../../../shared/store/second-copy.ts";
import { forgiveBatch } from "../core/batch.ts";
import type { BatchDecision, KnownBatch, Usage } from "../core/batch.ts";

/** `evaluated` and `carried` as in `Usage`. */
const SCHEMA = `
  CREATE TABLE batches (
    member TEXT NOT NULL, batch_id TEXT NOT NULL, generation INTEGER NOT NULL, blinded_hash TEXT NOT NULL,
    elements INTEGER NOT NULL, answers INTEGER NOT NULL, charged_at_ms INTEGER NOT NULL,
    PRIMARY KEY (member, batch_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX batches_by_age ON batches (charged_at_ms);
  CREATE TABLE hours (
    member TEXT NOT NULL, hour INTEGER NOT NULL, used INTEGER NOT NULL, PRIMARY KEY (member, hour)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE members (
    member TEXT PRIMARY KEY, initial_used INTEGER NOT NULL, forgiven_at_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE generations (
    member TEXT NOT NULL, generation INTEGER NOT NULL, evaluated INTEGER NOT NULL, carried INTEGER NOT NULL,
    PRIMARY KEY (member, generation)
  ) STRICT, WITHOUT ROWID;
`;

export const BUDGETS: DatabaseKind = {
  what: "the evaluator's budgets",
  version: 2,
  schema: SCHEMA,
  upgrades: {},
  exclusive: false,
  secureDelete: false,
  busyTimeoutMs: 5_000,
};

export type BatchKey = { readonly member: MemberId; readonly generation: number; readonly batchId: Uint8Array };

export type Decide = (known: KnownBatch | undefined, usage: Usage) => BatchDecision;

export type BudgetStore = Disposable & {
  /** Decides and, for `charge` and `again`, records it durably before it returns. */
  settle(
    key: BatchKey,
    batch: { readonly blindedHash: Uint8Array; readonly elements: number },
    nowMs: number,
    decide: Decide,
  ): BatchDecision;
  /** A batch that was settled holds bad elements: its charge is taken back, or it is answered no more. */
  settleBad(key: BatchKey, nowMs: number): void;
  /** Of a generation that the member has not used yet: as it would begin. */
  usage(member: MemberId, generation: number): Usage;
};

/** Opens or creates the database. `path` may be ":memory:" in tests. Throws ENVIRONMENT, see `Database`. */
export function openBudgetStore(path: string, secondCopy?: SecondCopy): BudgetStore {
  const database = new Database(path, BUDGETS);
  secondCopy?.record(database);
  const read = readers(database);
  const write = writers(database);
  return {
    settle: (key, batch, nowMs, decide) =>
      database.transaction(() => {
        const decision = decide(read.batch(key), read.usage(key.member, key.generation));
        if (decision.kind === "charge") {
          write.batch(key, batch, nowMs);
          write.usage(key, decision.usage, nowMs);
        }
        if (decision.kind === "again") write.again(key);
        return decision;
      }),
    settleBad: (key, nowMs) =>
      database.transaction(() => {
        const batch = read.batch(key);
        if (batch === undefined) return;
        const { elements, chargedAtMs } = batch;
        const forgiven = forgiveBatch(read.usage(key.member, key.generation), elements, chargedAtMs, nowMs);
        if (forgiven === undefined) return write.spend(key);
        write.forget(key);
        write.usage(key, forgiven, nowMs);
      }),
    usage: read.usage,
    [Symbol.dispose]: () => database[Symbol.dispose](),
  };
}

type BatchRow = {
  readonly generation: number;
  readonly blinded_hash: string;
  readonly elements: number;
  readonly answers: number;
  readonly charged_at_ms: number;
};

function readers(database: Database) {
  return {
    batch({ member, batchId }: BatchKey): (KnownBatch & { elements: number; chargedAtMs: number }) | undefined {
      const sql = "SELECT * FROM batches WHERE member = ? AND batch_id = ?";
      const row = database.get<BatchRow>(sql, member, toHex(batchId));
      if (row === undefined) return undefined;
      const { generation, answers, elements } = row;
      return { generation, answers, elements, blindedHash: fromHex(row.blinded_hash), chargedAtMs: row.charged_at_ms };
    },
    usage(member: MemberId, generation: number): Usage {
      const known = database.get<{ initial_used: number; forgiven_at_ms: number | null }>(
        "SELECT initial_used, forgiven_at_ms FROM members WHERE member = ?",
        member,
      );
      const hours = database.all<{ hour: number; used: number }>(
        "SELECT hour, used FROM hours WHERE member = ?",
        member,
      );
      const account = {
        initialUsed: known?.initial_used ?? 0,
        hours: new Map(hours.map(({ hour, used }) => [hour, used])),
      };
      const under = database.get<{ evaluated: number; carried: number }>(
        "SELECT evaluated, carried FROM generations WHERE member = ? AND generation = ?",
        member,
        generation,
      );
      return { account, forgivenAtMs: known?.forgiven_at_ms ?? null, ...(under ?? begun(member, generation)) };
    },
  };

  /** What was evaluated under the earlier ones until now, at most: later charges under them are for what is new under both. */
  function begun(member: MemberId, generation: number): Pick<Usage, "evaluated" | "carried"> {
    const sql = "SELECT max(evaluated) FROM generations WHERE member = ? AND generation < ?";
    return { evaluated: 0, carried: database.number(sql, member, generation) };
  }
}

function writers(database: Database) {
  return {
    batch(key: BatchKey, batch: { blindedHash: Uint8Array; elements: number }, nowMs: number): void {
      database.run(
        "INSERT INTO batches VALUES (?, ?, ?, ?, ?, 1, ?)",
        key.member,
        toHex(key.batchId),
        key.generation,
        toHex(batch.blindedHash),
        batch.elements,
        nowMs,
      );
      database.run("DELETE FROM batches WHERE charged_at_ms < ?", nowMs - BATCH_ID_KEPT_MS);
    },
    usage({ member, generation }: BatchKey, usage: Usage, nowMs: number): void {
      const { account, evaluated, carried, forgivenAtMs } = usage;
      database.run("INSERT OR REPLACE INTO members VALUES (?, ?, ?)", member, account.initialUsed, forgivenAtMs);
      database.run("INSERT OR REPLACE INTO generations VALUES (?, ?, ?, ?)", member, generation, evaluated, carried);
      for (const [hour, used] of account.hours) {
        database.run("INSERT OR REPLACE INTO hours VALUES (?, ?, ?)", member, hour, used);
      }
      database.run("DELETE FROM hours WHERE hour < ?", firstHourInWindow(nowMs));
    },
    again({ member, batchId }: BatchKey): void {
      const sql = "UPDATE batches SET answers = answers + 1 WHERE member = ? AND batch_id = ?";
      database.run(sql, member, toHex(batchId));
    },
    spend({ member, batchId }: BatchKey): void {
      const sql = "UPDATE batches SET answers = ? WHERE member = ? AND batch_id = ?";
      database.run(sql, BATCH_ANSWERS_MAX, member, toHex(batchId));
    },
    forget({ member, batchId }: BatchKey): void {
      database.run("DELETE FROM batches WHERE member = ? AND batch_id = ?", member, toHex(batchId));
    },
  };
}
