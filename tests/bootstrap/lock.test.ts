import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isStale, STALE_AFTER_MS, withLock } from "../../deploy/bootstrap/lock.mjs";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "causeway-lock-"));
  path = join(folder, "bootstrap.lock");
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("two set-ups at once", () => {
  it("take turns", async () => {
    const events: string[] = [];
    const work = (name: string) => async (): Promise<void> => {
      events.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      events.push(`${name} ends`);
    };
    await Promise.all([withLock(path, work("first")), withLock(path, work("second"))]);
    expect(events).toEqual(["first begins", "first ends", "second begins", "second ends"]);
    expect(existsSync(path)).toBe(false);
  });

  it("give the lock back when the work fails", async () => {
    await expect(withLock(path, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(existsSync(path)).toBe(false);
  });

  it("take over from a process that is gone", async () => {
    // No process has the largest id there can be.
    writeFileSync(path, JSON.stringify({ pid: 2 ** 31 - 1, host: hostname() }));
    expect(await withLock(path, async () => "done")).toBe("done");
  });

  it("take over a lock that nobody has renewed for a while, whatever it holds", async () => {
    writeFileSync(path, "");
    const past = new Date(Date.now() - STALE_AFTER_MS - 1000);
    utimesSync(path, past, past);
    expect(await withLock(path, async () => "done")).toBe("done");
  });
});

const machine = (alive: boolean) => ({ host: "here", isAlive: () => alive });

describe("a lock is left behind", () => {
  it("when its process has ended on this host", () => {
    expect(isStale(0, { pid: 1, host: "here" }, machine(false))).toBe(true);
    expect(isStale(0, { pid: 1, host: "here" }, machine(true))).toBe(false);
  });

  it("but not because a process of another host is unknown here", () => {
    expect(isStale(0, { pid: 1, host: "elsewhere" }, machine(false))).toBe(false);
    expect(isStale(STALE_AFTER_MS + 1, { pid: 1, host: "elsewhere" }, machine(false))).toBe(true);
  });

  it("and not while it is being written", () => {
    expect(isStale(0, undefined, machine(false))).toBe(false);
  });
});
