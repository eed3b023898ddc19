import { ROWS_MAX } from "../../agency-node/core/limits.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BudgetError } from "../../agency-node/hardening/answers.ts";
import { Epochs } from "../../agency-node/publishing/epochs.ts";
import type { Preparer } from "../../agency-node/publishing/preparer.ts";
import { Publisher } from "../../agency-node/publishing/publisher.ts";
import type { EpochTerms } from "../../agency-node/publishing/terms.ts";
import type { HardeningBatch } from "../../agency-node/store/hardened.ts";
import { toHex } from "../../shared/core/bytes.ts";
import type { Upsert } from "../../shared/core/data-plane.ts";
import type { Evaluator, Federation } from "../../shared/core/directive.ts";
import { blake2b, hashKey } from "../../shared/crypto/hash.ts";
import { saltKey, tokenOf } from "../../shared/crypto/token.ts";
import { silentLog } from "../../shared/world/log.ts";
import { invented } from "../crypto/support.ts";
import { BrokerModel } from "./broker-model.ts";
import { FEDERATION, MEMBER, TestNode, person, preparerOf } from "./support.ts";
import { LONG_MS, SOON } from "../support/patience.ts";
import { systemWorld } from "../../shared/world/world.ts";

let node: TestNode;
let broker: BrokerModel;
let terms: readonly EpochTerms[];
let generations: Map<number, readonly Evaluator[]>;
let asked: HardeningBatch[];
/** What the evaluators of the second generation wait for, or refuse with. */
let secondKeys: () => Promise<void>;
let carried: number[];
let destroyed: number;
let startedOver: number;
let epochs: Epochs;
let preparer: Preparer;
let publisher: Publisher;
let stop: AbortController;
let running: Promise<unknown>;

const saltOf = (epoch: number) => saltKey(invented(`salt of ${epoch}`, 32));
const termsOf = (epoch: number, generation = 1): EpochTerms => ({
  epoch,
  generation,
  salts: new Map([["target", saltOf(epoch)]]),
});
/** What evaluators would answer. */
const yOf = (generation: number, input: Uint8Array): Uint8Array =>
  invented(`${generation} ${toHex(blake2b(32, input))}`, 64);

beforeEach(() => {
  node = new TestNode();
  broker = new BrokerModel(node);
  [terms, asked, carried, destroyed, startedOver] = [[termsOf(1)], [], [], 0, 0];
  generations = new Map([[1, []]]);
  secondKeys = async () => undefined;
  begin();
});
afterEach(async () => {
  await end();
  node[Symbol.dispose]();
});

function begin(): void {
  const { db, records, standings, hardened, outbox } = node;
  const world = { ...systemWorld(silentLog), clock: () => node.nowMs };
  const common = { db, records, standings, hardened, outbox, world };
  publisher = new Publisher({
    ...common,
    federation: FEDERATION,
    member: MEMBER,
    terms: () => terms,
    paddingKey: (handle) => hashKey(invented(`padding of ${handle}`, 32)),
    blind: (handle) => invented(`blind of ${handle}`, 32),
    onCarried: (epoch) => void carried.push(epoch),
  });
  preparer = preparerOf(node, {
    world,
    async harden(batch) {
      asked.push(batch);
      if (batch.generation === 2) await secondKeys();
      return batch.inputs.map((input) => yOf(batch.generation, input));
    },
    terms: () => terms,
    onReady: () => publisher.wake(),
  });
  epochs = new Epochs({
    ...common,
    strays: node.strays,
    federation: () => ({ generations }) as unknown as Federation,
    terms: () => terms,
    currentEpoch: () => node.epoch,
    isOpen: (epoch) => node.isOpen(epoch),
    destroyOldKeys: () => (destroyed += 1),
    onChange() {
      preparer.onDirective();
      publisher.wake();
    },
    onStartedOver: () => void (startedOver += 1),
  });
  stop = new AbortController();
  const { signal } = stop;
  running = Promise.all([preparer.run(signal), publisher.run(signal), epochs.run(signal)]);
}

