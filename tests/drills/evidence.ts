/**
 * What the books say afterwards: the broker's ledger, and each node's own database. They are read from the files, so that
 * nothing the programs hold in memory can make it look better.
 */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { NODE_DATABASE } from "../../agency-node/store/node-schema.ts";
import { Database } from "../../shared/store/database.ts";
import { ActivityLog } from "../../agency-node/store/activity.ts";
import { Inbox } from "../../agency-node/store/inbox.ts";
import { RecordStore } from "../../agency-node/store/records.ts";
import { readKept } from "../../agency-node/store/outbox.ts";
import type { KeptBody } from "../../agency-node/store/outbox.ts";
import { Vault } from "../../agency-node/store/vault.ts";
import { equalBytes, toHex } from "../../shared/core/bytes.ts";
import { readStorageKey } from "../../shared/party/keys.ts";
import { batchHash } from "../../shared/wire/data-plane.ts";
import { readBatch } from "../../shared/wire/delivery.ts";
import type { Evidence, Opening } from "./judge.ts";
import type { Pair } from "./model.ts";
import { pairOf } from "./model.ts";
import { randomBytes } from "../../shared/world/random.ts";

export type Books = {
  readonly ledgerPath: string;
  /** Directory of each node with its keys and database, by unit. */
  readonly nodes: ReadonlyMap<string, { readonly member: string; readonly dir: string }>;
};

export function booksIn(root: string, members: ReadonlyMap<string, string>): Books {
  const nodes = new Map([...members].map(([unit, member]) => [unit, { member, dir: join(root, unit) }]));
  return { ledgerPath: join(root, "broker", "data", "ledger.sqlite"), nodes };
}

/** Reads the books of programs that have stopped. */
export function readBooks(books: Books): Evidence {
  const nodes = [...books.nodes].map(([unit, { member, dir }]) => ({ unit, member, ...readNode(dir) }));
  const owners = new Map(
    nodes.flatMap(({ unit, references }) => [...references].map(([h, r]) => [h, { unit, reference: r }] as const)),
  );
  const ledger = readLedger(books.ledgerPath);
  const pairs = new Map<string, Pair>();
  for (const { matchId, handles } of ledger.matches) {
    const [one, other] = handles.map((handle) => owners.get(handle));
    pairs.set(matchId, one && other ? pairOf(one, other) : `unknown ${matchId}`);
  }
  const pairFor = (matchId: string): Pair => pairs.get(matchId) ?? `unknown ${matchId}`;
  const openings: Opening[] = [];
  const proven: { unit: string; pair: Pair }[] = [];
  let noticeFaults = 0;
  for (const { unit, member, opened, matches, head } of nodes) {
    const told = ledger.notices.get(member) ?? { opened: [], number: 0, hash: "", faults: 0 };
    for (const matchId of told.opened) openings.push({ book: "ledger", unit, pair: pairFor(matchId) });
    for (const matchId of opened) openings.push({ book: "node", unit, pair: pairFor(matchId) });
    for (const { matchId, status, counterpart } of matches) {
      if (status === "proven" && counterpart?.handling === "open") proven.push({ unit, pair: pairFor(matchId) });
    }
    noticeFaults +=
      told.faults + Number(told.number !== head.number || (told.number > 0 && told.hash !== toHex(head.hash)));
  }
  return {
    openings,
    proven,
    noticeFaults,
    unreceipted: nodes.reduce((sum, { outbox }) => sum + outbox, 0),
    submissionGaps: ledger.submissionGaps,
  };
}

function readNode(dir: string) {
  using db = new Database(join(dir, "node.sqlite"), NODE_DATABASE);
  const vault = new Vault(readStorageKey(dir, "database"), { randomBytes });
  const inbox = new Inbox(db, vault);
  const combinations = [...new ActivityLog(db, vault).entries({ verb: "combination" })];
  return {
    references: new Map(
      [...new RecordStore(db, vault).all()].map(({ handle, record }) => [handle as string, record.reference]),
    ),
    /** One for each opening that the node has carried out. */
    opened: combinations.flatMap(({ activity: { detail, matches = [] } }) => (detail === "opened" ? matches : [])),
    matches: inbox.matches(),
    head: inbox.line() ?? inbox.head(),
    outbox: unreceipted(db, vault),
  };
}

/** Of records and matches. What a node says of itself it says anew after every start: some of that may be on its way at any end. */
function unreceipted(db: Database, vault: Vault): number {
  const rows = db.all<KeptBody>("SELECT incarnation, sequence, sealed_key, sealed, message FROM outbox");
  const kinds = rows.map((row) => readKept(row, vault).kind);
  return kinds.filter((kind) => kind === "publication" || kind.startsWith("proof")).length;
}

type Told = { readonly opened: string[]; number: number; hash: string; faults: number };

function readLedger(path: string) {
  using database = new DatabaseSync(path);
  const all = (sql: string) => database.prepare(sql).all() as Record<string, unknown>[];
  const matches = all("SELECT match_id, handle_0, handle_1 FROM match").map((row) => ({
    matchId: String(row["match_id"]),
    handles: [String(row["handle_0"]), String(row["handle_1"])],
  }));
  const notices = new Map<string, Told>();
  for (const row of all("SELECT member, number, hash, batch FROM notice_batch ORDER BY member, number")) {
    const member = String(row["member"]);
    const told = notices.get(member) ?? { opened: [], number: 0, hash: toHex(new Uint8Array(32)), faults: 0 };
    notices.set(member, told);
    follow(told, {
      number: Number(row["number"]),
      hash: row["hash"] as Uint8Array,
      batch: row["batch"] as Uint8Array,
    });
  }
  // The end of an epoch takes its submissions out of the books; whatever came after the last such end must be whole.
  const gaps = all(
    `WITH kept AS (SELECT * FROM submission WHERE applied_at_ms > (SELECT coalesce(max(begun_at_ms), -1) FROM ended_epoch))
     SELECT count(*) AS gaps FROM (SELECT 1 FROM kept GROUP BY member, incarnation
       HAVING count(*) <> max(sequence) - min(sequence) + 1
         OR (min(sequence) <> 1 AND NOT EXISTS (SELECT 1 FROM ended_epoch)))`,
  );
  return { matches, notices, submissionGaps: Number(gaps[0]?.["gaps"]) };
}

/** A batch that is not the next one, or does not name the one before, is a fault. */
function follow(
  told: Told,
  row: { readonly number: number; readonly hash: Uint8Array; readonly batch: Uint8Array },
): void {
  const { number, prevHash, events } = readBatch(row.batch);
  const hash = batchHash(row.batch);
  const isNext = row.number === told.number + 1 && number === row.number;
  if (!isNext || toHex(prevHash) !== told.hash || !equalBytes(hash, row.hash)) told.faults += 1;
  told.number = row.number;
  told.hash = toHex(hash);
  for (const event of events) if (event.type === "matchOpened") told.opened.push(event.matchId);
}
