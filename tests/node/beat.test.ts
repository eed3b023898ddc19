import { afterEach, beforeEach, expect, it } from "vitest";
import { Preparer } from "../../agency-node/publishing/preparer.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import { saltKey } from "../../shared/crypto/token.ts";
import { invented } from "../crypto/support.ts";
import { SimWorld } from "../sim/world.ts";
import { person, TestNode } from "./support.ts";

const BEAT_MS = 2_000;

let node: TestNode;
let world: SimWorld;
let preparer: Preparer;
let stop: AbortController;
let running: Promise<void>;
/** How many records were made ready at once. */
let ready: number[];

beforeEach(() => {
  node = new TestNode();
  world = new SimWorld("beat");
  ready = [];
  const { db, records, hardened, loans } = node;
  preparer = new Preparer({
    db,
    records,
    hardened,
    loans,
    world,
    harden: async ({ inputs }) => inputs.map((input) => blake2b(64, input)),
    terms: () => [{ epoch: 1, generation: 1, salts: new Map([["target", saltKey(invented("salt", 32))]]) }],
    conversationKey: () => invented("conversation", 32),
    isArriving: () => false,
    beatMs: BEAT_MS,
    onReady: () => void ready.push(db.number("SELECT count(*) FROM prepared")),
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
