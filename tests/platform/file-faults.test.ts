/** What a program or command says when the system refuses a file. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { replaceFile } from "../../shared/party/key-files.ts";
import { fileFault } from "../../shared/platform/file-faults.ts";
import { explain } from "../../shared/platform/lifecycle.ts";

let made: string;
beforeEach(() => {
  made = mkdtempSync(join(tmpdir(), "causeway-faults-"));
});
afterEach(() => rmSync(made, { recursive: true, force: true }));

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("it should have thrown");
}

it("names the file and the reason also where nobody caught it", () => {
  const missing = join(made, "missing");
  const said = explain(thrownBy(() => readFileSync(missing)));
  expect(said).toBe(`${missing}: there is no such file (ENOENT) [ENVIRONMENT]`);
  expect(explain(thrownBy(() => readFileSync(made)))).toMatch(/it is a directory \(EISDIR\) \[ENVIRONMENT\]$/);
  writeFileSync(join(made, "plain"), "");
  const refused = explain(thrownBy(() => replaceFile(join(made, "plain", "x"), "", 0o644)));
  expect(refused).toMatch(/plain.*\(ENOTDIR\) \[ENVIRONMENT\]$/);
});

it.runIf(process.platform === "linux")("says that the disk is full", () => {
  const full = openSync("/dev/full", "w");
  const error = thrownBy(() => writeSync(full, "x"));
  closeSync(full);
  expect(explain(error)).toBe("the disk is full (ENOSPC) [ENVIRONMENT]");
  const told = explain(fileFault("/d/file", "cannot be written", error));
  expect(told).toBe("/d/file cannot be written: the disk is full (ENOSPC) [ENVIRONMENT]");
});

it("keeps to itself what another error says", () => {
  expect(explain(new Error("secret"))).toMatch(/^internal fault: Error/);
  expect(explain(Object.assign(new Error("secret"), { code: "EWHATEVER" }))).not.toMatch(/secret/);
});
