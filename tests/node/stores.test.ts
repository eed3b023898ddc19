import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { storedBytes } from "../../shared/store/stored-json.ts";
import type { StoredJson } from "../../shared/store/stored-json.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NODE_DATABASE } from "../../agency-node/store/node-schema.ts";
import { Database } from "../../shared/store/database.ts";
import { Vault } from "../../agency-node/store/vault.ts";
import { expectRefusal, flipped, invented } from "../crypto/support.ts";
import { NOTHING, OFFICER, TestNode, because, person } from "./support.ts";
import { randomBytes } from "../../shared/world/random.ts";

let node: TestNode;
beforeEach(() => void (node = new TestNode()));
afterEach(() => node[Symbol.dispose]());

describe("the database", () => {
  it("is readable by its owner only", () => {
    expect(statSync(node.path).mode & 0o777).toBe(0o600);
  });

  it("takes back everything of a transaction that fails, also of the transactions inside it", () => {
    expect(() =>
      node.db.transaction(() => {
        node.put(person("R-1"));
        node.db.transaction(() => node.put(person("R-2")));
        throw new RangeError("after both");
      }),
    ).toThrow(RangeError);
    expect([...node.records.all()]).toEqual([]);
    node.put(person("R-3"));
    expect([...node.records.all()]).toHaveLength(1);
  });

  it("tells others only of what is on disk", () => {
    const told: string[] = [];
    node.db.transaction(() => {
      node.db.afterCommit(() => told.push("kept"));
      expect(told).toEqual([]);
    });
    expect(() =>
      node.db.transaction(() => {
        node.db.afterCommit(() => told.push("taken back"));
        throw new RangeError("no");
      }),
    ).toThrow(RangeError);
    node.db.transaction(() => undefined);
    node.db.afterCommit(() => told.push("at once"));
    expect(told).toEqual(["kept", "at once"]);
  });

  it("keeps what was skipped, each once", () => {
    node.inbox.skip({ number: 4, field: 17 });
    node.inbox.skip({ number: 4, field: 17 });
    node.restart();
    expect(node.inbox.skipped).toBe(1);
  });

  it("refuses a file of a version to come, and of one before the first release", () => {
    node.db.run("PRAGMA user_version = 99");
    expectRefusal(() => new Database(node.path, NODE_DATABASE), "ENVIRONMENT");
    node.db.run("PRAGMA user_version = 2");
    expect(expectRefusal(() => new Database(node.path, NODE_DATABASE), "ENVIRONMENT").message).toContain("begin with");
  });
});

describe("what stands in the database file", () => {
  it("shows neither reference nor name, case or reason", () => {
    node.put(person("REF-SECRET-77", { caseReference: "CASE-SECRET-88" }));
    node.activity.append(1, "erasure", {
      ...because("a secret reason"),
      references: ["REF-SECRET-77"],
      cases: ["CASE-SECRET-88"],
    });
    node.db.run("PRAGMA wal_checkpoint(TRUNCATE)");
    using raw = new DatabaseSync(node.path, { readOnly: true });
    const tables = raw.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    const text = tables
      .flatMap(({ name }) => raw.prepare(`SELECT * FROM ${String(name)}`).all())
      .flatMap((row) => Object.values(row))
      .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : String(value)))
      .join("\n");
    expect(text).not.toMatch(/SECRET|Invented|secret reason|Overbeck/);
    expect(text).toContain("erasure");
  });

  it("does not open when it was changed", () => {
    const handle = node.put(person("R-1"));
    const row = node.db.get<{ sealed: Uint8Array }>("SELECT sealed FROM record")!;
    node.db.run("UPDATE record SET sealed = ?", flipped(row.sealed, 40));
    expectRefusal(() => node.records.byHandle(handle), "UNPROVEN");
  });

  it("does not open in another row, table or version", () => {
    const [one, two] = [node.put(person("R-1")), node.put(person("R-2"))];
    node.db.run("UPDATE record SET sealed = (SELECT sealed FROM record WHERE handle = ?)", one);
    expect(node.records.byHandle(one)?.record.reference).toBe("R-1");
    expectRefusal(() => node.records.byHandle(two), "UNPROVEN");
    node.activity.append(1, "collection", { actor: OFFICER, references: ["R-1"] });
    node.activity.append(2, "erasure", { actor: OFFICER, references: ["R-2"] });
    node.db.run("UPDATE activity SET sealed = (SELECT sealed FROM activity WHERE number = 1)");
    expectRefusal(() => [...node.activity.entries()], "UNPROVEN");
  });

  it("does not open a version of a record in place of another", () => {
    const handle = node.put(person("R-1"));
    node.publish(handle);
    node.publish(handle);
    const [first, second] = node.sent().map(({ submission }) => submission);
    node.db.run("UPDATE published SET sealed = (SELECT sealed FROM published ORDER BY number LIMIT 1)");
    expect(node.standings.publication(handle, first!)?.layout).toEqual(NOTHING);
    expectRefusal(() => node.standings.publication(handle, second!), "UNPROVEN");
  });

  it("does not open with another key", () => {
    const handle = node.put(person("R-1"));
    node.db[Symbol.dispose]();
    node.open(invented("another key", 32));
    expectRefusal(() => node.records.byHandle(handle), "UNPROVEN");
  });
});

