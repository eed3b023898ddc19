/**
 * Notes every use that the project's code makes of the machine while it is watched: clocks, timers, randomness, files, sockets, processes.
 * `setImmediate` is left out: a simulated world waits with it until promises have settled.
 */
import childProcess from "node:child_process";
import crypto from "node:crypto";
import dgram from "node:dgram";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { resolve } from "node:path";
import timersPromises from "node:timers/promises";
import workerThreads from "node:worker_threads";

type Holder = Record<string, unknown>;

const ROOT = resolve(import.meta.dirname, "..", "..");
const WATCHED: readonly (readonly [holder: object, names: readonly string[]])[] = [
  [globalThis, ["setTimeout", "setInterval", "fetch"]],
  [Date, ["now"]],
  [performance, ["now"]],
  [Math, ["random"]],
  [AbortSignal, ["timeout"]],
  [globalThis.crypto, ["getRandomValues", "randomUUID"]],
  [crypto, ["randomBytes", "randomFill", "randomFillSync", "randomUUID", "randomInt"]],
  [timersPromises, ["setTimeout", "setInterval"]],
  [net, ["connect", "createConnection", "createServer"]],
  [net.Socket.prototype, ["connect"]],
  [net.Server.prototype, ["listen"]],
  [dgram, ["createSocket"]],
  [childProcess, ["spawn", "spawnSync", "fork", "exec", "execFile", "execFileSync"]],
  [fs, functionsOf(fs)],
  [fs.promises, functionsOf(fs.promises)],
];

/** What `work` comes to, and what it used, as name and the line of ours that did. */
export async function watchingMachine<T>(work: () => Promise<T>): Promise<{ outcome: T; used: string[] }> {
  const used: string[] = [];
  using watch = new DisposableStack();
  for (const [holder, names] of WATCHED) for (const name of names) watch.defer(replace(holder, name, used));
  watch.defer(replaceClass(globalThis, "Date", used, (given) => given.length === 0));
  watch.defer(replaceClass(workerThreads, "Worker", used, () => true));
  syncBuiltinESMExports();
  try {
    return { outcome: await work(), used };
  } finally {
    watch.dispose();
    syncBuiltinESMExports();
  }
}

function replace(holder: object, name: string, used: string[]): () => void {
  const of = holder as Holder;
  const original = of[name] as (...given: unknown[]) => unknown;
  const own = Object.getOwnPropertyDescriptor(holder, name);
  const watched = function (this: unknown, ...given: unknown[]): unknown {
    note(name, used);
    return Reflect.apply(original, this, given);
  };
  Object.defineProperty(holder, name, { value: watched, configurable: true, writable: true });
  return () => (own === undefined ? Reflect.deleteProperty(holder, name) : Object.defineProperty(holder, name, own));
}

function replaceClass(
  holder: object,
  name: string,
  used: string[],
  isUse: (given: readonly unknown[]) => boolean,
): () => void {
  const of = holder as Holder;
  const original = of[name] as new (...given: unknown[]) => object;
  of[name] = new Proxy(original, {
    construct(target, given: unknown[], self) {
      if (isUse(given)) note(`new ${name}`, used);
      return Reflect.construct(target, given, self) as object;
    },
  });
  return () => (of[name] = original);
}

/** The test runner has work of its own in this process: only what our code is on the way to counts. */
function note(name: string, used: string[]): void {
  const lines = new Error(name).stack?.split("\n") ?? [];
  const ours = lines.find(
    (line) => line.includes(ROOT) && !line.includes("node_modules") && !line.includes(import.meta.filename),
  );
  if (ours !== undefined) used.push(`${name} ${ours.trim()}`);
}

function functionsOf(module: object): string[] {
  return Object.entries(module).flatMap(([name, value]) =>
    typeof value === "function" && /^[a-z]/.test(name) ? [name] : [],
  );
}
