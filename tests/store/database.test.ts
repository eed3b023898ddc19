import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MachineFault } from "../../shared/core/machine-fault.ts";
import { explain } from "../../shared/platform/lifecycle.ts";
import { Database } from "../../shared/store/database.ts";
import { createLog } from "../../shared/world/log.ts";
import { expectRefusal } from "../crypto/support.ts";
import { KIND } from "./kind.ts";

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "causeway-store-"));
  path = join(dir, "file.sqlite");
});
afterEach(() => rmSync(dir, { recursive: true }));

const put = (db: Database, name: string): number => db.run("INSERT INTO item (name) VALUES (?)", name);
const names = (db: Database): unknown[] => db.all("SELECT name FROM item ORDER BY rowid").map(({ name }) => name);
const refusal = (act: () => unknown): string => expectRefusal(act, "ENVIRONMENT").message;

describe("a transaction", () => {
  it("takes an inner one along, and ends with its error even if somebody caught it", () => {
    using db = new Database(":memory:", KIND);
    const told: string[] = [];
    const outer = (): void =>
      db.transaction(() => {
        put(db, "outer");
        db.afterCommit(() => told.push("outer"));
        try {
          db.transaction(() => {
            put(db, "inner");
            throw new RangeError("of the inner one");
          });
        } catch {
          put(db, "after it");
        }
      });
    expect(outer).toThrow("of the inner one");
    expect(names(db)).toEqual([]);
    expect(told).toEqual([]);
    db.transaction(() => db.transaction(() => put(db, "both")));
    expect(names(db)).toEqual(["both"]);
  });
});

describe("a file", () => {
  it("is its owner's alone, with its log and index, whatever the umask and what was there", () => {
    const before = process.umask(0);
    try {
      using db = new Database(path, KIND);
      put(db, "one");
      for (const each of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(each).mode & 0o777, each).toBe(0o600);
      for (const each of [path, `${path}-wal`, `${path}-shm`]) chmodSync(each, 0o644);
      using again = new Database(path, KIND);
      for (const each of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(each).mode & 0o777, each).toBe(0o600);
      expect(names(again)).toEqual(["one"]);
    } finally {
      process.umask(before);
    }
  });

  it("in memory leaves nothing behind", () => {
    using db = new Database(":memory:", KIND, new Uint8Array(16));
    put(db, "one");
    expect(names(db)).toEqual(["one"]);
    expect(existsSync(":memory:")).toBe(false);
  });

  it("overwrites what is deleted, if that is wanted", () => {
    for (const secureDelete of [false, true]) {
      const at = join(dir, String(secureDelete));
      {
        using db = new Database(at, { ...KIND, secureDelete });
        for (let i = 0; i < 20; i += 1) put(db, `SECRET-${i}`);
        db.run("DELETE FROM item WHERE name <> 'SECRET-0'");
        db.forgetLog();
      }
      expect(readFileSync(at, "latin1").includes("SECRET-7")).toBe(!secureDelete);
    }
  });
});

describe("an opening is refused in words, and changes nothing", () => {
  it("of a version to come", () => {
    new Database(path, { ...KIND, version: 3, upgrades: {} })[Symbol.dispose]();
    const before = readFileSync(path);
    expect(refusal(() => new Database(path, KIND))).toBe(
      `${path} (the invented file) has version 3, and this program knows versions up to 2: start the newer program, or put back a backup from before it`,
    );
    expect(readFileSync(path)).toEqual(before);
  });

  it("of another federation, also when it is of an earlier version", () => {
    new Database(path, { ...KIND, version: 1, upgrades: {} }, new Uint8Array(16).fill(1))[Symbol.dispose]();
    expect(refusal(() => new Database(path, KIND, new Uint8Array(16)))).toContain("belongs to another federation");
    using raw = new DatabaseSync(path);
    expect(raw.prepare("PRAGMA user_version").get()).toEqual({ user_version: 1 });
  });

  it("of something that is no database, of another program's, and where none can be", () => {
    writeFileSync(path, "this is not a database, but long enough that it could be one: ".repeat(20));
    expect(refusal(() => new Database(path, KIND))).toContain("is not a database: put back a backup");
    const other = join(dir, "other.sqlite");
    using raw = new DatabaseSync(other);
    raw.exec("CREATE TABLE somebody (name TEXT)");
    expect(refusal(() => new Database(other, KIND))).toContain("is a file of another program");
    expect(refusal(() => new Database(join(dir, "nowhere", "file"), KIND))).toContain("its directory does not exist");
    mkdirSync(join(dir, "folder"));
    expect(refusal(() => new Database(join(dir, "folder"), KIND))).toContain("cannot be opened");
  });
});

describe("a full disk", () => {
  it("says so, keeps what was confirmed, and takes back the rest", () => {
    using db = new Database(path, KIND);
    put(db, "kept");
    db.run("PRAGMA max_page_count = 4");
    const fill = (): void =>
      db.transaction(() => {
        for (let i = 0; i < 100; i += 1) put(db, "x".repeat(1_000));
      });
    let caught: unknown;
    try {
      fill();
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(MachineFault);
    const text = `${path} (the invented file) cannot grow, the disk is full: make room and start again; what was confirmed is kept`;
    expect(explain(caught)).toBe(`${text} [ENVIRONMENT]`);
    const lines: string[] = [];
    createLog("test", { write: (line) => void lines.push(line) }).error("node.failed", caught);
    expect(lines.join()).toContain('"error":"ENVIRONMENT"');
    expect(lines.join()).toContain("(the invented file) cannot grow, the disk is full: make room");
    expect(names(db)).toEqual(["kept"]);
  });

  it("during an upgrade leaves the old file whole", () => {
    new Database(path, { ...KIND, version: 1, upgrades: {} })[Symbol.dispose]();
    const growing = "PRAGMA max_page_count = 1; CREATE TABLE large (a); CREATE TABLE larger (a)";
    const old = { ...KIND, schema: "CREATE TABLE item (name TEXT NOT NULL) STRICT", upgrades: { 1: growing } };
    expect(refusal(() => new Database(path, old))).toContain("the disk is full");
    using raw = new DatabaseSync(path);
    expect(raw.prepare("SELECT name FROM sqlite_schema").all()).toEqual([{ name: "item" }]);
    expect(raw.prepare("PRAGMA user_version").get()).toEqual({ user_version: 1 });
  });
});

describe("a backup", () => {
  it("is a whole file while work goes on, and its owner's alone", async () => {
    using db = new Database(path, { ...KIND, exclusive: true });
    for (let i = 0; i < 2_000; i += 1) put(db, `item ${i}`);
    const to = join(dir, "backup.sqlite");
    const done = db.backup(to);
    put(db, "meanwhile");
    await done;
    put(db, "after");
    expect(statSync(to).mode & 0o777).toBe(0o600);
    using copy = new Database(to, KIND);
    // Whether it holds what came while it was made is up to who was quicker.
    expect(names(copy).filter((name) => name !== "meanwhile")).toHaveLength(2_000);
    expect(names(copy)).not.toContain("after");
    expect(copy.all("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
    expect(names(db)).toHaveLength(2_002);
  });

  it("overwrites nothing", async () => {
    using db = new Database(path, KIND);
    const to = join(dir, "there");
    writeFileSync(to, "something else");
    await expect(db.backup(to)).rejects.toMatchObject({
      code: "ENVIRONMENT",
      message: `${to} (the backup) exists already: name another file`,
    });
    expect(readFileSync(to, "utf8")).toBe("something else");
    await expect(db.backup(join(dir, "nowhere", "file"))).rejects.toMatchObject({ code: "ENVIRONMENT" });
  });
});