async function end(): Promise<void> {
  stop.abort();
  await running;
}

/** The board has decided: these epochs are open, the first of them counts. Resolves once the node takes part in them and no others. */
async function decide(...open: readonly EpochTerms[]): Promise<void> {
  terms = open.toSorted((a, b) => b.epoch - a.epoch);
  node.epoch = open[0]?.epoch;
  node.otherEpochs = open.slice(1).map(({ epoch }) => epoch);
  for (const { generation } of open) generations.set(generation, []);
  const wanted = terms.map(({ epoch }) => epoch).toSorted((a, b) => a - b);
  epochs.onDirective();
  await until(() => String(node.standings.joined().map(({ epoch }) => epoch)) === String(wanted));
}

async function until(look: () => boolean): Promise<void> {
  const deadline = performance.now() + SOON.timeout;
  while (!look()) {
    if (performance.now() > deadline) throw new Error("it did not come to that");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The broker takes what there is until nothing is due any more. */
async function settled(): Promise<void> {
  const isQuiet = (): boolean =>
    node.hardening().length === 0 &&
    node.outbox.length === 0 &&
    node.standings.joined().every(({ epoch }) => !isDue(epoch));
  await until(() => {
    broker.takeAll();
    publisher.wake();
    return isQuiet();
  });
}

const isDue = (epoch: number): boolean =>
  node.standings.isDue(epoch, "fresh") || node.standings.isDue(epoch, "carried");
const upsertsIn = (epoch: number): Upsert[] =>
  node
    .sent()
    .filter(({ submission }) => submission.epoch === epoch)
    .flatMap(({ submission: { body } }) => (body.kind === "publication" ? (body.entries as Upsert[]) : []));

function putMany(count: number, from = 0): void {
  node.db.transaction(() => {
    for (let i = from; i < from + count; i += 1) {
      node.put(person(`R-${i}`, { subject: { kind: "person", emails: [`desk${i}@unit.example`] } }));
    }
  });
  preparer.wake();
}

describe("an epoch that opens", { timeout: LONG_MS }, () => {
  it("gets every live record, with tokens under its own salt and nothing evaluated again", async () => {
    putMany(50);
    await settled();
    const evaluations = asked.length;
    await decide(termsOf(1), termsOf(2));
    await until(() => upsertsIn(2).length === 50);
    expect(carried).toEqual([2]);
    const [entry] = upsertsIn(2);
    const layout = node.standings.publication(entry!.handle, node.sent()[0]!.submission)!;
    expect(layout.epoch).toBe(2);
    const position = layout.layout.single.findIndex((place) => place !== null);
    const y = node.hardened.get(layout.layout.single[position]!.cacheKey)!;
    const token = entry!.tokens.single.subarray(position * 16, (position + 1) * 16);
    expect(token).toEqual(tokenOf(saltOf(2), "target", y));
    expect(asked).toHaveLength(evaluations);
  });

  it("gets new records too, which do not queue behind those that are carried over", async () => {
    putMany(2_500);
    await settled();
    await decide(termsOf(1), termsOf(2));
    await until(() => node.outbox.length >= ROWS_MAX.carried);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const queued = node.outbox.length;
    expect(queued).toBeLessThanOrEqual(ROWS_MAX.carried);
    putMany(1, 9_000);
    await until(() => node.outbox.length === queued + 2);
    const { handle } = node.records.byReference("R-9000");
    expect(upsertsIn(2).at(-1)?.handle === handle || upsertsIn(1).at(-1)?.handle === handle).toBe(true);
    await settled();
    expect([broker.held(1).size, broker.held(2).size]).toEqual([2_501, 2_501]);
  });

  it("goes on being filled after a crash at any point, and holds each record once", async () => {
    putMany(1_500);
    await settled();
    await decide(termsOf(1), termsOf(2));
    for (let crash = 0; crash < 3; crash += 1) {
      await until(() => node.outbox.length > 0);
      await end();
      node.restart();
      begin();
    }
    await settled();
    expect(broker.held(2).size).toBe(1_500);
    expect(node.standings.progress(2)).toEqual({ records: 1_500, published: 1_500 });
  });

  it("does not get what is withdrawn, or past its review day", async () => {
    putMany(3);
    node.put(person("OLD", { reviewBy: "2026-11-30" }));
    await settled();
    node.records.end(node.records.byReference("R-1").handle, "withdrawn", node.nowMs);
    node.nowMs = Date.UTC(2026, 11, 1);
    await decide(termsOf(1), termsOf(2));
    await until(() => upsertsIn(2).length === 2);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(upsertsIn(2)).toHaveLength(2);
  });

  it("with another generation has identifiers hardened again, once, and leaves the old epoch alone", async () => {
    putMany(5);
    await settled();
    asked = [];
    await decide(termsOf(1), termsOf(2, 2));
    await settled();
    expect(new Set(asked.map(({ generation }) => generation))).toEqual(new Set([2]));
    const [entry] = broker.held(2);
    expect(broker.held(2).size).toBe(5);
    expect(entry).toBeDefined();
    asked = [];
    putMany(1, 70);
    await settled();
    expect(new Set(asked.map(({ generation }) => generation))).toEqual(new Set([1, 2]));
    expect([broker.held(1).size, broker.held(2).size]).toEqual([6, 6]);
  });

  it.each([
    { what: "refuse", begun: async () => await Promise.reject(new BudgetError("key-office", node.nowMs + 3_600_000)) },
    { what: "are silent", begun: async () => await Promise.withResolvers<void>().promise },
  ])("whose evaluators $what keeps nothing from the epoch that counts, and gets it later", async ({ what, begun }) => {
    putMany(5);
    await settled();
    secondKeys = begun;
    await decide(termsOf(1), termsOf(2, 2));
    await until(() => asked.some(({ generation }) => generation === 2));
    putMany(1, 70);
    node.put(person("R-0", { subject: { kind: "person", emails: ["other@unit.example"] } }));
    preparer.wake();
    await until(() => upsertsIn(1).length === 2);
    broker.takeAll();
    expect(["R-0", "R-70"].map((reference) => node.records.byReference(reference).state)).toEqual([
      "published",
      "published",
    ]);
    expect(upsertsIn(2)).toEqual([]);
    if (what === "refuse") expect(preparer.halt?.code).toBe("EXHAUSTED");
    // Whoever was silent is asked again after a restart; whoever refused, when the board has decided something.
    secondKeys = async () => undefined;
    await end();
    node.restart();
    begin();
    await settled();
    expect([broker.held(1).size, broker.held(2).size]).toEqual([6, 6]);
    const inputs = asked.filter(({ generation }) => generation === 1).flatMap((batch) => batch.inputs.map(toHex));
    expect(new Set(inputs).size).toBe(inputs.length);
    expect(preparer.halt).toBeUndefined();
  });

  it("whose evaluators refuse, and which is given up, leaves nothing to be hardened", async () => {
    putMany(5);
    await settled();
    secondKeys = async () => await Promise.withResolvers<void>().promise;
    await decide(termsOf(1), termsOf(2, 2));
    await until(() => asked.some(({ generation }) => generation === 2));
    putMany(1, 70);
    await decide(termsOf(1));
    await settled();
    await until(() => preparer.halt === undefined);
    expect([broker.held(1).size, broker.held(2).size]).toEqual([6, 0]);
  });

  it("shows nothing until it counts: a person sees the state in the active epoch", async () => {
    putMany(1);
    await settled();
    await decide(termsOf(1), termsOf(2));
    await until(() => upsertsIn(2).length === 1);
    expect(node.records.byReference("R-0").state).toBe("published");
    await decide(termsOf(2), termsOf(1));
    await until(() => node.records.byReference("R-0").state === "waiting");
    await settled();
    expect(node.records.byReference("R-0").state).toBe("published");
  });
});

describe("a record in two epochs", { timeout: LONG_MS }, () => {
  it("is withdrawn once, and its amendment goes to both", async () => {
    await decide(termsOf(1), termsOf(2));
    putMany(2);
    await settled();
    const { handle } = node.records.byReference("R-0");
    node.put(person("R-0", { subject: { kind: "person", emails: ["other@unit.example"] } }));
    preparer.wake();
    await settled();
    expect([broker.held(1).size, broker.held(2).size]).toEqual([2, 2]);
    expect(node.records.byReference("R-0").revision).toBe(2);
    node.records.end(handle, "withdrawn", node.nowMs);
    node.outbox.append({ kind: "publication", entries: [{ operation: "withdraw", handle }] });
    await settled();
    expect([broker.held(1).size, broker.held(2).size]).toEqual([1, 1]);
  });
});

describe("an epoch that ends", { timeout: LONG_MS }, () => {
  it("is forgotten: standings, layouts, keys and what it alone needed of the cache", async () => {
    putMany(5);
    await settled();
    const [former] = node.records.all();
    const version = node.db.get<{ incarnation: never; sequence: number }>("SELECT * FROM standing")!;
    await decide(termsOf(1), termsOf(2, 2));
    await settled();
    generations.delete(1);
    await decide(termsOf(2, 2));
    await until(() => destroyed > 2);
    expect(node.db.all("SELECT 1 FROM standing WHERE epoch = 1")).toEqual([]);
    expect(node.db.all("SELECT 1 FROM published WHERE epoch = 1")).toEqual([]);
    expect(node.db.all("SELECT DISTINCT generation FROM prepared")).toEqual([{ generation: 2 }]);
    expect(node.db.all("SELECT DISTINCT generation FROM hardened")).toEqual([{ generation: 2 }]);
    expect(node.standings.publication(former!.handle, version)).toBeUndefined();
    expect(node.records.byHandle(former!.handle)?.state).toBe("published");
    expect(startedOver).toBe(0);
  });

  it("takes what waited in it out of the outbox under a new incarnation, and what else waited stays", async () => {
    await decide(termsOf(1), termsOf(2));
    putMany(3);
    await until(() => upsertsIn(1).length === 3 && upsertsIn(2).length === 3);
    const before = node.outbox.incarnation;
    const { handle } = node.records.byReference("R-2");
    node.outbox.append({ kind: "publication", entries: [{ operation: "withdraw", handle }] });
    await decide(termsOf(2));
    await until(() => startedOver === 1);
    node.outbox.append({
      kind: "connected",
      noticeNumber: 0,
      noticeHash: new Uint8Array(32),
      version: "0.0.0",
      capabilities: [],
    });
    expect(node.outbox.incarnation).not.toBe(before);
    expect(upsertsIn(1)).toEqual([]);
    expect(node.sent().map(({ submission }) => submission.sequence)).toEqual([1, 2, 3]);
    expect(new Set(node.sent().map(({ submission }) => submission.epoch))).toEqual(new Set([2]));
    await settled();
    expect(broker.held(2).size).toBe(2);
  });

  it("aborted, leaves the active one as it was; the next one is filled", async () => {
    putMany(4);
    await settled();
    await decide(termsOf(1), termsOf(2));
    await until(() => upsertsIn(2).length === 4);
    await decide(termsOf(1));
    expect(node.records.byReference("R-0").state).toBe("published");
    await decide(termsOf(1), termsOf(3));
    await settled();
    expect(broker.held(3).size).toBe(4);
  });

  it("before the next one is open, leaves records that wait for it", async () => {
    putMany(4);
    await settled();
    const evaluations = asked.length;
    await decide();
    await decide(termsOf(2));
    await settled();
    expect(broker.held(2).size).toBe(4);
    expect(asked).toHaveLength(evaluations);
  });
});
