/** A file of every version that any program of this project has written opens, and says what it said. See `databases/README.md`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readKept } from "../../agency-node/store/outbox.ts";
import type { KeptBody } from "../../agency-node/store/outbox.ts";
import { BoardStore } from "../../broker/board/store/board-store.ts";
import { openBudgetStore } from "../../broker/evaluator/store/budget-store.ts";
import { Ledger } from "../../broker/store/ledger.ts";
import { Database } from "../../shared/store/database.ts";
import type { DatabaseKind } from "../../shared/store/database.ts";
import { Accounts } from "../../shared/web/store/accounts.ts";
import { TestNode, kindsOf } from "../node/support.ts";
import { dump } from "./dump.ts";
import { FILES, makeFile, nextOf } from "./files.ts";
import { KINDS, openingOf, versionOf } from "./kinds.ts";
import * as kept from "./values.ts";

const filesOf = (program: string): string[] => FILES.filter((name) => name.startsWith(`${program}-`));
const filled = (count: number, value: number): Uint8Array => new Uint8Array(count).fill(value);

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "causeway-compat-"));
  path = join(dir, "file.sqlite");
});
afterEach(() => rmSync(dir, { recursive: true }));

const make = (name: string, at = path): void => makeFile(name, at);

function open(name: string, change: Partial<DatabaseKind> = {}): Database {
  const { kind, owner } = openingOf(name);
  return new Database(path, { ...kind, ...change }, owner);
}

/** Tables with their columns, and indices; in which order columns were added does not matter. */
function shapeOf(file: Database): unknown {
  const names = file.all("SELECT type, name, tbl_name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name");
  return names.map((each) => [
    each,
    file.all('SELECT name, type, "notnull", pk FROM pragma_table_info(?) ORDER BY name', each["name"] as string),
  ]);
}

it("each database has a file here of its present version, and of each that it has an upgrade for", () => {
  for (const [program, { kind }] of Object.entries(KINDS)) {
    const versions = filesOf(program).map(versionOf);
    expect(new Set(versions)).toEqual(new Set([...Object.keys(kind.upgrades).map(Number), kind.version]));
  }
});

