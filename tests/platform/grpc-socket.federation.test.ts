/** gRPC at a Unix socket: who may connect, and what becomes of the file. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { socketClient, startSocketServer } from "../../shared/platform/grpc-socket.ts";
import type { SocketPlace } from "../../shared/platform/grpc-socket.ts";
import { HealthDefinition, SERVING } from "../../shared/wire/health.ts";
import { silentLog } from "../../shared/world/log.ts";
import { systemWorld } from "../../shared/world/world.ts";

const isRoot = process.geteuid?.() === 0;
/** As root any group will do, else one's own. */
const GROUP = isRoot ? 54_321 : process.getgid!();
const STRANGER = 65_534;

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "causeway-socket-"));
  path = join(dir, "node.sock");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const start = (place: Partial<SocketPlace> = {}): Promise<AsyncDisposable> =>
  startSocketServer({ path, ...place, services: [], world: systemWorld(silentLog), graceMs: 0 });
const modeOf = (file: string): string => (lstatSync(file).mode & 0o777).toString(8);
const refusal = (text: RegExp) =>
  expect.objectContaining({ code: "ENVIRONMENT", message: expect.stringMatching(text) });

async function isServing(at = path): Promise<boolean> {
  using health = socketClient(HealthDefinition, at, {});
  return (await health.client.check({})).status === SERVING;
}

describe("the file", () => {
  it("is open to its owner only, whatever the mask, and gone when the server has ended", async () => {
    for (const mask of [0o000, 0o022, 0o777]) {
      const before = process.umask(mask);
      try {
        await using _ = await start();
        expect([lstatSync(path).isSocket(), modeOf(path)]).toEqual([true, "600"]);
        expect(await isServing()).toBe(true);
        expect(readdirSync(dir)).toEqual(["node.sock"]);
      } finally {
        process.umask(before);
      }
      expect(readdirSync(dir)).toEqual([]);
    }
  });

  it("is open to a group where one is given, which can enter the directory", async () => {
    await expect(start({ group: GROUP })).rejects.toEqual(refusal(/cannot enter .*chgrp .* && chmod g\+x/));
    chmodSync(dir, 0o711);
    await using _ = await start({ group: GROUP });
    expect([modeOf(path), lstatSync(path).gid]).toEqual(["660", GROUP]);
    expect(await isServing()).toBe(true);
  });

  it.runIf(isRoot)("lets in the group's members, and no other user", async () => {
    chmodSync(dir, 0o711);
    await using servers = new AsyncDisposableStack();
    servers.use(await start({ group: GROUP }));
    servers.use(await start({ path: join(dir, "own.sock") }));
    expect(await connectionAs(STRANGER, GROUP, "node.sock")).toBe("connected");
    expect(await connectionAs(STRANGER, STRANGER, "node.sock")).toBe("EACCES");
    expect(await connectionAs(STRANGER, GROUP, "own.sock")).toBe("EACCES");
  });

  /** From within the directory: those above it may be closed to this user. */
  async function connectionAs(user: number, group: number, name: string): Promise<string> {
    const here = process.cwd();
    process.chdir(dir);
    const groups = process.getgroups!();
    process.setgroups!([]);
    process.setegid!(group);
    process.seteuid!(user);
    let socket;
    try {
      socket = connect(name);
    } finally {
      process.seteuid!(0);
      process.setegid!(0);
      process.setgroups!(groups);
      process.chdir(here);
    }
    return await once(socket, "connect").then(
      () => {
        socket.destroy();
        return "connected";
      },
      (error: NodeJS.ErrnoException) => error.code!,
    );
  }
});

describe("the place", () => {
  it("must be one where nobody else can put a socket", async () => {
    for (const mode of [0o770, 0o707, 0o1777]) {
      chmodSync(dir, mode);
      await expect(start()).rejects.toEqual(refusal(/can be written to by others: run chmod go-w /));
    }
    await expect(start({ path: join(dir, "none", "node.sock") })).rejects.toEqual(refusal(/ENOENT/));
    chmodSync(dir, 0o700);
    expect(readdirSync(dir)).toEqual([]);
  });

  it("is not taken from a file that is no socket, or a link", async () => {
    writeFileSync(path, "invented");
    await expect(start()).rejects.toEqual(refusal(/exists and is no socket/));
    rmSync(path);
    symlinkSync("elsewhere.sock", path);
    await expect(start()).rejects.toEqual(refusal(/exists and is no socket/));
  });

  it("is not taken from a program that answers there", async () => {
    await using _ = await start();
    const inode = lstatSync(path).ino;
    await expect(start()).rejects.toEqual(refusal(/a program answers at .*node\.sock already: stop it first/));
    expect(await isServing()).toBe(true);
    expect([readdirSync(dir), lstatSync(path).ino]).toEqual([["node.sock"], inode]);
  });

  it("is taken over from a program that was killed", async () => {
    const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => console.log("up"))`;
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "close");
    expect(existsSync(path)).toBe(true);
    await using _ = await start();
    expect([await isServing(), modeOf(path)]).toEqual([true, "600"]);
  });

  it("is left to whoever took it meanwhile", async () => {
    const first = await start();
    rmSync(path);
    await using _ = await start();
    await first[Symbol.asyncDispose]();
    expect(await isServing()).toBe(true);
  });

  it("may not be longer than the system takes, and the error says how to mend that", async () => {
    const deep = join(dir, "d".repeat(120));
    mkdirSync(deep);
    const long = join(deep, "node.sock");
    const tooLong = expect.objectContaining({
      code: "INVALID",
      fields: ["socket"],
      message: expect.stringMatching(/at most 10[37] bytes .*such as \/run\/causeway\/node\.sock/),
    });
    await expect(start({ path: long })).rejects.toEqual(tooLong);
    expect(() => socketClient(HealthDefinition, long, {})).toThrow(tooLong);
    // Seen from close by it is short.
    const here = process.cwd();
    process.chdir(deep);
    try {
      await using _ = await start({ path: long });
      expect(await isServing(long)).toBe(true);
    } finally {
      process.chdir(here);
    }
  });

  it("is as long as the system takes, to the byte", async () => {
    const limit = process.platform === "darwin" ? 103 : 107;
    const within = join(dir, "d".repeat(limit - Buffer.byteLength(join(dir, "", "node.sock")) - 1));
    mkdirSync(within);
    const longest = join(within, "node.sock");
    expect(Buffer.byteLength(longest)).toBe(limit);
    await using _ = await start({ path: longest });
    expect(await isServing(longest)).toBe(true);
  });
});
