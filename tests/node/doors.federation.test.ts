/**
 * Who can open a node's own services: the unit's people at the node's socket, and workstations whose keys the unit has pinned. Nobody by a
 * certificate of the federation, whoever it names and whoever can issue it.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, lstatSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connectToNode } from "../../agency-node/cli/rpc/node-client.ts";
import type { LogEntry, NodeClient } from "../../agency-node/cli/rpc/node-client.ts";
import {
  initialiseWorkstation,
  listWorkstations,
  pinWorkstation,
  unpinWorkstation,
} from "../../agency-node/cli/workstation-commands.ts";
import { ensureLocalKey, readLocalKey } from "../../agency-node/disk/local-key.ts";
import { freePort } from "../../deploy/demo/ports.ts";
import type { ClientTls } from "../../shared/platform/grpc-credentials.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import type { Output } from "../../shared/terminal/output.ts";
import { OFFICER, TestFederation } from "../support/federation.ts";
import { AT_ONCE_MS, LONG_MS, SOON } from "../support/patience.ts";
import { callAll, forgedFor, identityOf, PARTIES, stolenFrom } from "./forged-callers.ts";

const RECORD = "reference,kind,name,birthDate,phone\nWCU-1,person,Tomas Kellner,1980-02-03,+44 7700 900123\n";

let federation: TestFederation;
let address: string;
beforeAll(async () => {
  address = `127.0.0.1:${await freePort()}`;
  federation = await TestFederation.start({ workstations: { wcu: { listen: address } } });
  await federation.import("wcu", RECORD);
}, LONG_MS);
afterAll(async () => await federation?.[Symbol.asyncDispose]());

/** What a command prints for programs. */
async function told(command: (output: Output) => void | Promise<void>): Promise<Record<string, unknown>[]> {
  const values: Record<string, unknown>[] = [];
  await command({ say: () => undefined, json: (value) => values.push(value as Record<string, unknown>) });
  return values;
}

const callAs = async (tls: ClientTls): Promise<Set<string>> => new Set(await callAll(address, tls));
const REFUSED = new Set(["FORBIDDEN"]);
describe("the door for workstations", { timeout: LONG_MS }, () => {
  it.each(PARTIES)("refuses the federation's certificate of %s, at every call", async (party) => {
    expect(await callAs(stolenFrom(federation, party))).toEqual(REFUSED);
  });

  it.each(PARTIES)("refuses what a thief of the registrar's key makes for %s", async (party) => {
    expect(await callAs(await forgedFor(federation, party))).toEqual(REFUSED);
  });

  it("has been tried with the certificates of every role", () => {
    const kinds = PARTIES.map((party) => identityOf(federation, party).kind);
    const all = [
      "member",
      "broker",
      "evaluator",
      "administrator",
      "nats",
      "registrar",
    ] satisfies PeerIdentity["kind"][];
    expect(new Set(kinds)).toEqual(new Set(all));
  });

  it("refuses a key that nobody has pinned, and whoever shows none", async () => {
    const dir = federation.dir("stranger");
    await ensureLocalKey(dir, Date.now());
    expect(await callAs({ rootsPem: "", ...readLocalKey(dir) })).toEqual(REFUSED);
    expect(await callAs({ rootsPem: "" })).toEqual(REFUSED);
  });

  it("serves the key that is pinned, from then on", async () => {
    const { tls } = await workstation("desk-1");
    expect(await callAs(tls)).toContain("served");
    expect(await callAs(tls)).not.toContain("FORBIDDEN");
  });
});

/** One that the unit has let in, by the commands of both sides. */
async function workstation(name: string): Promise<{ readonly dir: string; readonly tls: ClientTls }> {
  const dir = federation.dir(name);
  const node = federation.dir("wcu");
  const shown = await told((output) => listWorkstations(node, output));
  const { listen, nodeKey } = shown.at(-1) as { listen: string; nodeKey: string };
  expect(listen).toBe(address);
  const [made] = await told((output) => initialiseWorkstation(dir, { node: listen, nodeKey }, output));
  const key = made!["fingerprint"] as string;
  await told((output) => pinWorkstation(node, name, { key }, output));
  return { dir, tls: { rootsPem: "", ...readLocalKey(dir) } };
}

const remove = (name: string) => told((output) => unpinWorkstation(federation.dir("wcu"), name, output));