describe.each(FILES)("a file of %s", (name) => {
  it("comes to the present version with its tables, and a second opening changes nothing", () => {
    make(name);
    open(name)[Symbol.dispose]();
    const first = dump(path);
    using file = open(name);
    expect(file.number("PRAGMA user_version")).toBe(openingOf(name).kind.version);
    using fresh = new Database(":memory:", openingOf(name).kind, openingOf(name).owner);
    expect(shapeOf(file)).toEqual(shapeOf(fresh));
    expect(file.all("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
    expect(file.all("PRAGMA foreign_key_check")).toEqual([]);
    file[Symbol.dispose]();
    expect(dump(path)).toBe(first);
  });
});

describe.each(FILES)("the upgrade of %s", (name) => {
  it("leaves the old file whole if it fails", () => {
    make(name);
    const before = dump(path);
    const next = nextOf(name);
    const broken = { [versionOf(name)]: "CREATE TABLE later (number INTEGER) STRICT; INSERT INTO nowhere VALUES (1)" };
    expect(() => open(name, { ...next, upgrades: broken })).toThrow("no such table: nowhere");
    expect(dump(path)).toBe(before);
    open(name, next)[Symbol.dispose]();
    expect(dump(path)).not.toBe(before);
  });
});

describe.each(filesOf("node"))("the node's records of %s", (name) => {
  let node: TestNode;
  beforeEach(() => {
    node = new TestNode();
    node.db[Symbol.dispose]();
    rmSync(node.path);
    make(name, node.path);
    node.open(kept.DATABASE_KEY);
  });
  afterEach(() => node[Symbol.dispose]());

  it("are those that were taken in", () => {
    for (const { handle, record, state } of kept.RECORDS) {
      expect(node.records.byReference(record.reference)).toMatchObject({ handle, record, state });
    }
    expect([...node.records.all()]).toHaveLength(kept.RECORDS.length);
  });

  it("have their matches, hardened identifiers and log", () => {
    for (const match of kept.MATCHES) expect(node.inbox.match(match.matchId)).toEqual(match);
    expect(node.inbox.counts()).toEqual({ open: 2, unfinished: 1 });
    expect(node.inbox.head()).toEqual(kept.NOTICE);
    expect(node.hardened.get(node.hardened.cacheKey(1, kept.HARDENED.input))).toEqual(kept.HARDENED.y);
    expect(node.hardened.unfinished()).toEqual([kept.BATCH]);
    expect([...node.activity.entries()]).toEqual(kept.ACTIVITIES);
  });

  it("have all that waits for a receipt, which is signed anew", () => {
    const rows = node.db.all<KeptBody>("SELECT * FROM outbox ORDER BY position");
    const bodies = rows.map((row) => readKept(row, node.vault));
    // Before them stands the publication of the record that waits.
    expect(bodies.slice(1).map(kept.inFull)).toEqual(kept.BODIES.map(kept.inFull));
    node.outbox.append(kept.BODIES[2]!);
    const lasting = kept.BODIES.map(({ kind }) => kind).filter(
      (kind) => kind === "publication" || kind === "statements",
    );
    expect(kindsOf(node.sent()).slice(1)).toEqual([...lasting, "statements"]);
  });

  it("are not read under another key", () => {
    node.db[Symbol.dispose]();
    node.open(filled(32, 1));
    expect(() => node.records.byReference("REF-1")).toThrow("no record has this reference");
    expect(() => [...node.activity.entries()]).toThrow("cannot be opened");
  });
});

describe.each(filesOf("ledger"))("the ledger of %s", (name) => {
  it("tells what was applied, what met, and what was charged", () => {
    make(name);
    using ledger = new Ledger(path, kept.FEDERATION);
    const [member, other] = kept.MEMBERS;
    expect(ledger.applied(member, kept.INCARNATION, 1)?.rejections).toEqual([]);
    expect(ledger.applied(member, kept.INCARNATION, 2)?.rejections).toEqual([
      { index: 0, reason: "budget" },
      { index: 4, reason: "epoch" },
    ]);
    const [opened] = kept.EVENTS;
    expect(ledger.matchEvents(opened!.matchId)).toEqual(kept.EVENTS);
    expect(ledger.match(opened!.matchId)).toMatchObject({ status: "closed", amendment: 2, epoch: 1 });
    expect(ledger.proofs.outcome(opened!.matchId)).toBe("pending");
    expect(ledger.noticesAfter(member, 0, 9)).toEqual([{ number: 1, hash: filled(32, 9), signed: filled(10, 8) }]);
    expect(ledger.confirmed(member)).toBe(1);
    const hours = new Map(Object.entries({ 498_000: 2, 498_001: 7 }).map(([hour, used]) => [Number(hour), used]));
    expect(ledger.account(member)).toEqual({ initialUsed: 3, hours });
    expect(ledger.account(other)).toEqual({ initialUsed: 0, hours: new Map() });
    ledger.saveAccount(member, { initialUsed: 4, hours });
    expect(ledger.account(member)).toEqual({ initialUsed: 4, hours });
    ledger[Symbol.dispose]();
    expect(dump(path)).toContain("'[1,[[498000,2],[498001,7]]]'");
  });
});

describe.each(filesOf("board"))("the desk of %s", (name) => {
  it("holds papers, invitations, offers and requests, each under its author's name", () => {
    make(name);
    const author = "11".repeat(16);
    using desk = new BoardStore(path, kept.FEDERATION);
    expect(desk.papers.ofTopic("salts")).toHaveLength(1);
    expect(desk.enrolments.invitations().map(({ note }) => note)).toEqual(["another"]);
    expect(desk.enrolments.find("77".repeat(16))?.note).toBe("invented unit");
    expect(desk.preparation.current()).toEqual({ epoch: 2, generation: 1 });
    expect(desk.preparation.keyOffers(2)).toEqual([filled(32, 7)]);
    expect(desk.preparation.shareOffers(1)).toEqual([filled(32, 8)]);
    expect(desk.credentials.requestsAfter(0)).toEqual([{ position: 1, signed: filled(12, 1) }]);
    expect(desk.credentials.issued("66".repeat(16))?.certificatePem).toBe("PEM");
    desk.credentials.ask("88".repeat(16), filled(12, 3), 1_795_000_000_009);
    // A number that has been used is not used again.
    expect(desk.credentials.requestsAfter(1)[0]?.position).toBe(3);
    desk[Symbol.dispose]();
    using file = open(name);
    expect(file.all("SELECT author FROM paper UNION SELECT author FROM invitation")).toEqual([{ author }]);
  });
});

describe.each(filesOf("console"))("the accounts of %s", (name) => {
  it("let the same people in", () => {
    make(name);
    using accounts = new Accounts(path, "console", kept.FEDERATION);
    expect(accounts.users().map(({ id }) => id)).toEqual(["u1", "u2"]);
    expect(accounts.takeCode(filled(32, 2), 1_795_000_000_000)).toBe("u2");
    expect(accounts.passkeysOf("u1")).toMatchObject([{ id: "p1", counter: 3, transports: ["usb", "nfc"] }]);
    expect(accounts.sessionByToken(filled(32, 9))).toMatchObject({ id: "s1", user: "u1", method: "passkey" });
  });

  it("belong to one federation from then on", () => {
    make(name);
    new Accounts(path, "console", kept.FEDERATION)[Symbol.dispose]();
    expect(() => new Accounts(path, "console", filled(16, 1))).toThrow("belongs to another federation");
  });
});

describe.each(filesOf("evaluator"))("the budgets of %s", (name) => {
  const key = { member: kept.MEMBERS[0], generation: 1, batchId: filled(16, 1) };

  it("are not forgiven", () => {
    make(name);
    using store = openBudgetStore(path);
    const account = { initialUsed: 4, hours: new Map([[498_611, 5]]) };
    expect(store.usage(key.member, 1)).toMatchObject({ account, evaluated: 4, carried: 0 });
    const seen: unknown[] = [];
    store.settle(key, { blindedHash: filled(32, 2), elements: 1 }, 0, (known) => {
      seen.push(known);
      return { kind: "refuse", reason: "conflict", retryAtMs: null };
    });
    expect(seen).toMatchObject([{ generation: 1, blindedHash: filled(32, 2), answers: 1 }]);
  });
});
