import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Digests } from "../../agency-node/publishing/digests.ts";
import type { DigestAnswer, Entry } from "../../shared/core/data-plane.ts";
import { dayOf } from "../../shared/core/days.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Handle } from "../../shared/core/ids.ts";
import { silentLog } from "../../shared/world/log.ts";
import { BrokerModel } from "./broker-model.ts";
import { TestNode, person } from "./support.ts";
import { systemWorld } from "../../shared/world/world.ts";

let node: TestNode;
let broker: BrokerModel;
let digests: Digests;
let stop: AbortController;
let running: Promise<void>;
let repairs: number;

const DAY = dayOf(Date.UTC(2027, 2, 31));
const MINUTE_MS = 60_000;

beforeEach(() => {
  node = new TestNode();
  broker = new BrokerModel(node);
  repairs = 0;
  begin();
});
afterEach(async () => {
  await end();
  node[Symbol.dispose]();
});

function begin(): void {
  digests = new Digests({
    db: node.db,
    records: node.records,
    standings: node.standings,
    outbox: node.outbox,
    acts: node.acts,
    strays: node.strays,
    retries: node.retries,
    isCanary: () => false,
    world: { ...systemWorld(silentLog), clock: () => node.nowMs },
    openEpochs: () => node.standings.joined().map(({ epoch }) => epoch),
    onRepair: () => void (repairs += 1),
    onAnswer: () => undefined,
  });
  stop = new AbortController();
  running = digests.run(stop.signal);
}

async function end(): Promise<void> {
  stop.abort();
  await running;
}

/** Lets as much time pass as a digest may take to be sent, then lets the broker answer what was sent. */
async function exchange(afterMs = 0): Promise<DigestAnswer[]> {
  node.nowMs += afterMs;
  if (afterMs === 0) digests.askAll();
  // Only wakes it: nothing is published in this epoch.
  else digests.ask(99);
  return await answered();
}

async function answered(): Promise<DigestAnswer[]> {
  await new Promise((resolve) => setImmediate(resolve));
  return broker.takeAll((answer) => digests.take(answer));
}

/** What the publisher does with everything that is due. */
function publishDue(): void {
  for (const joined of node.standings.joined()) {
    for (const urgency of ["fresh", "carried"] as const) {
      const numbers = [...node.standings.numbersDue(joined, { urgency, today: 0 })].flat();
      const due = node.standings.due(joined, { urgency, today: 0, numbers });
      for (const { handle } of due) node.publish(handle, DAY, joined.epoch);
    }
  }
}

function records(count: number): Handle[] {
  const handles = Array.from({ length: count }, (_, i) => node.put(person(`R-${i}`)));
  for (const handle of handles) node.publish(handle, DAY);
  return handles;
}

const agreedMs = (epoch = 1): number => node.standings.joined().find((each) => each.epoch === epoch)!.agreedMs;
const entries = (): Entry[] =>
  node.sent().flatMap(({ submission: { body } }) => (body.kind === "publication" ? (body.entries as Entry[]) : []));

describe("a digest", () => {
  it("is agreed on with a broker that holds everything, also while rows are on their way, and remembered", async () => {
    records(20);
    broker.takeAll();
    node.publish(node.put(person("R-99")), DAY);
    const [answer] = await exchange();
    expect(answer?.differing).toEqual([]);
    expect(agreedMs()).toBe(node.nowMs);
  });

  it("is not said again for a quarter of an hour while nothing changes, and soon after a change", async () => {
    const handles = records(3);
    expect(await exchange()).toHaveLength(1);
    expect(await exchange(6 * MINUTE_MS)).toHaveLength(0);
    expect(await exchange(6 * MINUTE_MS)).toHaveLength(0);
    expect(await exchange(6 * MINUTE_MS)).toHaveLength(1);
    node.publish(handles[0]!, DAY);
    expect(await exchange(6 * MINUTE_MS)).toHaveLength(1);
    // A connection is a reason to ask, whatever was agreed before.
    expect(await exchange()).toHaveLength(1);
  });

  it("leaves out what is withdrawn or past its review day", async () => {
    const [first] = records(3);
    const early = node.put(person("EARLY"));
    node.publish(early, dayOf(node.nowMs) - 1);
    node.db.transaction(() => {
      node.records.end(first!, "withdrawn", node.nowMs);
      node.outbox.append({ kind: "publication", entries: [{ operation: "withdraw", handle: first! }] });
    });
    expect((await exchange())[0]?.differing).toEqual([]);
  });

  it("counts the version that the broker holds when it has refused the one after it", async () => {
    const [handle] = records(1);
    broker.takeAll();
    node.put(person("R-0", { caseReference: "CASE-2" }));
    node.publish(handle!, DAY);
    broker.refuse = () => true;
    broker.takeAll();
    expect(node.records.byHandle(handle!)?.state).toBe("rejected");
    expect((await exchange())[0]?.differing).toEqual([]);
    expect(broker.held(1).size).toBe(1);
  });

  it("follows versions that go out under another number", async () => {
    records(5);
    await end();
    node.restart();
    begin();
    expect((await exchange())[0]?.differing).toEqual([]);
    expect(broker.held(1).size).toBe(5);
  });

  it("that differs once is asked again before anything is sent", async () => {
    records(4);
    broker.takeAll();
    const held = new Map(broker.held(1));
    broker.held(1).clear();
    expect((await exchange())[0]?.differing.length).toBeGreaterThan(0);
    expect([repairs, agreedMs()]).toEqual([0, 0]);
    for (const [handle, each] of held) broker.held(1).set(handle, each);
    expect((await exchange())[0]?.differing).toEqual([]);
    expect(repairs).toBe(0);
  });

  it("is not written twice while the broker is away", async () => {
    digests.askAll();
    await new Promise((resolve) => setImmediate(resolve));
    digests.askAll();
    await new Promise((resolve) => setImmediate(resolve));
    expect(node.sent().filter(({ submission }) => submission.body.kind === "digest")).toHaveLength(1);
  });
});

