import { afterEach, describe, expect, it } from "vitest";
import { BudgetError } from "../../agency-node/hardening/answers.ts";
import type { Evidence } from "../../agency-node/hardening/answers.ts";
import { createHardener } from "../../agency-node/hardening/hardener.ts";
import type { Hardener, HardenRequest } from "../../agency-node/hardening/hardener.ts";
import type { Budget } from "../../shared/core/directive.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { blindBatch, evaluateBatch, finalizeBatch } from "../../shared/crypto/oprf.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { scalarAdd } from "../../shared/crypto/ristretto.ts";
import type { Scalar } from "../../shared/crypto/ristretto.ts";
import { verifyPayload } from "../../shared/crypto/sign.ts";
import { AMPLE, identityOf, newMember, startFederation } from "./evaluators.ts";
import type { TestFederation, TestOptions } from "./evaluators.ts";
import { lyingService } from "./lying-evaluator.ts";
import { SOON } from "../support/patience.ts";
import { grpcEvaluators } from "../../agency-node/hardening/rpc/grpc-evaluators.ts";
import { workerEngine } from "../../agency-node/hardening/worker-engine.ts";
import { systemTimers } from "../../shared/world/world.ts";

type Setting = { test: TestFederation; member: MemberId; hardener: Hardener; evidence: Evidence[] };

let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

async function setting(options: TestOptions = {}, budget: Budget | undefined = AMPLE): Promise<Setting> {
  const test = open.use(await startFederation(options));
  const member = newMember();
  test.setMember(member, budget);
  const tls = await test.tlsFor(identityOf(member));
  const evidence: Evidence[] = [];
  const hardener = open.use(
    createHardener({
      federation: () => test.federation,
      member,
      evaluators: grpcEvaluators({ tls: () => tls, caller: test.caller, world: systemTimers }),
      engine: workerEngine(1),
      onEvidence: (one) => evidence.push(one),
    }),
  );
  return { test, member, hardener, evidence };
}

function batchOf(count: number): HardenRequest {
  const inputs = Array.from({ length: count }, (_, i) => new TextEncoder().encode(`invented identifier ${i}`));
  return { batchId: randomBytes(16), seed: randomBytes(32), generation: 1, inputs };
}

/** y under one key, by the plain functions. */
function underOneKey(test: TestFederation, inputs: readonly Uint8Array[]): Uint8Array[] {
  const key = test.evaluators.map((each) => each.keyShare as Scalar).reduce(scalarAdd);
  const { blinded, blinds } = blindBatch(inputs, randomBytes(64 * inputs.length));
  return finalizeBatch(inputs, blinds, evaluateBatch(key, blinded).evaluated);
}

const charged = (test: TestFederation, i = 0): number =>
  (test.evaluators[i]?.events ?? []).reduce((sum, event) => {
    return event.kind === "evaluated" && event.charged ? sum + event.elements : sum;
  }, 0);

describe("hardening", () => {
  it.each([1, 2, 3])("gives y under the sum of the key shares of %d evaluators", async (evaluators) => {
    const { test, hardener } = await setting({ evaluators });
    const batch = batchOf(40);
    expect(await hardener.hardenBatch(batch)).toEqual(underOneKey(test, batch.inputs));
  });

  it("takes several batches at once, each larger than one piece of work", async () => {
    const { test, hardener } = await setting({ workers: 2 });
    const batches = [batchOf(1_100), batchOf(700), batchOf(30)];
    const results = await Promise.all(batches.map((batch) => hardener.hardenBatch(batch)));
    results.forEach((ys, i) => expect(ys).toEqual(underOneKey(test, batches[i]?.inputs ?? [])));
    expect(charged(test)).toBe(1_830);
  });

  it("names every input that is too long, and sends nothing", async () => {
    const { test, hardener } = await setting();
    const batch = batchOf(4);
    const inputs = batch.inputs.map((input, i) => (i % 2 === 0 ? input : new Uint8Array(65_536)));
    await expect(hardener.hardenBatch({ ...batch, inputs })).rejects.toMatchObject({
      code: "INVALID",
      fields: ["inputs[1]", "inputs[3]"],
    });
    expect(charged(test)).toBe(0);
  });

  it("refuses a batch that was begun for another generation", async () => {
    const { hardener } = await setting();
    await expect(hardener.hardenBatch({ ...batchOf(3), generation: 2 })).rejects.toMatchObject({
      code: "OUT_OF_SEQUENCE",
    });
  });
});

