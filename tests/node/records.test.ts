import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Records } from "../../agency-node/records.ts";
import type { ImportEvent, ImportReceipt } from "../../agency-node/records.ts";
import type { Entry } from "../../shared/core/data-plane.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { dayOf, isoDay, monthEnd, parseIsoDay } from "../../shared/core/days.ts";
import type { Admit } from "../../shared/core/directive.ts";
import { SOON } from "../support/patience.ts";
import { expectRefusal } from "../crypto/support.ts";
import { OFFICER, TestNode, because, receiptOf, handleOf } from "./support.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { silentLog } from "../../shared/world/log.ts";

// All persons and references are invented.
const DEFAULTS = {
  kind: "person",
  role: "suspect",
  legalBasis: "Invented Act",
  caseReference: "C-1",
  handling: "open",
};
const FTM = (id: string, name: string): string =>
  `${JSON.stringify({ id, schema: "Person", properties: { name: [name], birthDate: ["1984-03-12"] } })}\n`;
const FILE = FTM("R-1", "Arvo Quilbrand") + FTM("R-2", "Belko Rostavik");

let node: TestNode;
let records: Records;
let stored: number;
let reviewBy: string;
/** Undefined: the member is suspended or removed. */
let admit: Pick<Admit, "retentionDaysMax" | "domains"> | undefined;

beforeEach(() => {
  node = new TestNode();
  stored = 0;
  reviewBy = inDays(60);
  const { db, records: store, standings, strays, acts, activity, erasure } = node;
  admit = { retentionDaysMax: 365, domains: ["target", "protected"] };
  const onStored = (): void => void (stored += 1);
  const world = { ...systemWorld(silentLog), clock: () => node.nowMs };
  const parts = { db, store, standings, strays, acts, activity, erasure, world };
  records = new Records({ ...parts, handleOf, admit: admitted, onStored });
});
afterEach(() => node[Symbol.dispose]());

function admitted(): Admit {
  if (admit === undefined) throw new CausewayError("FORBIDDEN", "suspended");
  return admit as Admit;
}

const inDays = (days: number): string => isoDay(dayOf(node.nowMs) + days);

async function importFile(text: string, over: { dryRun?: boolean; role?: string; reviewBy?: string } = {}) {
  const { dryRun = false, ...defaults } = over;
  async function* file() {
    yield new TextEncoder().encode(text);
  }
  const events: ImportEvent[] = [];
  const options = { format: "auto", dryRun, defaults: { ...DEFAULTS, reviewBy, ...defaults }, mapping: {} } as const;
  for await (const event of records.import(file(), options, OFFICER)) events.push(event);
  return (events.at(-1) as { receipt: ImportReceipt }).receipt;
}

/** As if the publisher had published everything and the broker had taken it. */
function publishAll(): void {
  for (const each of node.hardening()) {
    node.publish(each.handle, monthEnd(parseIsoDay(each.record.reviewBy)!));
  }
  settleAll();
}

function settleAll(): void {
  for (const sent of node.sent()) {
    const receipt = receiptOf(sent);
    const handles = node.outbox.settle(receipt, receipt.submissionHash) ?? [];
    for (const handle of handles) node.standings.settle(handle, receipt, null, node.nowMs);
  }
}

const state = (reference: string): string => node.records.byReference(reference).state;
const entries = (): Entry["operation"][] =>
  node
    .sent()
    .flatMap(({ submission: { body } }) => (body.kind === "publication" ? body.entries : []))
    .map(({ operation }) => operation as Entry["operation"]);

