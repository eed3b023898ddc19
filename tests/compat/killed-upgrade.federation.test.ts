import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dump } from "./dump.ts";
import { FILES, makeFile } from "./files.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "causeway-compat-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe.each(FILES)("the upgrade of %s", (name) => {
  it("leaves the old file whole if the program is killed", () => {
    const path = join(dir, "file.sqlite");
    makeFile(name, path);
    const before = dump(path);
    const child = spawnSync(process.execPath, [join(import.meta.dirname, "killed-upgrade.ts"), name, path]);
    expect(child.signal, String(child.stderr)).toBe("SIGKILL");
    expect(dump(path)).toBe(before);
  });
});
