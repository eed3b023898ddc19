import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { debianMirrors, privateAptConfig, upstreamVersion } from "../../deploy/bootstrap/nats-debian.mjs";
import { fetchRelease, NATS_RELEASE, releaseArchive } from "../../deploy/bootstrap/nats-release.mjs";
import { findNatsServer, installNatsServer, NATS_SOURCES } from "../../deploy/bootstrap/nats-server.mjs";
import { isNewEnough, parseVersion } from "../../deploy/bootstrap/nats-version.mjs";
import { SetupError } from "../../deploy/bootstrap/report.mjs";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "causeway-nats-"));
});
afterEach(() => rmSync(root, { recursive: true }));

/** A program that prints a version as nats-server does. */
function pretendServer(folder: string, version: string): string {
  const path = join(root, folder, "nats-server");
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho "nats-server: v${version}"\n`);
  chmodSync(path, 0o755);
  return path;
}

async function failure(work: Promise<unknown>): Promise<SetupError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SetupError);
  return error as SetupError;
}

describe("the version of a nats-server", () => {
  it.each([
    ["nats-server: v2.12.10", true],
    ["nats-server: v2.12.9", false],
    ["nats-server: v2.9.10", false],
    ["nats-server: v2.15.1", true],
    ["nats-server: v3.0.0", true],
    ["nats-server: v1.99.99", false],
    ["nats-server: v2.15.0-RC.2", false],
    ["", false],
    ["command not found", false],
  ])("%j is new enough: %s", (printed, expected) => {
    expect(isNewEnough(parseVersion(printed))).toBe(expected);
  });
});

describe("finding a nats-server", () => {
  it("takes one from the PATH that is new enough, passing over older ones and saying why", async () => {
    const old = pretendServer("old", "2.9.10");
    const good = pretendServer("good", "2.15.1");
    const found = await findNatsServer(root, { PATH: `${join(root, "old")}:${join(root, "good")}` });
    expect(found.path).toBe(good);
    expect(found.refused).toEqual([`${old}: version 2.9.10 is older than 2.12.10`]);
  });

  it("takes its own copy when the PATH has none", async () => {
    const own = pretendServer(".causeway/bin", "2.12.10");
    expect((await findNatsServer(root, { PATH: join(root, "empty") })).path).toBe(own);
  });

  it("finds nothing when there is only an old one", async () => {
    pretendServer("old", "2.9.10");
    const found = await findNatsServer(root, { PATH: join(root, "old") });
    expect(found.path).toBeUndefined();
    expect(found.refused).toHaveLength(1);
  });

  it("passes over a half-written copy of its own", async () => {
    const path = pretendServer(".causeway/bin", "2.15.1");
    writeFileSync(path, "\u007fELF cut off");
    expect((await findNatsServer(root, { PATH: "" })).path).toBeUndefined();
  });

  it("uses the one that was named on purpose, and stops if that is too old", async () => {
    const good = pretendServer("good", "2.15.1");
    const old = pretendServer("old", "2.9.10");
    expect((await findNatsServer(root, { CAUSEWAY_NATS_SERVER: good, PATH: "" })).path).toBe(good);
    const refused = await failure(findNatsServer(root, { CAUSEWAY_NATS_SERVER: old, PATH: join(root, "good") }));
    expect(refused.message).toContain("2.9.10 is older than 2.12.10");
  });
});

const source = (title: string, version: string) => ({ title, fetch: async () => pretendServer(title, version) });
const broken = (title: string) => ({
  title,
  fetch: () => Promise.reject(new SetupError("cannot be reached")),
});

describe("fetching a nats-server", () => {
  it("tries the official release first, then Debian", () => {
    expect(NATS_SOURCES.map(({ title }) => title)).toEqual([
      "the official release",
      "Debian's newer package, unpacked privately",
    ]);
  });

  it("keeps what the first working source gives, and finds it the next time", async () => {
    const kept = await installNatsServer(root, [], [broken("a"), source("b", "2.15.1"), source("c", "2.15.2")]);
    expect(kept.version).toBe("2.15.1");
    expect((await findNatsServer(root, { PATH: "" })).path).toBe(kept.path);
  });

  it("does not keep a fetched server that is too old", async () => {
    const error = await failure(installNatsServer(root, [], [source("a", "2.10.27")]));
    expect(error.hint).toContain("a: it is version 2.10.27, too old");
    expect((await findNatsServer(root, { PATH: "" })).path).toBeUndefined();
  });

  it("names every reason when all fail", async () => {
    const error = await failure(installNatsServer(root, ["/usr/sbin/nats-server: old"], [broken("a"), broken("b")]));
    expect(error.message).toContain("2.12.10 or newer");
    for (const part of ["/usr/sbin/nats-server: old", "a: cannot be reached", "b: cannot be reached"]) {
      expect(error.hint).toContain(part);
    }
  });

  it("lets a fault of ours through instead of trying the next source", async () => {
    const faulty = { title: "a", fetch: () => Promise.reject(new TypeError("bug")) };
    await expect(installNatsServer(root, [], [faulty, source("b", "2.15.1")])).rejects.toBeInstanceOf(TypeError);
  });
});

describe("the official release", () => {
  it("is new enough and pinned by checksum for each platform", () => {
    expect(isNewEnough(parseVersion(NATS_RELEASE.version))).toBe(true);
    for (const [, sum] of Object.values(NATS_RELEASE.sha256)) expect(sum).toMatch(/^[0-9a-f]{64}$/);
    expect(releaseArchive("linux-x64").url).toMatch(/^https:.*-linux-amd64\.tar\.gz$/);
    expect(() => releaseArchive("sunos-x64")).toThrow("no pinned release");
  });

  it("refuses an archive with another checksum before unpacking it", async () => {
    const other = new TextEncoder().encode("not the release");
    expect(createHash("sha256").update(other).digest("hex")).not.toBe(releaseArchive("linux-x64").sha256);
    const error = await failure(fetchRelease(root, "linux-x64", async () => new Response(other)));
    expect(error.message).toContain("pinned checksum");
  });

  it("explains a page that is missing, and a network that is", async () => {
    const missing = await failure(fetchRelease(root, "linux-x64", async () => new Response("", { status: 404 })));
    expect(missing.message).toContain("404");
    const offline = await failure(fetchRelease(root, "linux-x64", () => Promise.reject(new TypeError("fetch failed"))));
    expect(offline.message).toContain("cannot be reached");
  });
});

describe("Debian's package", () => {
  it("comes from the mirror that this machine is configured to use, in either format", () => {
    const sources = `Types: deb
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
`;
    const list = `# deb http://commented.example/debian bookworm main
deb-src http://source.example/debian bookworm main
deb [arch=amd64 signed-by=/x.gpg] https://tool.example/apt stable main
deb http://list.example/debian/ bookworm main contrib
deb http://security.example/debian-security bookworm-security main
`;
    expect(debianMirrors([{ name: "debian.sources", text: sources }])).toEqual(["http://mirror.example/debian"]);
    expect(debianMirrors([{ name: "sources.list", text: list }])).toEqual([
      "http://list.example/debian/",
      "https://tool.example/apt",
    ]);
    expect(debianMirrors([])).toEqual([]);
  });

  it("skips a stanza that is switched off", () => {
    const text = "Enabled: no\nTypes: deb\nURIs: http://off.example/debian\nSuites: sid\nComponents: main\n";
    expect(debianMirrors([{ name: "x.sources", text }])).toEqual([]);
  });

  it.each([
    ["2.15.1-1", "2.15.1"],
    ["2.10.27-1+b2", "2.10.27"],
    ["1:2.15.1-1", "2.15.1"],
    ["2.15.1~rc1-1", "2.15.1-rc1"],
    ["2.15.1+ds-2", "2.15.1"],
  ])("reads %s as %s", (debian, upstream) => {
    expect(upstreamVersion(debian)).toBe(upstream);
  });

  it("keeps apt's state in its own folder and its hooks from running", () => {
    const config = privateAptConfig("/private/apt");
    for (const line of config.split("\n").filter((text) => text.startsWith("Dir::"))) {
      expect(line).toMatch(/"(?:\/private\/apt|\/dev\/null)/);
    }
    expect(config).toContain("#clear APT::Update::Post-Invoke;");
  });

  it("names no host of its own", () => {
    const source = readFileSync(join(import.meta.dirname, "../../deploy/bootstrap/nats-debian.mjs"), "utf8");
    expect(source).not.toMatch(/https?:\/\//);
  });
});