describe("importing", () => {
  it("adds once; the same file again changes nothing", async () => {
    expect(await importFile(FILE)).toMatchObject({ rows: 2, added: 2, amended: 0, unchanged: 0, rejected: 0 });
    const revisions = [...node.records.all()].map(({ revision }) => revision);
    expect(await importFile(FILE)).toMatchObject({ rows: 2, added: 0, amended: 0, unchanged: 2 });
    expect([...node.records.all()].map(({ revision }) => revision)).toEqual(revisions);
    expect(stored).toBe(2);
  });

  it("keeps the handle of a record that was amended", async () => {
    await importFile(FILE);
    const { handle } = node.records.byReference("R-1");
    expect(await importFile(FTM("R-1", "Arvo Q. Quilbrand"))).toMatchObject({ amended: 1 });
    expect(node.records.byReference("R-1")).toMatchObject({ handle, revision: 2, state: "hardening" });
  });

  it("on trial counts the same and stores nothing, not even in the log", async () => {
    await importFile(FTM("R-1", "Arvo Quilbrand"));
    const before = [...node.activity.entries()].length;
    expect(await importFile(FILE, { dryRun: true })).toMatchObject({ added: 1, unchanged: 1, dryRun: true });
    expect([...node.records.all()]).toHaveLength(1);
    expect([...node.activity.entries()]).toHaveLength(before);
  });

  it("is in the log under the receipt's id, without the records", async () => {
    const { receipt } = await importFile(FILE);
    const entry = [...node.activity.entries()].at(-1);
    expect(entry?.verb).toBe("collection");
    expect(entry?.activity.detail).toContain(receipt);
    expect(entry?.activity.detail).not.toContain("Quilbrand");
    for (const { activity } of node.activity.entries()) expect(activity.receipt).toBe(receipt);
  });

  it("moves a record between domains under another handle, and takes the old one back", async () => {
    await importFile(FTM("R-1", "Arvo Quilbrand"));
    publishAll();
    const { handle: asSuspect } = node.records.byReference("R-1");
    await importFile(FTM("R-1", "Arvo Quilbrand"), { role: "victim" });
    const asVictim = node.records.byReference("R-1");
    expect(asVictim.handle).not.toBe(asSuspect);
    expect(asVictim).toMatchObject({ state: "hardening", sentDay: null });
    expect(node.records.byHandle(asSuspect)).toMatchObject({ state: "withdrawn", record: { reference: "R-1" } });
    expect(entries()).toEqual(["withdraw"]);
  });

  it("does not move a published review day later, and expires the record when the broker does", async () => {
    await importFile(FTM("R-1", "Arvo Quilbrand"), { reviewBy: inDays(20) });
    publishAll();
    const { sentDay } = node.records.byReference("R-1");
    await importFile(FTM("R-1", "Arvo Quilbrand"), { reviewBy: inDays(300) });
    node.nowMs = (sentDay! + 1) * 86_400_000;
    records.sweep();
    expect(state("R-1")).toBe("expired");
  });
});

