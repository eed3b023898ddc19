import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BudgetError } from "../../agency-node/hardening/answers.ts";
import { identifiersOf } from "../../agency-node/linkage/identifiers.ts";
import type { HardenBatch } from "../../agency-node/publishing/lane.ts";
import type { Preparer } from "../../agency-node/publishing/preparer.ts";
import { Publisher } from "../../agency-node/publishing/publisher.ts";
import type { EpochTerms } from "../../agency-node/publishing/terms.ts";
import type { HardeningBatch } from "../../agency-node/store/hardened.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type { Upsert } from "../../shared/core/data-plane.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { blake2b, hashKey } from "../../shared/crypto/hash.ts";
import {
  binderOf,
  confirmKeyOf,
  ownerOf,
  saltKey,
  TAG_BYTES,
  tagger,
  TOKEN_BYTES,
  tokenOf,
} from "../../shared/crypto/token.ts";
import { silentLog } from "../../shared/world/log.ts";
import { invented } from "../crypto/support.ts";
import { FEDERATION, MEMBER, TestNode, person, preparerOf } from "./support.ts";
import { LONG_MS, SOON } from "../support/patience.ts";
import { systemWorld } from "../../shared/world/world.ts";

const SALT = saltKey(invented("salt", 32));
/** What evaluators would answer. */
const yOf = (input: Uint8Array): Uint8Array => invented(toHex(blake2b(32, input)), 64);

let node: TestNode;
let asked: HardeningBatch[];
let stop: AbortController;
let running: Promise<unknown>;
let terms: readonly EpochTerms[];
let carried: number[];
let isArriving: boolean;

beforeEach(() => {
  node = new TestNode();
  asked = [];
  carried = [];
  isArriving = false;
  terms = [{ epoch: 1, generation: 1, salts: new Map([["target", SALT]]) }];
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await running;
  node[Symbol.dispose]();
});

const answer: HardenBatch = async ({ inputs }) => inputs.map(yOf);

/** Starts both halves of publishing; answers with the one that hardens. */
function start(harden: HardenBatch = answer): Preparer {
  const { db, standings, outbox } = node;
  const world = systemWorld(silentLog);
  const publisher = new Publisher({
    db,
    standings,
    outbox,
    world,
    federation: FEDERATION,
    member: MEMBER,
    terms: () => terms,
    paddingKey: (handle) => hashKey(invented(`padding of ${handle}`, 32)),
    blind: (handle) => invented(`blind of ${handle}`, 32),
    onCarried: (epoch) => carried.push(epoch),
  });
  const preparer = preparerOf(node, {
    world,
    async harden(batch) {
      asked.push(batch);
      return await harden(batch);
    },
    terms: () => terms,
    isArriving: () => isArriving,
    onReady: () => publisher.wake(),
  });
  stop = new AbortController();
  const { signal } = stop;
  running = Promise.all([preparer.run(signal), publisher.run(signal)]);
  return preparer;
}

/** As if a broker gave its receipts at once, and all rows could be looked at all the same. */
function neverFull(): void {
  Object.defineProperty(node.outbox, "length", { value: 0 });
}