describe("what differs twice", () => {
  it("is sent again by a node whose broker has lost submissions", async () => {
    const handles = records(30);
    broker.takeAll();
    for (const handle of handles.slice(0, 3)) broker.held(1).delete(handle);
    await exchange();
    await exchange();
    expect(repairs).toBe(1);
    publishDue();
    expect((await exchange())[0]?.differing).toEqual([]);
    expect(broker.held(1).size).toBe(30);
    expect([...node.records.all()].every(({ state }) => state === "published")).toBe(true);
  });

  it("is withdrawn again where this node has ended it", async () => {
    const [first] = records(12);
    broker.takeAll();
    const before = broker.held(1).get(first!)!;
    node.db.transaction(() => {
      node.records.end(first!, "withdrawn", node.nowMs);
      node.acts.withdraw([first!]);
    });
    broker.takeAll();
    broker.held(1).set(first!, before);
    await exchange();
    await exchange();
    expect(entries()).toEqual([{ operation: "withdraw", handle: first }]);
    expect((await exchange())[0]?.differing).toEqual([]);
    expect([broker.held(1).size, node.strays.count]).toEqual([11, 0]);
  });

  it("is sent again by a node that was restored from a backup, and what came after it is held", async () => {
    const [first] = records(2);
    broker.takeAll();
    const tokens = broker.held(1).get(first!)!.tokens;
    const later = toId<Handle>("ab".repeat(16));
    broker.held(1).set(first!, { sequence: 77, day: DAY, tokens });
    broker.held(1).set(later, { sequence: 78, day: DAY, tokens });
    await exchange();
    await exchange();
    publishDue();
    expect((await exchange())[0]?.differing).toEqual([]);
    expect(digests.agreementIn(1)).toBe("agreed");
    expect(broker.held(1).has(later)).toBe(true);
    expect(node.strays.list()).toEqual([{ handle: later, sinceMs: node.nowMs, matches: 0 }]);
    expect(broker.held(1).get(first!)?.sequence).not.toBe(77);
  });

  it("and goes on differing is tried ever less often", async () => {
    records(3);
    broker.takeAll();
    const lose = (): void => broker.held(1).clear();
    let asked = 0;
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      lose();
      asked += (await exchange(MINUTE_MS)).length;
      publishDue();
      broker.takeAll();
    }
    expect(repairs).toBeLessThan(40);
    expect(asked).toBeGreaterThan(0);
  });
});

describe("records that only the broker knows", () => {
  /** As after the loss of its database: the broker goes on with what it holds. */
  async function loseDatabase(): Promise<void> {
    await end();
    node[Symbol.dispose]();
    node = new TestNode();
    const { epochs, saysItems } = broker;
    broker = new BrokerModel(node);
    broker.saysItems = saysItems;
    for (const [epoch, held] of epochs) broker.epochs.set(epoch, held);
    begin();
  }

  it("are held, counted, and withdrawn by nobody", async () => {
    records(12);
    broker.takeAll();
    await loseDatabase();
    await exchange();
    expect(digests.agreementIn(1)).toBe("awaited");
    expect((await exchange())[0]?.differing).toEqual([]);
    expect(digests.agreementIn(1)).toBe("agreed");
    expect([entries(), broker.held(1).size, node.strays.count]).toEqual([[], 12, 12]);
  });

  it("are known again, each by its handle, once their file is imported, and nothing else is sent for it", async () => {
    records(12);
    broker.takeAll();
    await loseDatabase();
    await exchange();
    await exchange();
    const handles = Array.from({ length: 10 }, (_, i) => node.put(person(`R-${i}`)));
    expect(node.strays.count).toBe(2);
    // What is not published yet counts as the broker holds it.
    expect((await exchange())[0]?.differing).toEqual([]);
    for (const handle of handles) node.publish(handle, DAY);
    expect((await exchange())[0]?.differing).toEqual([]);
    expect([broker.held(1).size, node.strays.count, repairs]).toEqual([12, 2, 0]);
  });

  it("go when a person says so, also if the broker forgets it, and those that end there are forgotten here", async () => {
    const [first, second] = records(3);
    broker.takeAll();
    await loseDatabase();
    await exchange();
    const before = broker.held(1).get(first!)!;
    node.db.transaction(() => {
      expect(node.strays.letGo(first!, node.nowMs)).toBe(true);
      node.acts.withdraw([first!]);
    });
    expect(node.strays.letGo(first!, node.nowMs)).toBe(false);
    broker.takeAll();
    broker.held(1).set(first!, before);
    broker.held(1).delete(second!);
    for (let i = 0; i < 3; i += 1) await exchange();
    expect([...broker.held(1).keys()]).not.toContain(first);
    expect(broker.held(1).size).toBe(1);
    expect((await exchange())[0]?.differing).toEqual([]);
    expect(node.strays.count).toBe(1);
  });

  it("of a broker that does not say what each comes to are held all the same, and nothing is agreed on", async () => {
    records(4);
    broker.takeAll();
    broker.saysItems = false;
    await loseDatabase();
    await exchange();
    await exchange();
    expect([node.strays.count, broker.held(1).size, digests.agreementIn(1)]).toEqual([4, 4, "differs"]);
  });
});