describe("withdrawing", () => {
  it("tells the broker, keeps the reason here, and is not done twice", async () => {
    await importFile(FILE);
    publishAll();
    records.withdraw("R-1", because("an invented reason"));
    expect([state("R-1"), state("R-2")]).toEqual(["withdrawn", "published"]);
    expect(entries()).toEqual(["withdraw"]);
    expect([...node.activity.entries()].at(-1)).toMatchObject({
      verb: "erasure",
      activity: { reason: "an invented reason" },
    });
    expectRefusal(() => records.withdraw("R-1", because("again")), "CONFLICT");
    expectRefusal(() => records.withdraw("R-9", because("unknown")), "NOT_FOUND");
    expectRefusal(() => records.withdraw("R-2", because("  ")), "INVALID");
  });

  it("of what was never sent tells the broker nothing", async () => {
    await importFile(FILE);
    records.withdraw("R-1", because("reason"));
    expect(entries()).toEqual([]);
  });

  it("of what waits for its receipt goes out behind it", async () => {
    await importFile(FTM("R-1", "Arvo Quilbrand"));
    node.publish(node.records.byReference("R-1").handle);
    records.withdraw("R-1", because("reason"));
    expect(entries()).toEqual(["upsert", "withdraw"]);
    settleAll();
    expect(state("R-1")).toBe("withdrawn");
  });

  it("is undone by importing the record again, under its handle and with a review day of its own", async () => {
    await importFile(FTM("R-1", "Arvo Quilbrand"), { reviewBy: inDays(20) });
    publishAll();
    const { handle } = node.records.byReference("R-1");
    records.withdraw("R-1", because("reason"));
    expect(await importFile(FTM("R-1", "Arvo Quilbrand"), { reviewBy: inDays(200) })).toMatchObject({ amended: 1 });
    expect(node.records.byReference("R-1")).toMatchObject({ handle, state: "hardening", sentDay: null });
  });

  it("while no epoch is active is told as soon as one is", async () => {
    await importFile(FILE);
    publishAll();
    node.epoch = undefined;
    records.withdraw("R-1", because("reason"));
    expect([state("R-1"), node.acts.send(), entries()]).toEqual(["withdrawn", false, []]);
    node.epoch = 1;
    expect(entries()).toEqual(["withdraw"]);
  });

  it("goes before what is imported again under the same handle", async () => {
    await importFile(FTM("R-1", "Arvo Quilbrand"));
    publishAll();
    records.withdraw("R-1", because("reason"));
    await importFile(FTM("R-1", "Arvo Quilbrand"));
    node.prepare(node.records.byReference("R-1").handle, 1);
    const due = () =>
      [...node.standings.numbersDue(node.standings.joined()[0]!, { urgency: "fresh", today: 0 })].flat();
    expect(due()).toEqual([]);
    expect(entries()).toEqual(["withdraw"]);
    expect(due()).toHaveLength(1);
  });
});

describe("revalidating", () => {
  it("moves the day of a published record, with a reason", async () => {
    await importFile(FTM("R-1", "Arvo Quilbrand"));
    publishAll();
    records.revalidate("R-1", inDays(300), because("still investigated"));
    expect(entries()).toEqual(["revalidate"]);
    const record = node.records.byReference("R-1");
    expect(record).toMatchObject({ state: "published", sentDay: monthEnd(dayOf(node.nowMs) + 300) });
    expect(record.record.reviewBy).toBe(inDays(300));
    expect(await importFile(FTM("R-1", "Arvo Quilbrand"))).toMatchObject({ unchanged: 1 });
    settleAll();
    expect(state("R-1")).toBe("published");
  });

  it("that the broker refuses falls back to the day it has", async () => {
    await importFile(FTM("R-1", "Arvo Quilbrand"));
    publishAll();
    const { sentDay, handle } = node.records.byReference("R-1");
    records.revalidate("R-1", inDays(300), because("reason"));
    const receipt = receiptOf(node.sent()[0]!);
    node.standings.settle(handle, receipt, "reviewDay", node.nowMs);
    expect(node.records.byReference("R-1")).toMatchObject({ state: "published", sentDay });
  });

  it("makes what is being published now go out with the new day", async () => {
    await importFile(FTM("R-1", "Arvo Quilbrand"));
    node.prepare(node.records.byReference("R-1").handle, 1);
    records.revalidate("R-1", inDays(300), because("reason"));
    const [joined] = node.standings.joined();
    const numbers = [...node.standings.numbersDue(joined!, { urgency: "fresh", today: 0 })].flat();
    const [due] = node.standings.due(joined!, { urgency: "fresh", today: 0, numbers });
    expect(due?.reviewByDay).toBe(parseIsoDay(inDays(300)));
    expect(entries()).toEqual([]);
  });

  it("refuses days in the past and beyond what the admission allows", async () => {
    await importFile(FTM("R-1", "Arvo Quilbrand"));
    for (const day of [inDays(-1), inDays(366), "2026-02-30", "soon"]) {
      expectRefusal(() => records.revalidate("R-1", day, because("reason")), "INVALID");
    }
  });
});

