// One set-up at a time per checkout. The holder renews its lock file every few seconds; a lock that nobody renews, or
// whose process is gone, is taken over.
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { say } from "./report.mjs";

const RENEW_EVERY_MS = 5_000;
export const STALE_AFTER_MS = 30_000;
const LOOK_AGAIN_MS = 250;

/** Waits for the lock at `path`, runs `work`, and gives the lock back. */
export async function withLock(path, work) {
  let announced = false;
  while (!tryAcquire(path)) {
    if (!announced) say("another set-up is at work in this checkout; waiting for it");
    announced = true;
    await sleep(LOOK_AGAIN_MS);
  }
  const renewal = setInterval(() => {
    const now = new Date();
    utimesSync(path, now, now);
  }, RENEW_EVERY_MS);
  renewal.unref();
  const release = () => rmSync(path, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    process.off("exit", release);
    release();
  }
}

function tryAcquire(path) {
  const mine = JSON.stringify({ pid: process.pid, host: hostname() });
  try {
    writeFileSync(path, mine, { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  clearIfStale(path);
  return false;
}

/** Whether a lock of `age` ms, written by `holder`, has been left behind. A process id means something on its own host only. */
export function isStale(age, holder, { host = hostname(), isAlive = processIsAlive } = {}) {
  if (age > STALE_AFTER_MS) return true;
  return holder !== undefined && holder.host === host && !isAlive(holder.pid);
}

function clearIfStale(path) {
  try {
    const text = readFileSync(path, "utf8");
    if (!isStale(Date.now() - statSync(path).mtimeMs, parseHolder(text))) return;
    // Two waiters may both see a stale lock, and the slower one would then move away the faster one's new lock. So it
    // looks at what it has moved, and puts back what was not stale.
    const aside = `${path}.${process.pid}`;
    renameSync(path, aside);
    if (readFileSync(aside, "utf8") !== text) linkSync(aside, path);
    rmSync(aside);
  } catch (error) {
    if (error.code !== "ENOENT" && error.code !== "EEXIST") throw error;
  }
}

function parseHolder(text) {
  try {
    const { pid, host } = JSON.parse(text);
    return Number.isInteger(pid) && pid > 0 ? { pid, host } : undefined;
  } catch {
    // Read between the creation and the writing of the file: its age alone decides.
    return undefined;
  }
}

function processIsAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== "ESRCH";
  }
}
