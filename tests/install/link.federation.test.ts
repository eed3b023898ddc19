/** The command's name on the PATH: put there, found there, taken away, and nobody else's file touched. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { installLink, uninstallLink, userBin } from "../../deploy/install/link.ts";
import { VERSION } from "../../shared/platform/version.ts";

const LAUNCHER = resolve(import.meta.dirname, "..", "..", "deploy", "causeway");

let made: string;
let bin: string;

beforeEach(() => {
  made = mkdtempSync(join(tmpdir(), "causeway install é-"));
  bin = join(made, "bin");
});
afterEach(() => rmSync(made, { recursive: true, force: true }));

it("goes where the user's commands are", () => {
  expect(userBin({})).toBe(join(homedir(), ".local", "bin"));
  expect(userBin({ XDG_BIN_HOME: "" })).toBe(join(homedir(), ".local", "bin"));
  expect(userBin({ XDG_BIN_HOME: bin })).toBe(bin);
});

it("runs from any folder, and is gone again", () => {
  const said = installLink(LAUNCHER, bin, { PATH: `/usr/bin:${bin}` });
  expect(said).toEqual([`${join(bin, "causeway")} starts ${LAUNCHER}`]);
  const path = [bin, dirname(process.execPath), "/usr/bin:/bin"].join(":");
  const shell = spawnSync("sh", ["-c", "causeway --version"], { cwd: made, env: { PATH: path }, encoding: "utf8" });
  expect(shell).toMatchObject({ status: 0, stdout: `${VERSION}\n` });
  expect(uninstallLink(bin)).toEqual([`${join(bin, "causeway")} is gone`]);
  expect(uninstallLink(bin)).toEqual([`${join(bin, "causeway")} is not there`]);
});

it("says when the folder is not on the PATH", () => {
  expect(installLink(LAUNCHER, bin, { PATH: "/usr/bin" }).join("\n")).toContain(`export PATH="${bin}:$PATH"`);
});

it("replaces the link to another checkout, and says so", () => {
  installLink("/elsewhere/deploy/causeway", bin, { PATH: bin });
  expect(installLink(LAUNCHER, bin, { PATH: bin })[0]).toContain("instead of /elsewhere/deploy/causeway");
  expect(readlinkSync(join(bin, "causeway"))).toBe(LAUNCHER);
});

it("leaves alone what is somebody else's", () => {
  const stranger = join(made, "causeway");
  writeFileSync(stranger, "a stranger's");
  const conflict = expect.objectContaining({ code: "CONFLICT" });
  expect(() => installLink(LAUNCHER, made, {})).toThrow(conflict);
  expect(() => uninstallLink(made)).toThrow(conflict);
  expect(readFileSync(stranger, "utf8")).toBe("a stranger's");
  rmSync(stranger);
  symlinkSync("/bin/true", stranger);
  expect(() => installLink(LAUNCHER, made, {})).toThrow(conflict);
  expect(readlinkSync(stranger)).toBe("/bin/true");
});