/** Resolves once `look` holds. */
async function until(look: () => boolean): Promise<void> {
  const deadline = performance.now() + SOON.timeout;
  while (!look()) {
    if (performance.now() > deadline) throw new Error("it did not come to that");
    // Each look may read a whole table: the work that is waited for must get its turn.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Spearman's: 1 for what is sorted, 0 for what is in no order. */
function rankCorrelation(order: readonly number[]): number {
  const n = order.length;
  const squares = order.reduce((sum, place, i) => sum + (place - i) ** 2, 0);
  return 1 - (6 * squares) / (n * (n * n - 1));
}

const states = (): string[] => [...node.records.all()].map(({ state }) => state);
const allWaiting = (): boolean => node.records.counts().hardening === 0;

function upserts(): Upsert[] {
  return node
    .sent()
    .flatMap(({ submission: { body } }) => (body.kind === "publication" ? body.entries : [])) as Upsert[];
}

describe("publishing", { timeout: LONG_MS }, () => {
  it("sends the tokens of a record's identifiers and their tags, each at the place its layout says", async () => {
    const handle = node.put(person("R-1"));
    start();
    await until(allWaiting);
    const [entry] = upserts();
    const [sent] = node.sent();
    const layout = node.standings.publication(handle, sent!.submission)!.layout;
    let real = 0;
    const { binder, blind, conversationKey } = entry!;
    expect(binder).toEqual(binderOf(conversationKey, ownerOf({ member: MEMBER, handle, blind })));
    const tag = tagger({ federation: FEDERATION, epoch: 1, binder });
    for (const tokenClass of TOKEN_CLASSES) {
      layout[tokenClass].forEach((place, position) => {
        if (place === null) return;
        real += 1;
        const y = node.hardened.get(place.cacheKey)!;
        const token = entry!.tokens[tokenClass].subarray(position * TOKEN_BYTES, (position + 1) * TOKEN_BYTES);
        expect(token).toEqual(tokenOf(SALT, "target", y));
        const sent = entry!.tags[tokenClass].subarray(position * TAG_BYTES, (position + 1) * TAG_BYTES);
        expect(sent).toEqual(tag(confirmKeyOf(SALT, "target", y)));
      });
    }
    expect(real).toBe(identifiersOf(person("R-1").subject).length);
    expect(node.records.byHandle(handle)?.tokens).toBe(real);
  });

  it("sends what is urgent before all else that is due, among others, and not in front of them", async () => {
    const references = Array.from({ length: 400 }, (_, i) => `R-${i}`);
    const handles = references.map((reference) => node.put(person(reference)));
    for (const handle of handles) node.prepare(handle, 1);
    const hurried = references.slice(-3).map((reference) => {
      node.records.setUrgent(reference);
      return node.records.byReference(reference).handle;
    });
    start();
    await until(allWaiting);
    const [first] = node.sent();
    const { body } = first!.submission;
    const order = body.kind === "publication" ? body.entries.map((entry) => (entry as Upsert).handle) : [];
    const places = hurried.map((handle) => order.indexOf(handle));
    expect(order.length).toBeLessThan(references.length);
    expect(places.every((place) => place >= 0)).toBe(true);
    // Three in front of all by chance: once in ten million.
    expect(places.toSorted((a, b) => a - b)).not.toEqual([0, 1, 2]);
    expect(node.db.number("SELECT count(*) FROM urgent")).toBe(0);
  });

  it("makes no more rows than the broker gives receipts for, but for what is urgent", async () => {
    for (let row = 0; row < 20; row += 1) node.outbox.append({ kind: "publication", entries: [] });
    const [waiting, hurried] = [node.put(person("R-1")), node.put(person("R-2"))];
    for (const handle of [waiting, hurried]) node.prepare(handle, 1);
    start();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(upserts()).toEqual([]);
    node.records.setUrgent("R-2");
    stop.abort();
    await running;
    start();
    await until(() => upserts().length > 0);
    expect(upserts().map(({ handle }) => handle)).toContain(hurried);
  });

  it("goes in an order that says nothing of the file's, over all that is due and not window by window", async () => {
    neverFull();
    const COUNT = 6_000;
    const places = new Map<string, number>();
    node.db.transaction(() => {
      for (let i = 0; i < COUNT; i += 1) {
        const subject = { kind: "person", emails: [`desk${i % 40}@unit.example`] } as const;
        places.set(node.put(person(`R-${i}`, { subject })), i);
      }
    });
    start();
    await until(allWaiting);
    const order = upserts().map(({ handle }) => places.get(handle)!);
    expect(new Set(order).size).toBe(COUNT);
    // Of two independent orders the standard deviation of this is 1 / sqrt(COUNT).
    expect(Math.abs(rankCorrelation(order))).toBeLessThan(4 / Math.sqrt(COUNT));
    // As much of each third of the file is in each third of what was sent: 22 is the standard deviation.
    for (const third of [0, 1, 2]) {
      const sent = order.slice((third * COUNT) / 3, ((third + 1) * COUNT) / 3);
      for (const of of [0, 1, 2]) {
        const count = sent.filter((place) => Math.floor((3 * place) / COUNT) === of).length;
        expect(Math.abs(count - COUNT / 9)).toBeLessThan(4 * 22);
      }
    }
  });

  it("waits until all of a file is here", async () => {
    isArriving = true;
    const preparer = start();
    node.put(person("R-1"));
    preparer.wake();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(asked).toEqual([]);
    isArriving = false;
    preparer.wake();
    await until(allWaiting);
  });

  it("asks the evaluators for an identifier once, however many records hold it and however many windows are on their way", async () => {
    neverFull();
    node.db.transaction(() => {
      for (let i = 0; i < 9_000; i += 1) {
        node.put(person(`R-${i}`, { subject: { kind: "person", emails: [`desk${i % 40}@unit.example`] } }));
      }
    });
    start(async (batch) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return await answer(batch);
    });
    await until(allWaiting);
    const inputs = asked.flatMap((batch) => batch.inputs.map(toHex));
    expect(inputs.length).toBeGreaterThan(0);
    expect(new Set(inputs).size).toBe(inputs.length);
    expect(upserts()).toHaveLength(9_000);
  });

  it("finishes a batch that was on its way at a crash: same id, seed and inputs, and no second one", async () => {
    node.put(person("R-1"));
    const { promise: never } = Promise.withResolvers<Uint8Array[]>();
    start(() => never);
    await until(() => asked.length === 1);
    stop.abort();
    await running;
    node.restart();
    start();
    await until(allWaiting);
    expect(asked).toHaveLength(2);
    expect(asked[1]).toEqual(asked[0]);
    expect(node.hardened.unfinished()).toEqual([]);
  });

  it("stops at once while evaluators are silent", async () => {
    node.put(person("R-1"));
    start(() => Promise.withResolvers<Uint8Array[]>().promise);
    await until(() => asked.length === 1);
    stop.abort();
    // They never answer: it would not end by itself.
    await running;
  });

  it("tries the same batch again when an evaluator was away", async () => {
    node.put(person("R-1"));
    start(async (batch) => {
      if (asked.length < 3) throw new CausewayError("UNAVAILABLE", "away");
      return await answer(batch);
    });
    await until(allWaiting);
    expect(new Set(asked.map(({ batchId }) => toHex(batchId))).size).toBe(1);
  });

  it("drops a batch whose proof failed, and says why nothing is published", async () => {
    node.put(person("R-1"));
    const preparer = start(() => Promise.reject(new CausewayError("UNPROVEN", "no proof")));
    await until(() => preparer.halt !== undefined);
    expect(preparer.halt?.code).toBe("UNPROVEN");
    expect(node.hardened.unfinished()).toEqual([]);
    expect(states()).toEqual(["hardening"]);
  });

  it("over its budget waits until the evaluator says, with the same batch", async () => {
    node.put(person("R-1"));
    let retryAtMs = 0;
    const preparer = start(async (batch) => {
      if (retryAtMs === 0) retryAtMs = Date.now() + 1_500;
      if (Date.now() < retryAtMs) throw new BudgetError("key-office", retryAtMs);
      return await answer(batch);
    });
    await until(() => preparer.halt !== undefined);
    expect(preparer.halt?.code).toBe("EXHAUSTED");
    // The wait is reckoned by one look at the clock, and the moment by the next.
    expect(preparer.halt?.resumesAtMs).toBeGreaterThanOrEqual(retryAtMs);
    expect(preparer.halt?.resumesAtMs).toBeLessThan(retryAtMs + 1_000);
    await until(allWaiting);
    // A timer may fire a millisecond before the clock says so; then it asks once more.
    expect(asked.length).toBeLessThanOrEqual(3);
    expect(new Set(asked.map(({ batchId }) => toHex(batchId))).size).toBe(1);
    expect(preparer.halt).toBeUndefined();
  });

  it("asks in smaller batches for what is larger than the allowance", async () => {
    node.db.transaction(() => {
      for (let i = 0; i < 900; i += 1) {
        node.put(person(`R-${i}`, { subject: { kind: "person", emails: [`desk${i}@unit.example`] } }));
      }
    });
    const allowance = 300;
    const preparer = start(async (batch) => {
      if (batch.inputs.length > allowance) throw new BudgetError("key-office", null);
      return await answer(batch);
    });
    for (const _ of Array.from({ length: 4 })) {
      await until(() => preparer.halt !== undefined || allWaiting());
      preparer.onDirective();
    }
    await until(allWaiting);
    expect(node.hardened.unfinished()).toEqual([]);
  });

  it("does not publish what the mandate leaves out", async () => {
    node.put(person("R-1", { role: "victim" }));
    node.put(person("R-2"));
    start();
    await until(allWaiting);
    expect(node.records.byReference("R-1")).toMatchObject({ state: "rejected", reason: "domain", sentDay: null });
    expect(node.records.byReference("R-2").state).toBe("waiting");
    expect(upserts()).toHaveLength(1);
  });

  it("does not publish what was amended or withdrawn while it was hardened", async () => {
    const handle = node.put(person("R-1"));
    node.put(person("R-2"));
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const preparer = start(async (batch) => {
      await gate;
      return await answer(batch);
    });
    await until(() => asked.length === 1);
    node.records.end(handle, "withdrawn", node.nowMs);
    node.put(person("R-2", { caseReference: "CASE-2" }));
    preparer.wake();
    open();
    await until(() => node.records.byReference("R-2").state === "waiting");
    expect(upserts()).toHaveLength(1);
    expect(node.records.byReference("R-1").state).toBe("withdrawn");
  });

  it("leaves out a record whose identifiers cannot be encoded, and publishes the others", async () => {
    node.put(person("R-1", { subject: { kind: "person", emails: [`${"x".repeat(70_000)}@unit.example`] } }));
    node.put(person("R-2"));
    start();
    await until(allWaiting);
    expect(node.records.byReference("R-2").state).toBe("waiting");
  });

  it("keeps the last versions of a record's layout, not all", async () => {
    const handle = node.put(person("R-1"));
    for (let i = 0; i < 20; i += 1) node.publish(handle);
    const kept = node.sent().filter(({ submission }) => node.standings.publication(handle, submission) !== undefined);
    expect(kept.map(({ submission }) => submission.sequence)).toEqual([13, 14, 15, 16, 17, 18, 19, 20]);
    running = Promise.resolve();
  });
});