describe("the sweep", () => {
  it("takes back what is past its review day, and nothing before the day is over", async () => {
    await importFile(FILE);
    publishAll();
    node.nowMs = (parseIsoDay(reviewBy)! + 1) * 86_400_000 - 1;
    records.sweep();
    expect(state("R-1")).toBe("published");
    node.nowMs += 1;
    records.sweep();
    expect([state("R-1"), state("R-2")]).toEqual(["expired", "expired"]);
    expect(entries()).toEqual(["withdraw", "withdraw"]);
  });

  it.each(["budget", "reviewDay"] as const)(
    "tries again what was refused for %s, hourly and not more often",
    async (reason) => {
      await importFile(FTM("R-1", "Arvo Quilbrand"));
      const { handle } = node.records.byReference("R-1");
      const refuse = (): void => node.standings.refuse(node.records.byHandle(handle)!, 1, reason);
      node.prepare(handle, 1);
      refuse();
      records.sweep();
      expect(state("R-1")).toBe("hardening");
      refuse();
      node.nowMs += 60_000;
      records.sweep();
      expect(state("R-1")).toBe("rejected");
      node.nowMs += 3_600_000;
      records.sweep();
      expect(state("R-1")).toBe("hardening");
    },
  );

  it("counts what is refused for a review day that is still to come", async () => {
    await importFile(FILE);
    for (const { handle } of [node.records.byReference("R-1"), node.records.byReference("R-2")]) {
      node.prepare(handle, 1);
      node.standings.refuse(node.records.byHandle(handle)!, 1, "reviewDay");
    }
    const today = parseIsoDay(reviewBy)!;
    expect([node.standings.contested(today), node.standings.contested(today + 1)]).toEqual([2, 0]);
  });

  it("leaves what was refused for another reason; a domain is tried again when the board decides something", async () => {
    await importFile(FTM("R-1", "Arvo Quilbrand"));
    const record = node.records.byReference("R-1");
    node.prepare(record.handle, 1);
    node.standings.refuse(record, 1, "domain");
    records.sweep();
    expect(state("R-1")).toBe("rejected");
    records.onDirective();
    expect(state("R-1")).toBe("hardening");
  });

  it("without an active epoch ends what is past its day, and tells of it as soon as one is", async () => {
    await importFile(FILE);
    publishAll();
    node.epoch = undefined;
    node.nowMs = (parseIsoDay(reviewBy)! + 1) * 86_400_000;
    records.sweep();
    expect([state("R-1"), entries()]).toEqual(["expired", []]);
    node.epoch = 1;
    expect(entries()).toEqual(["withdraw", "withdraw"]);
  });
});

describe("a domain that the board takes away", () => {
  it("has its published records taken back, once, and in the log; the others stand", async () => {
    await importFile(FTM("R-1", "Arvo Quilbrand"));
    await importFile(FTM("R-2", "Belko Rostavik"), { role: "victim" });
    publishAll();
    await importFile(FTM("R-3", "Cira Dunmore"), { role: "victim" });
    await records.leaveLostDomains();
    expect(["R-1", "R-2", "R-3"].map(state)).toEqual(["published", "published", "hardening"]);
    admit = { retentionDaysMax: 365, domains: ["target"] };
    await records.leaveLostDomains();
    expect(["R-1", "R-2", "R-3"].map(state)).toEqual(["published", "withdrawn", "hardening"]);
    expect(entries()).toEqual(["withdraw"]);
    const logged = [...node.activity.entries()].filter(({ activity }) => activity.detail === "domain lost");
    expect(logged.map(({ verb, activity }) => [verb, activity.references])).toEqual([["erasure", ["R-2"]]]);
    await records.leaveLostDomains();
    expect(entries()).toEqual(["withdraw"]);
  });

  it("is not asked for while the member is suspended, and what time does to records goes on", async () => {
    await importFile(FTM("R-1", "Arvo Quilbrand"));
    publishAll();
    admit = undefined;
    node.nowMs = (parseIsoDay(reviewBy)! + 1) * 86_400_000;
    const stop = new AbortController();
    const running = records.run(stop.signal);
    await expect.poll(() => state("R-1"), SOON).toBe("expired");
    stop.abort();
    await running;
  });
});
