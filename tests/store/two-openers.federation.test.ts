import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Database } from "../../shared/store/database.ts";
import { KIND } from "./kind.ts";

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "causeway-store-"));
  path = join(dir, "file.sqlite");
});
afterEach(() => rmSync(dir, { recursive: true }));

describe("a file", () => {
  it("that is exclusive is opened by one process at a time; the other says whose fault it is", () => {
    const second = (): string =>
      spawnSync(process.execPath, [join(import.meta.dirname, "two-openers.ts"), path], { encoding: "utf8" }).stdout;
    const first = new Database(path, { ...KIND, exclusive: true });
    expect(second()).toBe(`${path} (the invented file) is in use by another process: end that one first [ENVIRONMENT]`);
    first[Symbol.dispose]();
    expect(second()).toBe("opened");
  });
});