describe("an evaluator that lies", () => {
  it("is caught when it changes one element in a thousand, and its signed statement is kept", async () => {
    const { test, hardener, evidence } = await setting({
      wrap: (service, keys) =>
        keys.name === "key-office" ? lyingService(service, keys, { tamperEvery: 1_000 }) : service,
    });
    await expect(hardener.hardenBatch(batchOf(1_000))).rejects.toMatchObject({ code: "UNPROVEN" });
    expect(evidence).toHaveLength(1);
    const [found] = evidence;
    expect(found).toMatchObject({ evaluator: "key-office", fault: "disproved" });
    const listed = test.federation.found.evaluators.find((each) => each.name === "key-office");
    const [statement] = found?.statements ?? [];
    expect(
      statement &&
        listed &&
        verifyPayload({
          type: "evaluation",
          federation: test.federation.id,
          ...statement,
          publicKey: listed.signingKey,
        }),
    ).toBe(true);
  });

  it("is caught when it signs another hash than that of what it sent", async () => {
    const { hardener, evidence } = await setting({
      evaluators: 1,
      wrap: (service, keys) => lyingService(service, keys, { tamperEvery: 10, resign: false }),
    });
    await expect(hardener.hardenBatch(batchOf(20))).rejects.toMatchObject({ code: "UNPROVEN" });
    expect(evidence).toMatchObject([{ fault: "statement" }]);
  });

  it.each([1, 2])("is named for an answer that is no element (%d evaluators)", async (evaluators) => {
    for (const byte of [0, 0xff]) {
      const { hardener, evidence } = await setting({
        evaluators,
        wrap: (service, keys) =>
          keys.name === "broker-office" ? lyingService(service, keys, { fill: byte }) : service,
      });
      // Half of the elements are in the sample; the bad one shows whether it is or not.
      await expect(hardener.hardenBatch(batchOf(2_000))).rejects.toMatchObject({ code: "UNPROVEN" });
      expect(evidence).toMatchObject([{ evaluator: "broker-office", fault: "disproved" }]);
      expect(evidence[0]?.statements).toHaveLength(1);
    }
  });

  it("gets no second draw of pairs by falling silent once it knows them", async () => {
    const lies = { tamperEvery: 10, dropProofs: true };
    const { hardener, evidence } = await setting({
      evaluators: 1,
      wrap: (service, keys) => lyingService(service, keys, lies),
    });
    const batch = batchOf(20);
    await expect(hardener.hardenBatch(batch)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(evidence).toMatchObject([{ fault: "unanswered" }]);
    // The second time it answers honestly, which contradicts what it signed.
    lies.tamperEvery = Number.POSITIVE_INFINITY;
    lies.dropProofs = false;
    await expect(hardener.hardenBatch(batch)).rejects.toMatchObject({ code: "UNPROVEN" });
    expect(evidence[1]).toMatchObject({ fault: "equivocation" });
    expect(evidence[1]?.statements).toHaveLength(2);
  });

  it("is told apart from one that honestly lost the connection: the same pairs are asked for again", async () => {
    const lies = { tamperEvery: Number.POSITIVE_INFINITY, dropProofs: true };
    const { test, hardener, evidence } = await setting({
      evaluators: 1,
      wrap: (service, keys) => lyingService(service, keys, lies),
    });
    const batch = batchOf(1_100);
    await expect(hardener.hardenBatch(batch)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(hardener.hardenBatch(batch)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(evidence[0]?.indices).toHaveLength(1_024);
    expect(evidence[1]?.indices).toEqual(evidence[0]?.indices);
    lies.dropProofs = false;
    expect(await hardener.hardenBatch(batch)).toEqual(underOneKey(test, batch.inputs));
    expect(charged(test)).toBe(1_100);
  });
});

describe("a batch that is sent again", () => {
  it("is not charged again after the node has crashed", async () => {
    const { test, member, hardener } = await setting();
    const batch = batchOf(30);
    const first = await hardener.hardenBatch(batch);
    const tls = await test.tlsFor(identityOf(member));
    const restarted = open.use(
      createHardener({
        federation: () => test.federation,
        member,
        evaluators: grpcEvaluators({ tls: () => tls, caller: test.caller, world: systemTimers }),
        engine: workerEngine(1),
        onEvidence: () => undefined,
      }),
    );
    expect(await restarted.hardenBatch(batch)).toEqual(first);
    expect(charged(test)).toBe(30);
  });

  it("is not charged again after an evaluator was killed midway and came back", async () => {
    const { test, hardener } = await setting();
    const batch = batchOf(2_000);
    const [, keyOffice] = test.evaluators;
    const begun = keyOffice?.nextEvent();
    const work = hardener.hardenBatch(batch);
    work.catch(() => undefined);
    await begun;
    expect(charged(test, 1)).toBe(2_000);
    await keyOffice?.stop();
    await expect(work).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(hardener.hardenBatch(batch)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await keyOffice?.start();
    await expect.poll(async () => await hardener.hardenBatch(batch).catch(() => []), SOON).toHaveLength(2_000);
    expect([charged(test, 0), charged(test, 1)]).toEqual([2_000, 2_000]);
    // The evaluator that stayed had proved its answer and was left in peace.
    const answers = test.evaluators[0]?.events.filter((event) => event.kind === "evaluated");
    expect(answers).toHaveLength(1);
  });

  it("is refused under the same id with another seed", async () => {
    const { hardener, test } = await setting();
    const batch = batchOf(5);
    await hardener.hardenBatch(batch);
    await expect(hardener.hardenBatch({ ...batch, seed: randomBytes(32) })).rejects.toMatchObject({ code: "CONFLICT" });
    expect(charged(test)).toBe(5);
  });
});

describe("budgets and membership", () => {
  it("tells a member that is over its budget when the batch will pass", async () => {
    const { test, member, hardener } = await setting({}, { initial: 10, perDay: 50 });
    await hardener.hardenBatch(batchOf(40));
    const batch = batchOf(30);
    const refused = await hardener.hardenBatch(batch).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(BudgetError);
    expect(refused).toMatchObject({ code: "EXHAUSTED" });
    const { retryAtMs } = refused as BudgetError;
    expect(retryAtMs).toBeGreaterThan(test.nowMs + 24 * 3_600_000);
    expect(test.evaluators[0]?.events.at(-1)).toMatchObject({
      kind: "refused",
      member,
      elements: 30,
      reason: "budget",
    });
    test.nowMs = retryAtMs ?? 0;
    expect(await hardener.hardenBatch(batch)).toHaveLength(30);
    await expect(hardener.hardenBatch(batchOf(51))).rejects.toMatchObject({ code: "EXHAUSTED", retryAtMs: null });
  });

  it("refuses a certificate whose member is not in the federation", async () => {
    const { test, member, hardener } = await setting();
    test.setMember(member, undefined);
    await expect(hardener.hardenBatch(batchOf(3))).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("cuts off a member that is suspended while its stream is open", async () => {
    const { test, member, hardener } = await setting();
    await hardener.hardenBatch(batchOf(3));
    const begun = test.evaluators[0]?.nextEvent();
    const work = hardener.hardenBatch(batchOf(2_000));
    work.catch(() => undefined);
    await begun;
    expect(charged(test)).toBe(2_003);
    test.setMember(member, undefined);
    await expect(work).rejects.toMatchObject({ code: "FORBIDDEN" });
    test.setMember(member, AMPLE);
    expect(await hardener.hardenBatch(batchOf(3))).toHaveLength(3);
  });

  it("sends nothing to a server that is not the evaluator it should be", async () => {
    const { test, hardener } = await setting();
    const [first, second] = test.federation.found.evaluators;
    if (first === undefined || second === undefined) throw new Error("no evaluators");
    const swapped = [{ ...first, address: second.address }, second];
    test.federation = { ...test.federation, generations: new Map([[1, swapped]]) };
    await expect(hardener.hardenBatch(batchOf(3))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(charged(test, 0)).toBe(0);
  });
});
