import { afterEach, beforeEach, expect, it } from "vitest";
import type { Preparer } from "../../agency-node/publishing/preparer.ts";
import { SimWorld } from "../sim/world.ts";
import { person, preparerOf, TestNode } from "./support.ts";

const BEAT_MS = 2_000;

let node: TestNode;
let world: SimWorld;
let preparer: Preparer;
let stop: AbortController;
let running: Promise<void>;
/** How many records were made ready at once. */
let ready: number[];
let isArriving: boolean;

beforeEach(() => {
  node = new TestNode();
  world = new SimWorld("beat");
  ready = [];
  isArriving = false;
  preparer = preparerOf(node, {
    world,
    isArriving: () => isArriving,
    beatMs: BEAT_MS,
    onReady: () => void ready.push(node.db.number("SELECT count(*) FROM prepared")),
  });
  stop = new AbortController();
  running = preparer.run(stop.signal);
});
afterEach(async () => {
  stop.abort();
  await world.settle();
  await running;
  node[Symbol.dispose]();
});

function enter(...references: readonly string[]): void {
  for (const reference of references) node.put(person(reference));
  preparer.wake();
}

it("what is entered one after the other is hardened, and goes, together at the beat", async () => {
  await world.pass(500);
  enter("R-1");
  await world.pass(500);
  enter("R-2");
  await world.pass(500);
  enter("R-3");
  await world.pass(400);
  expect(ready).toEqual([]);
  await world.pass(200);
  expect(ready).toEqual([3]);
});

it("many records do not wait: each is one among them", async () => {
  await world.pass(500);
  node.db.transaction(() => enter(...Array.from({ length: 300 }, (_, i) => `R-${i}`)));
  await world.pass(100);
  expect(ready).toEqual([300]);
});

it("what is urgent does not wait for the beat, and nothing else goes with it", async () => {
  await world.pass(500);
  enter("R-1", "R-2");
  await world.pass(500);
  node.put(person("R-3"));
  node.records.setUrgent("R-3");
  preparer.wake();
  await world.pass(100);
  expect(ready).toEqual([1]);
  await world.pass(800);
  expect(ready).toEqual([1]);
  await world.pass(200);
  expect(ready).toEqual([1, 3]);
});

it("what is urgent does not wait for a file that is being read", async () => {
  await world.pass(500);
  isArriving = true;
  enter("R-1");
  await world.pass(5_000);
  expect(ready).toEqual([]);
  node.put(person("R-2"));
  node.records.setUrgent("R-2");
  preparer.wake();
  await world.pass(100);
  expect(ready).toEqual([1]);
  isArriving = false;
  preparer.wake();
  await world.pass(2_000);
  expect(ready).toEqual([1, 2]);
});