describe("a workstation", { timeout: LONG_MS }, () => {
  it("does what the node's own machine does, and the log says which it was", async () => {
    const { dir } = await workstation("desk-2");
    using here = connectToNode(federation.dir("wcu"), OFFICER);
    using there = connectToNode(dir, OFFICER);
    expect((await there.status()).slug).toBe("wcu");
    await there.revalidate("WCU-1", inDays(60), "invented, from the desk");
    await here.revalidate("WCU-1", inDays(70), "invented, at the node");
    const entries = (await logOf(there)).filter(({ verb }) => verb === "alteration");
    expect(entries.map(({ actor, reason }) => [reason, actor.known, actor.workstation])).toEqual([
      ["invented, from the desk", "stated", "desk-2"],
      ["invented, at the node", "stated", ""],
    ]);
  });

  it("that is removed is let in no more, and what it has open ends within seconds; others stay", async () => {
    const [gone, staying] = [await workstation("desk-3"), await workstation("desk-4")];
    using left = connectToNode(gone.dir, OFFICER);
    using right = connectToNode(staying.dir, OFFICER);
    const stop = new AbortController();
    const [watched, stays] = [await watching(left, stop.signal), await watching(right, stop.signal)];
    await remove("desk-3");
    await expect(left.status()).rejects.toMatchObject({ code: "FORBIDDEN", message: UNKNOWN });
    const end = await Promise.race([watched.ended.catch((error: unknown) => error), sleep(AT_ONCE_MS, "still open")]);
    expect(end).toMatchObject({ code: "FORBIDDEN", message: UNKNOWN });
    expect((await right.status()).slug).toBe("wcu");
    expect(stays.isOver()).toBe(false);
    stop.abort();
    await stays.ended.catch(() => undefined);
  });

  it("is not let in while the list of them is open to others", async () => {
    const { dir } = await workstation("desk-5");
    using node = connectToNode(dir, OFFICER);
    const list = join(federation.dir("wcu"), "workstations.json");
    chmodSync(list, 0o622);
    await expect(node.status()).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(federation.log.lines("workstations.unreadable")).toHaveLength(1);
    chmodSync(list, 0o600);
    expect((await node.status()).slug).toBe("wcu");
  });

  it("tells nothing to a server that does not hold the node's key", async () => {
    const { dir } = await workstation("desk-6");
    const file = join(dir, "workstation.json");
    const settings = JSON.parse(readFileSync(file, "utf8")) as object;
    writeFileSync(file, JSON.stringify({ ...settings, nodeKey: "ab".repeat(32) }));
    using node = connectToNode(dir, OFFICER);
    await expect(node.revalidate("WCU-1", inDays(80), "invented")).rejects.toMatchObject({
      code: "UNPROVEN",
      message: `whoever answers at ${address} does not hold the node's key, nodeKey in workstation.json`,
    });
    using own = connectToNode(federation.dir("wcu"), OFFICER);
    for await (const { reviewBy } of own.records("")) expect(reviewBy).toBe(inDays(70));
  });

  const UNKNOWN = "the node does not know this workstation's key";
  const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

  /** A command that stays; resolves when it has begun. */
  async function watching(node: NodeClient, signal: AbortSignal) {
    const changes = node.watch("invented", signal)[Symbol.asyncIterator]();
    await changes.next();
    let over = false;
    const ended = (async () => {
      while ((await changes.next()).done !== true);
    })().finally(() => (over = true));
    ended.catch(() => undefined);
    return { ended, isOver: () => over };
  }

  async function logOf(node: NodeClient): Promise<LogEntry[]> {
    const all = { sinceMs: 0, untilMs: 0, verb: "", reference: "", matchId: "", reason: "", export: false };
    const entries: LogEntry[] = [];
    for await (const entry of node.log(all)) entries.push(entry);
    return entries;
  }
});

describe("a node's socket", { timeout: LONG_MS }, () => {
  it("is closed to all but the node's user, and each node of a machine has its own", async () => {
    for (const unit of ["ct", "thb", "wcu"]) {
      const socket = lstatSync(join(federation.dir(unit), "node.sock"));
      expect([socket.isSocket(), socket.mode & 0o777]).toEqual([true, 0o600]);
      using node = connectToNode(federation.dir(unit), OFFICER);
      expect((await node.status()).slug).toBe(unit);
    }
  });

  it("is the only door where no other is set", () => {
    const started = federation.log.lines("node.started").map(({ program, port }) => [program, port]);
    const port = Number(address.split(":").at(-1));
    expect(new Set(started)).toEqual(
      new Set([
        ["ct", undefined],
        ["thb", undefined],
        ["wcu", port],
      ]),
    );
    expect(existsSync(join(federation.dir("ct"), "keys", "local.key"))).toBe(false);
  });

  it("is taken over after a kill, and never from a node that runs", async () => {
    await federation.stop("ct");
    expect(existsSync(join(federation.dir("ct"), "node.sock"))).toBe(false);
    const first = nodeProcess("ct");
    await answering("ct");
    const second = nodeProcess("ct");
    const code = await ended(second);
    expect([code, said.get(second)]).toEqual([1, expect.stringMatching(/a program answers at .*node\.sock already/)]);
    await answering("ct");
    first.kill("SIGKILL");
    await ended(first);
    expect(existsSync(join(federation.dir("ct"), "node.sock"))).toBe(true);
    await expect(answers("ct")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    nodeProcess("ct");
    await answering("ct");
  });

  const said = new Map<ChildProcess, string>();
  afterEach(async () => {
    for (const child of said.keys()) {
      if (child.exitCode === null && child.signalCode === null && child.kill("SIGTERM")) await ended(child);
    }
    said.clear();
  });

  function nodeProcess(unit: "ct"): ChildProcess {
    const main = resolve(import.meta.dirname, "..", "..", "agency-node", "main.ts");
    const child = spawn(process.execPath, [main, federation.dir(unit)], { stdio: ["ignore", "ignore", "pipe"] });
    said.set(child, "");
    child.stderr.on("data", (text: Buffer) => said.set(child, `${said.get(child)}${text.toString()}`));
    return child;
  }

  /** Its exit code. */
  async function ended(child: ChildProcess): Promise<unknown> {
    const [code] = (await once(child, "close", { signal: AbortSignal.timeout(SOON.timeout) })) as unknown[];
    return code;
  }

  async function answers(unit: "ct"): Promise<boolean> {
    using node = connectToNode(federation.dir(unit), OFFICER);
    return (await node.status(AbortSignal.timeout(SOON.timeout))).slug === unit;
  }

  async function answering(unit: "ct"): Promise<void> {
    await expect.poll(() => answers(unit).catch(() => false), SOON).toBe(true);
  }
});
