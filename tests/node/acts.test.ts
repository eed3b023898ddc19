import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Acts } from "../../agency-node/publishing/acts.ts";
import type { Entry } from "../../shared/core/data-plane.ts";
import type { Handle } from "../../shared/core/ids.ts";
import { SimWorld } from "../sim/world.ts";
import { person, TestNode } from "./support.ts";

const BEAT_MS = 2_000;

let node: TestNode;
let world: SimWorld;
let acts: Acts;
let stop: AbortController;
let running: Promise<void>;

beforeEach(() => {
  node = new TestNode();
  world = new SimWorld("acts");
  acts = new Acts({ db: node.db, outbox: node.outbox, world, beatMs: BEAT_MS, onSent: () => undefined });
  stop = new AbortController();
  running = acts.run(stop.signal);
});
afterEach(async () => {
  stop.abort();
  await running;
  node[Symbol.dispose]();
});

const records = (count: number): Handle[] => Array.from({ length: count }, (_, i) => node.put(person(`R-${i}`)));

/** The rows of the outbox: what each does to which records. */
const rows = (): (readonly [string, readonly Handle[]])[] =>
  node
    .sent()
    .flatMap(({ submission: { body } }) =>
      body.kind === "publication"
        ? [[body.entries[0]!.operation, (body.entries as Entry[]).map(({ handle }) => handle)] as const]
        : [],
    );

describe("withdrawals and new review days", () => {
  it("that are entered one after the other go out together at the beat", async () => {
    const handles = records(4);
    await world.pass(300);
    for (const handle of handles.slice(0, 3)) {
      node.db.transaction(() => acts.withdraw([handle]));
      await world.pass(200);
    }
    node.db.transaction(() => acts.revalidate(handles[3]!, 21_500));
    expect(node.outbox.length).toBe(0);
    await world.pass(BEAT_MS);
    expect(rows()).toEqual([
      ["withdraw", expect.arrayContaining(handles.slice(0, 3))],
      ["revalidate", [handles[3]]],
    ]);
  });

  it("go in no order of theirs", async () => {
    const handles = records(400);
    node.db.transaction(() => acts.withdraw(handles));
    await world.pass(BEAT_MS);
    const order = rows()[0]![1].map((handle) => handles.indexOf(handle));
    expect(order.toSorted((a, b) => a - b)).toEqual(handles.map((_, i) => i));
    const ascents = order.filter((place, i) => i > 0 && place > order[i - 1]!).length;
    // Half of them but for chance: 5.8 is the standard deviation.
    expect(Math.abs(ascents - 200)).toBeLessThan(24);
    // Nor in that of their handles.
    const sorted = rows()[0]![1].filter((handle, i, all) => i > 0 && handle > all[i - 1]!).length;
    expect(Math.abs(sorted - 200)).toBeLessThan(24);
  });

  it("are one for each record: what is withdrawn gets no new day", async () => {
    const [handle] = records(1);
    node.db.transaction(() => acts.revalidate(handle!, 21_500));
    node.db.transaction(() => acts.withdraw([handle!]));
    await world.pass(BEAT_MS);
    expect(rows()).toEqual([["withdraw", [handle]]]);
  });

  it("wait for an epoch, also over a restart", async () => {
    const [handle] = records(1);
    node.epoch = undefined;
    node.db.transaction(() => acts.withdraw([handle!]));
    await world.pass(5 * BEAT_MS);
    expect(node.outbox.length).toBe(0);
    stop.abort();
    await running;
    node.restart();
    node.epoch = 1;
    expect(rows()).toEqual([["withdraw", [handle]]]);
  });
});
