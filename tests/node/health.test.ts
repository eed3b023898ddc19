import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Health } from "../../agency-node/health.ts";
import { CAPABILITIES, FIRST_VERSION, understoodOf } from "../../shared/core/capabilities.ts";
import type { Capabilities } from "../../shared/core/capabilities.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Handle } from "../../shared/core/ids.ts";
import { silentLog } from "../../shared/world/log.ts";
import { invented } from "../crypto/support.ts";
import { BrokerModel } from "./broker-model.ts";
import { kindsOf, person, TestNode } from "./support.ts";
import { SOON } from "../support/patience.ts";
import { systemWorld } from "../../shared/world/world.ts";

let node: TestNode;
let health: Health;
let connected: boolean;
let federation: Federation;
let stop: AbortController;
let running: Promise<void>;
let broker: Capabilities;

beforeEach(() => {
  node = new TestNode();
  connected = true;
  broker = FIRST_VERSION;
  const epochs = [1, 2].map((epoch) => [epoch, { epoch, state: epoch === 1 ? "active" : "staging" }] as const);
  federation = { head: { number: 9, hash: invented("head", 32) }, epochs: new Map(epochs) } as unknown as Federation;
  health = new Health({
    standings: node.standings,
    outbox: node.outbox,
    world: { ...systemWorld(silentLog), clock: () => node.nowMs },
    version: "0.0.0",
    inbox: node.inbox,
    broker: () => broker,
    federation: () => federation,
    obstacles: () => new Map([[2, "scheme"]]),
    canaries: { unprovenSinceMs: () => 5, counts: (epoch) => ({ met: epoch, expected: 3 }), missing: () => [] },
    comparison: { notCompared: 3 },
    strays: node.strays,
    line: node.line,
    retries: node.retries,
    isConnected: () => connected,
  });
  stop = new AbortController();
  running = health.run(stop.signal);
});
afterEach(async () => {
  stop.abort();
  await running;
  node[Symbol.dispose]();
});

const statements = (): number => kindsOf(node.sent()).filter((kind) => kind === "health").length;

async function changed(): Promise<void> {
  node.nowMs += 60_000;
  health.changed();
  await new Promise((resolve) => setTimeout(resolve, 20));
}

describe("a node's word about itself", () => {
  it("says what it understands, and what it skipped, only to a broker that reads that", async () => {
    const said = () => node.sent().map(({ submission }) => submission.body);
    node.inbox.skip({ number: 3, field: 17 });
    await changed();
    expect(said()).toMatchObject([{ kind: "health", capabilities: [], skippedNotices: 0 }]);
    new BrokerModel(node).takeAll();
    broker = understoodOf(["capabilities"]);
    await changed();
    expect(said()).toMatchObject([{ kind: "health", capabilities: CAPABILITIES, skippedNotices: 1 }]);
  });

  it("names its directive, and for each open epoch what stands, what hinders, and what the canaries say", async () => {
    node.publish(node.put(person("R-1")));
    new BrokerModel(node).takeAll();
    node.publish(node.put(person("R-2")));
    await changed();
    const body = node
      .sent()
      .map(({ submission }) => submission.body)
      .find(({ kind }) => kind === "health");
    expect(body).toMatchObject({
      version: "0.0.0",
      nodeTimeMs: node.nowMs,
      outboxSinceMs: node.nowMs - 60_000,
      capabilities: [],
      skippedNotices: 0,
      recordsNotCompared: 0,
      clockSkewMs: 0,
      heldStrays: 0,
      contestedExpiries: 0,
      canariesUnprovenSinceMs: 5,
      directiveNumber: 9,
      epochs: [
        // The second record has only just come in: the node is not behind because of it.
        { epoch: 1, records: 1, published: 1, obstacle: "", canariesMet: 1, canariesExpected: 3 },
        { epoch: 2, records: 1, published: 0, obstacle: "scheme" },
      ],
    });
  });

  it("says what it is not sure of, only to a broker that reads that", async () => {
    const handle = node.put(person("R-1"));
    node.prepare(handle, 1);
    node.standings.refuse(node.records.byHandle(handle)!, 1, "reviewDay");
    const strays = ["a1", "a2"].map((byte) => [toId<Handle>(byte.repeat(16)), undefined] as const);
    node.strays.hold(1, [0xa1, 0xa2], strays, node.nowMs);
    node.line.heardClock(node.nowMs + 600_000);
    const none = { recordsNotCompared: 0, clockSkewMs: 0, heldStrays: 0, contestedExpiries: 0 };
    const unsure = { recordsNotCompared: 3, clockSkewMs: -600_000, heldStrays: 2, contestedExpiries: 1 };
    for (const [understood, said] of [
      [["capabilities"], none],
      [["capabilities", "beats"], unsure],
    ] as const) {
      broker = understoodOf(understood);
      await changed();
      expect(node.sent().map(({ submission }) => submission.body)).toMatchObject([{ kind: "health", ...said }]);
      new BrokerModel(node).takeAll();
    }
  });

  it("is not said while nobody hears it, nor twice before a receipt", async () => {
    connected = false;
    await changed();
    expect(statements()).toBe(0);
    connected = true;
    await changed();
    await changed();
    expect(statements()).toBe(1);
    new BrokerModel(node).takeAll();
    await changed();
    expect(statements()).toBe(1);
  });

  it("is said again once the receipt is there, if something changed meanwhile", async () => {
    await changed();
    await changed();
    expect(statements()).toBe(1);
    new BrokerModel(node).takeAll();
    expect(statements()).toBe(0);
    await expect.poll(statements, SOON).toBe(1);
  });
});
