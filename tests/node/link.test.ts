/** The node's connection to the data plane, when it is lost and comes back. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { BrokerFaults } from "../../agency-node/bus/broker-faults.ts";
import { Link } from "../../agency-node/bus/link.ts";
import type { Bus } from "../../shared/bus/bus.ts";
import { FIRST_VERSION } from "../../shared/core/capabilities.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { aborted } from "../../shared/world/wait.ts";
import { SimWorld } from "../sim/world.ts";
import { MEMBER, openAtNode, TestNode } from "./support.ts";

let node: TestNode;
let world: SimWorld;
let stop: AbortController;
let running: Promise<void>;
let isServerFull: boolean;
let stored: number;
let reconnected: () => void;

beforeEach(() => {
  node = new TestNode();
  world = new SimWorld("link");
  stop = new AbortController();
  [isServerFull, stored] = [true, 0];
  const bus: Pick<Bus, "connected" | "publish" | "consume" | typeof Symbol.asyncDispose> = {
    connected: true,
    async publish() {
      if (isServerFull) throw new CausewayError("UNAVAILABLE", "invented");
      stored += 1;
    },
    // Nothing comes from this broker.
    async *consume() {
      await aborted(stop.signal);
      yield* [];
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const { db, standings, outbox, inbox, line, retries } = node;
  const stores = { db, standings, outbox, inbox, line, retries };
  const nothing = (): void => undefined;
  const link = new Link({
    ...stores,
    world,
    member: MEMBER,
    version: "0.0.0",
    faults: new BrokerFaults(),
    broker: () => FIRST_VERSION,
    open: openAtNode,
    apply: nothing,
    takeDigestAnswer: nothing,
    sendStatements: nothing,
    onReceipt: nothing,
    onDoubt: nothing,
    onConnect: nothing,
    async connectBus({ onReconnect = nothing }) {
      reconnected = onReconnect;
      return bus as Bus;
    },
  });
  running = link.run(stop.signal);
});
afterEach(async () => {
  stop.abort();
  await world.settle();
  await running;
  node[Symbol.dispose]();
});

it("sends what waits as soon as it is connected again, however long it was refused", async () => {
  await world.pass(60_000);
  expect(stored).toBe(0);
  isServerFull = false;
  reconnected();
  await world.settle();
  expect(stored).toBeGreaterThan(0);
});