describe("values in the vault", () => {
  const vault = new Vault(invented("database key", 32), { randomBytes });
  const kept = <Value>(schema: z.ZodType<Value>): StoredJson<Value> => ({ what: "value", version: 1, schema });
  const through = <Value>(schema: z.ZodType<Value>, value: Value): Value =>
    vault.openJson("here", kept(schema), vault.sealJson("here", kept(schema), value));

  it("keep bytes, also those of a Buffer and of nested lists", () => {
    const bytes = invented("bytes", 40);
    const schema = z.object({ a: storedBytes, b: z.tuple([storedBytes, z.array(storedBytes)]) });
    expect(through(schema, { a: bytes, b: [Buffer.from(bytes), [bytes]] })).toEqual({ a: bytes, b: [bytes, [bytes]] });
  });

  it("keep a user's text that looks like the mark of bytes", () => {
    const text = '{"$bytes":"AAAA"}';
    const schema = z.object({ name: z.string(), list: z.array(z.string()) });
    expect(through(schema, { name: text, list: [text] })).toEqual({ name: text, list: [text] });
    const record = person(text, { caseReference: "$bytes" });
    node.put(record);
    expect(node.records.byReference(text).record).toEqual(record);
  });

  it("are found again by key, apart for each purpose and each vault", () => {
    const value = invented("value", 16);
    expect(vault.lookupKey("a", value)).toEqual(vault.lookupKey("a", value));
    expect(vault.lookupKey("a", value)).not.toEqual(vault.lookupKey("b", value));
    expect(vault.lookupKey("a", value)).not.toEqual(
      new Vault(invented("another key", 32), { randomBytes }).lookupKey("a", value),
    );
  });

  it("are sealed differently each time", () => {
    const word = kept(z.string());
    expect(vault.sealJson("here", word, "same")).not.toEqual(vault.sealJson("here", word, "same"));
  });
});

describe("hardening batches", () => {
  const batch = {
    batchId: invented("batch", 16),
    seed: invented("seed", 32),
    generation: 1,
    inputs: [invented("x1", 40), invented("x2", 50)],
  };

  it("are the same after a crash, to be sent again as they were", () => {
    node.hardened.begin(batch);
    node.restart();
    expect(node.hardened.unfinished()).toEqual([batch]);
  });

  it("are forgotten when their answers are kept, and not before", () => {
    node.hardened.begin(batch);
    expect(() => node.hardened.complete(batch, [invented("y1", 64)])).toThrow();
    expect(node.hardened.unfinished()).toHaveLength(1);
    node.hardened.complete(batch, [invented("y1", 64), invented("y2", 64)]);
    expect(node.hardened.unfinished()).toEqual([]);
    const key = node.hardened.cacheKey(1, batch.inputs[1]!);
    expect(node.hardened.get(key)).toEqual(invented("y2", 64));
    expect(node.hardened.has(key)).toBe(true);
    expect(node.hardened.has(node.hardened.cacheKey(2, batch.inputs[1]!))).toBe(false);
  });
});
