import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SharedCommit } from "../../agency-node/store/shared-commit.ts";
import { Database } from "../../shared/store/database.ts";
import { HandWorld } from "../support/hand-world.ts";

const NUMBERS = {
  what: "numbers",
  version: 1,
  schema: "CREATE TABLE number (number INTEGER PRIMARY KEY) STRICT",
  upgrades: {},
  exclusive: true,
  secureDelete: false,
  busyTimeoutMs: 0,
};

describe("a shared commit", () => {
  let db: Database;
  let shared: SharedCommit;
  const insert = (number: number) => (): number => db.run("INSERT INTO number VALUES (?)", number) * number;
  const numbers = (): unknown[] => db.all("SELECT number FROM number ORDER BY number").map(({ number }) => number);

  beforeEach(() => {
    db = new Database(":memory:", NUMBERS);
    shared = new SharedCommit(db, new HandWorld());
  });
  afterEach(() => db[Symbol.dispose]());

  it("is one transaction for all who come in the same turn", async () => {
    let commits = 0;
    db.recordTo({ record: () => (commits += 1) });
    expect(await Promise.all([1, 2, 3].map(async (number) => await shared.run(insert(number))))).toEqual([1, 2, 3]);
    expect(commits).toBe(1);
    expect(await shared.run(insert(4))).toBe(4);
    expect(commits).toBe(2);
  });

  it("fails only for whose work fails, of which nothing stays", async () => {
    const failing = shared.run(() => {
      insert(2)();
      throw new Error("no");
    });
    const others = [1, 3].map(async (number) => await shared.run(insert(number)));
    await expect(failing).rejects.toThrow("no");
    expect(await Promise.all(others)).toEqual([1, 3]);
    expect(numbers()).toEqual([1, 3]);
  });
});
