/** The console of a broker at work: real programs, real keys, records that go on coming in, and what administrators then see. */
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { partyFile } from "../../shared/party/files.ts";
import { Administrators, REASON } from "../support/administrators.ts";
import { TestFederation } from "../support/federation.ts";
import type { UnitName } from "../support/federation.ts";
import { textOf, Visitor } from "../web/visitor.ts";
import type { Events } from "../web/events.ts";
import { person, persons } from "../support/overlaps.ts";
import { AT_ONCE_MS, LONG_MS, SOON } from "../support/patience.ts";

let federation: TestFederation;
let board: Administrators;
let chair: Visitor;

/** As `causeway admin sign-in` says: a code from the terminal, typed into the form. */
async function signIn(name: string, ...args: string[]): Promise<Visitor> {
  const [told] = await board.done(name, "sign-in", ...args);
  const visitor = new Visitor(told?.["consoleUrl"] as string);
  expect((await visitor.post("/sign-in", { code: told?.["code"] as string })).status).toBe(303);
  return visitor;
}

beforeAll(async () => {
  federation = await TestFederation.start({ console: true });
  board = new Administrators(federation);
  chair = await signIn("chair");
}, LONG_MS);
afterAll(async () => await federation?.[Symbol.asyncDispose](), LONG_MS);

/** Imports one record after the other until told to stop. */
async function publish(unit: UnitName, signal: AbortSignal): Promise<void> {
  for (let number = 100; !signal.aborted; number += 1) {
    await federation.import(unit, person(unit, number));
    await pause(500);
  }
}

const text = async (path: string): Promise<string> => textOf(await chair.read(path));

/** What the page that is watched says, once it says that. */
async function untilShown(events: Events, words: RegExp): Promise<string> {
  for (let event = await events.nextOf("page"); event !== undefined; event = await events.nextOf("page")) {
    const shown = textOf(event.data);
    if (words.test(shown)) return shown;
  }
  throw new Error(`the stream ended before it showed ${words}`);
}

describe("the console of a broker at work", { timeout: LONG_MS }, () => {
  it("shows the members, what they spend and who signed", async () => {
    const members = await text("/members");
    for (const unit of ["ct", "thb", "wcu"]) expect(members).toContain(`Invented unit ${unit}`);
    await federation.import("ct", person("ct", 900));
    await federation.import("wcu", person("wcu", 900));
    await federation.settled();
    await expect.poll(() => text("/budgets"), SOON).toMatch(/Evaluator broker: elements In bounds/);
    const budgets = await text("/budgets");
    expect(budgets).toContain("Broker: new tokens");
    expect(budgets).toContain("Not shown: elements at evaluator key-office");
    expect(await text("/directives")).toMatch(
      /Admit Invented unit ct (?:(?!Directive \d).)* Administrator 1 and Administrator 2/s,
    );
    expect(await text("/")).not.toContain("Not fresh");
  });

  it("shows a rotation as it moves, while units publish", async () => {
    await federation.import("ct", persons("ct", 1, 40));
    await federation.settled();
    const stop = new AbortController();
    const publishing = Promise.all([publish("ct", stop.signal), publish("thb", stop.signal)]);
    // For this one the epoch waits until the page has been seen.
    await federation.stop("wcu");
    await federation.openEpoch(2);
    await expect.poll(() => text("/epochs"), SOON).toContain("Epoch 2 Staging");
    await using events = await chair.watch("/epochs/2");
    await untilShown(events, /Waits for [^.]*Invented unit wcu/);
    await federation.startNode("wcu");
    const shown = await untilShown(events, /The epoch can be activated/).finally(() => stop.abort());
    expect(shown).toMatch(/Invented unit ct There (\d+) of \1 Agreed/);
    await publishing;
    federation.activate(2);
    await untilShown(events, /This epoch counts/);
    federation.retire(1);
    await expect.poll(() => text("/epochs/1"), SOON).toContain("nothing of this epoch is left in its memory");
  });

  it("shows a proposal that waits, and then a suspended member", async () => {
    const digest = await board.propose("deputy", "suspend", "wcu", ...REASON);
    await expect.poll(() => text("/"), SOON).toContain("needs 1 more approval, yours is missing");
    await board.done("chair", "approve", digest.slice(0, 8), "--digest", digest.slice(0, 16));
    const members = await text("/members");
    expect(members).toMatch(/Invented unit wcu Suspended/);
    expect(await text("/proposals")).toMatch(/Accepted/);
  });

  it("shows an alarm of the broker, and keeps what an administrator found out", async () => {
    const chain = partyFile(federation.dir("broker"), "chain");
    const proven = readFileSync(chain);
    await using events = await chair.watch("/");
    writeFileSync(chain, "no chain");
    const shown = await untilShown(events, /The file of directives could not be proven/).finally(() =>
      writeFileSync(chain, proven),
    );
    expect(shown).toContain("Alarm");
    const [, alarm] = /href="(\/alarms\/\d+)"/.exec(await chair.read("/alarms")) ?? [];
    expect((await chair.post(`${alarm}/acknowledge`, { note: "A slip in a test." })).status).toBe(303);
    const page = await text(alarm as string);
    expect(page).toContain("A slip in a test.");
    expect(page).toContain("Administrator 1");
    expect(await text("/")).not.toContain("could not be proven");
  });

  it("lets in an auditor whom an administrator names, to read", async () => {
    const auditor = await signIn("chair", "--auditor", "Invented oversight office");
    expect(textOf(await auditor.read("/members"))).toContain("Invented unit ct");
    expect((await auditor.post("/alarms/1/acknowledge", { note: "Mine." })).status).toBe(403);
  });

  it("shuts out an administrator whose seat is gone, at once", async () => {
    const deputy = await signIn("deputy");
    await using events = await chair.watch("/members");
    await events.nextOf("page");
    const change = ["board-change", "--remove", "Administrator 1", ...REASON] as const;
    await board.run("deputy", ...change);
    const [request] = await board.done("clerk", "release-shares");
    await board.done("clerk", "release-shares", request?.["id"] as string, "--yes");
    await board.decide("deputy", "clerk", ...change);
    const decidedMs = performance.now();
    expect((await events.rest()).at(-1)?.event).toBe("ended");
    // Sooner than a page is drawn again by itself.
    expect(performance.now() - decidedMs).toBeLessThan(AT_ONCE_MS);
    expect((await chair.get("/members")).status).toBe(303);
    expect((await deputy.get("/members")).status).toBe(200);
    expect((await board.run("chair", "sign-in")).code).not.toBe(0);
  });
});
