/** A suspension lasts for days: it must cost a node, the broker and NATS next to nothing, and its end must be heard once, and soon. */
import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { causeway } from "../demo/support.ts";
import { IMPORT_DEFAULTS } from "../../deploy/demo/plan.ts";
import type { MemberSlug } from "../../deploy/demo/plan.ts";
import type { MatchView, NodeClient } from "../../agency-node/cli/rpc/node-client.ts";
import { LinkedPrograms } from "../drills/linked-programs.ts";
import { person } from "../support/overlaps.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

const SLOWED_MS = 15_000;
const SUSPENDED_MS = 60_000;
/** The longest pause between two questions, and what publishing takes. */
const HEARD_MS = 45_000;
const GROWTH_KIB_MAX = 16 * 1024;

let programs: LinkedPrograms;

beforeAll(async () => {
  programs = await LinkedPrograms.start();
}, LONG_MS);

afterAll(async () => await programs?.[Symbol.asyncDispose](), LONG_MS);

const node = (member: MemberSlug): NodeClient => programs.clients.get(member) as NodeClient;

/** Two of the board sign. */
async function decide(...command: readonly string[]): Promise<void> {
  const [chair = "", deputy = ""] = programs.foundation.administratorDirs;
  const [verb = "", ...rest] = command;
  const proposed = await causeway(["admin", verb, chair, ...rest, "--json"]);
  expect(proposed, proposed.stdout).toMatchObject({ code: 0 });
  const listed = await causeway(["admin", "proposals", deputy, "--json"]);
  const digest = /"digest":"([0-9a-f]+)"/.exec(listed.stdout)?.[1] ?? "";
  const approved = await causeway(["admin", "approve", deputy, digest.slice(0, 16), "--digest", digest.slice(0, 16)]);
  expect(approved, approved.stdout).toMatchObject({ code: 0 });
}

/** What a command waits for at first: another administrator's shares of the salts. */
async function releaseShares(...command: readonly string[]): Promise<void> {
  const [chair = "", deputy = ""] = programs.foundation.administratorDirs;
  const [verb = "", ...rest] = command;
  await causeway(["admin", verb, chair, ...rest, "--json"]);
  const { stdout } = await causeway(["admin", "release-shares", deputy, "--json"]);
  const id = /"(?:id|request)":"([0-9a-f]+)"/.exec(stdout)?.[1] ?? "";
  const released = await causeway(["admin", "release-shares", deputy, id, "--yes", "--json"]);
  expect(released, stdout + released.stdout).toMatchObject({ code: 0 });
}

async function* fileOf(unit: MemberSlug, number: number): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(person(unit, number));
}

async function hold(unit: MemberSlug, number: number): Promise<void> {
  const reviewBy = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10);
  const options = { ...IMPORT_DEFAULTS, format: "ftm", dryRun: false, dateOrder: "", reviewBy, mapping: {} } as const;
  for await (const event of node(unit).importRecords(options, fileOf(unit, number))) {
    if (event.kind === "receipt") expect(event).toMatchObject({ added: 1 });
  }
}

async function proven(unit: MemberSlug): Promise<readonly string[]> {
  const { matches } = await node(unit).matches({ all: true, reason: "" });
  return matches.filter(({ state }: MatchView) => state === "proven").map(({ reference }) => reference);
}

function residentKib(): number {
  return Number(spawnSync("ps", ["-o", "rss=", "-p", String(programs.pidOf("ct"))], { encoding: "utf8" }).stdout);
}

/** How often the node has called each so far. */
function asked() {
  return { broker: programs.line(["ct", "broker"]).dialled, nats: programs.line(["ct", "nats-server"]).dialled };
}

describe("a suspended unit's node", { timeout: LONG_MS }, () => {
  it("asks seldom, grows no larger, and hears once that it is reinstated", async () => {
    await hold("ct", 1);
    await hold("wcu", 1);
    await expect.poll(() => proven("ct"), SOON).toEqual(["ct-1"]);

    await decide("suspend", "ct", "--reason", "Invented reason");
    await expect.poll(async () => (await node("ct").status()).membershipEnd, SOON).toBe("refused");
    // What was under way has failed by then, and retries have slowed down.
    await sleep(SLOWED_MS);
    const [before, sizeBefore] = [asked(), residentKib()];
    await sleep(SUSPENDED_MS);
    const after = asked();
    expect(after.nats - before.nats).toBeLessThanOrEqual(6);
    expect(after.broker - before.broker).toBeLessThanOrEqual(8);
    expect(residentKib() - sizeBefore).toBeLessThan(GROWTH_KIB_MAX);

    await hold("ct", 2);
    await hold("wcu", 2);
    await releaseShares("reinstate", "ct", "--reason", "Invented reason");
    await decide("reinstate", "ct", "--reason", "Invented reason");
    const reinstatedMs = performance.now();
    const late = asked();
    await expect.poll(() => proven("ct"), SOON).toContain("ct-2");
    expect(performance.now() - reinstatedMs).toBeLessThan(HEARD_MS);
    // Perhaps one that was still refused, which takes two, and the one that holds.
    expect(asked().nats - late.nats).toBeLessThanOrEqual(3);
    const reconnected = asked().nats;
    await sleep(SLOWED_MS);
    expect(asked().nats).toBe(reconnected);
  });
});
