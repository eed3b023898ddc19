/** The evaluator as a member sees it that speaks the protocol by itself. */
import { describe, expect, it } from "vitest";
import { concat } from "../../shared/core/bytes.ts";
import { GRPC_MESSAGE_BYTES_MAX } from "../../shared/core/limits.ts";
import type { EvaluationRequest, EvaluationResponse } from "../../shared/core/evaluation.ts";
import type { Budget } from "../../shared/core/directive.ts";
import { blindBatch, evaluateBatch, verifyIndices } from "../../shared/crypto/oprf.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { retryWhileUnavailable } from "../../shared/world/wait.ts";
import { systemTimers } from "../../shared/world/world.ts";
import { grpcClient } from "../../shared/platform/grpc.ts";
import { readEvaluationResponse, toWireRequest } from "../../shared/wire/evaluation.ts";
import { EvaluationServiceDefinition } from "../../shared/wire/gen/causeway/v1/evaluation.ts";
import { AMPLE, identityOf, newMember, startFederation } from "../hardening/evaluators.ts";
import type { TestFederation } from "../hardening/evaluators.ts";

type Caller = Disposable & {
  readonly member: ReturnType<typeof newMember>;
  /** One stream; each question is sent after the answer to the one before. */
  ask(...requests: EvaluationRequest[]): Promise<EvaluationResponse[]>;
  budget(): Promise<{ available: bigint; usedInWindow: bigint; perDay: bigint }>;
};

async function callerOf(test: TestFederation, budget: Budget = AMPLE): Promise<Caller> {
  const member = newMember();
  test.setMember(member, budget);
  const tls = await test.tlsFor(identityOf(member));
  const [evaluator] = test.evaluators;
  const expected = evaluator!.identity;
  const connection = grpcClient(EvaluationServiceDefinition, {
    address: `127.0.0.1:${evaluator?.port}`,
    tls,
    expected,
    caller: test.caller,
  });
  return {
    member,
    async ask(...requests) {
      const answers: EvaluationResponse[] = [];
      let answered = Promise.withResolvers<void>();
      async function* outgoing() {
        for (const request of requests) {
          yield toWireRequest(request);
          await answered.promise;
          answered = Promise.withResolvers();
        }
      }
      for await (const response of connection.client.evaluate(outgoing())) {
        answers.push(readEvaluationResponse(response));
        answered.resolve();
      }
      return answers;
    },
    budget: () => connection.client.getBudget({}),
    [Symbol.dispose]: () => connection[Symbol.dispose](),
  };
}

function batch(count: number, batchId = randomBytes(16)): Extract<EvaluationRequest, { kind: "batch" }> {
  const inputs = Array.from({ length: count }, (_, i) => Uint8Array.of(i & 255, i >> 8));
  return { kind: "batch", batchId, generation: 1, blinded: blindBatch(inputs, randomBytes(64 * count)).blinded };
}

const all = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe("an evaluator", () => {
  it("evaluates, and proves it once", async () => {
    await using test = await startFederation({ evaluators: 1 });
    using caller = await callerOf(test);
    const { batchId, blinded, ...rest } = batch(8);
    const prove = { kind: "prove", batchId, indices: all(8) } as const;
    const [evaluated, proof, second] = await caller.ask({ ...rest, batchId, blinded }, prove, prove);
    const expected = evaluateBatch(test.evaluators[0]?.keyShare ?? randomBytes(32), blinded).evaluated;
    expect(evaluated?.kind === "evaluated" && Uint8Array.from(evaluated.evaluated)).toEqual(expected);
    const key = test.federation.found.evaluators[0]?.sharePublicKey ?? randomBytes(32);
    expect(proof?.kind === "proof" && verifyIndices(key, blinded, expected, all(8), proof.proof)).toBe(true);
    expect(second).toMatchObject({ kind: "refused", reason: "conflict" });
  });

  it("proves only what it has evaluated, for whom, and exactly as many pairs as it must", async () => {
    await using test = await startFederation({ evaluators: 1 });
    using caller = await callerOf(test);
    using other = await callerOf(test);
    const own = batch(8);
    const prove = (indices: number[]) => ({ kind: "prove", batchId: own.batchId, indices }) as const;
    const wrong = [all(7), [...all(7), 8], [...all(7), 6]].map(prove);
    const [, ...refusals] = await caller.ask(own, ...wrong);
    expect(refusals.map((answer) => answer.kind === "refused" && answer.reason)).toEqual(wrong.map(() => "malformed"));
    expect(await other.ask(prove(all(8)))).toMatchObject([{ kind: "refused", reason: "unknownBatch" }]);
    expect(await caller.ask(prove(all(8)))).toMatchObject([{ kind: "proof" }]);
  });

  it("answers the same batch again without charge, also after a restart, with a proof of its own", async () => {
    await using test = await startFederation({ evaluators: 1 });
    using caller = await callerOf(test, { initial: 0, perDay: 20 });
    const own = batch(8);
    const prove = { kind: "prove", batchId: own.batchId, indices: all(8) } as const;
    const first = await caller.ask(own, prove);
    await test.evaluators[0]?.stop();
    await test.evaluators[0]?.start();
    const { signal } = new AbortController();
    const [lost, again, proof] = await retryWhileUnavailable(systemTimers, () => caller.ask(prove, own, prove), {
      signal,
    });
    expect(lost).toMatchObject({ kind: "refused", reason: "unknownBatch" });
    expect(again).toEqual(first[0]);
    expect(proof).toMatchObject({ kind: "proof" });
    expect(await caller.budget()).toMatchObject({ available: 12n, usedInWindow: 8n, perDay: 20n });
  });

  it("refuses other elements under a used id, and another generation", async () => {
    await using test = await startFederation({ evaluators: 1 });
    using caller = await callerOf(test);
    const own = batch(4);
    const answers = await caller.ask(own, batch(4, own.batchId), { ...batch(4), generation: 2 });
    expect(answers.slice(1)).toMatchObject([{ reason: "conflict" }, { reason: "generation" }]);
    expect((await caller.budget()).available).toBe(BigInt(AMPLE.initial + AMPLE.perDay - 4));
  });

  it("stops answering the same batch when it was asked too often", async () => {
    await using test = await startFederation({ evaluators: 1 });
    using caller = await callerOf(test);
    const own = batch(1);
    const answers = await caller.ask(...Array.from({ length: 17 }, () => own));
    expect(answers.map((answer) => answer.kind)).toEqual([...Array.from({ length: 16 }, () => "evaluated"), "refused"]);
  });

  it("names every bad element, forgives the first such batch, and goes on with the stream", async () => {
    await using test = await startFederation({ evaluators: 1 });
    using caller = await callerOf(test, { initial: 0, perDay: 2_000 });
    const own = batch(1_030);
    const blinded = Uint8Array.from(own.blinded);
    blinded.fill(0, 3 * 32, 4 * 32);
    blinded.fill(0xff, 1_025 * 32, 1_026 * 32);
    const answers = await caller.ask({ ...own, blinded }, batch(900));
    expect(answers[0]).toMatchObject({ kind: "refused", reason: "badElement", bad: [3, 1_025] });
    expect(answers[1]).toMatchObject({ kind: "evaluated" });
    expect(await caller.budget()).toMatchObject({ usedInWindow: 900n });
    expect(await caller.ask({ ...own, blinded })).toMatchObject([{ reason: "badElement" }]);
    expect(await caller.budget()).toMatchObject({ usedInWindow: 1_930n });
  });

  it("refuses batches that are empty, broken or too large", async () => {
    await using test = await startFederation({ evaluators: 1 });
    using caller = await callerOf(test);
    const own = batch(1);
    const tooMany = concat(...Array.from({ length: 65_537 }, () => own.blinded));
    for (const blinded of [new Uint8Array(0), own.blinded.subarray(1), tooMany]) {
      expect(await caller.ask({ ...own, blinded })).toMatchObject([{ kind: "refused", reason: "malformed" }]);
    }
    // Above what a message may hold, the transport refuses it before anything is read.
    const tooLong = new Uint8Array(GRPC_MESSAGE_BYTES_MAX);
    await expect(caller.ask({ ...own, blinded: tooLong })).rejects.toMatchObject({
      code: "EXHAUSTED",
    });
    await expect(caller.ask({ ...own, batchId: randomBytes(15) })).rejects.toMatchObject({
      code: "INVALID",
      fields: ["request.value.batchId"],
    });
  });

  it("charges per member, and raises an alarm when a member uses most of its day", async () => {
    await using test = await startFederation({ evaluators: 1 });
    using caller = await callerOf(test, { initial: 5, perDay: 10 });
    using other = await callerOf(test, { initial: 5, perDay: 10 });
    expect(await caller.ask(batch(14), batch(2))).toMatchObject([{ kind: "evaluated" }, { reason: "budget" }]);
    expect(await other.ask(batch(2))).toMatchObject([{ kind: "evaluated" }]);
    expect(test.evaluators[0]?.events).toContainEqual({
      kind: "budgetAlarm",
      member: caller.member,
      usedInWindow: 9,
      perDay: 10,
    });
    expect(test.evaluators[0]?.events.filter((event) => event.kind === "budgetAlarm")).toHaveLength(1);
  });

  it("gives no answer to a member that was suspended while the work was done", async () => {
    await using test = await startFederation({ evaluators: 1 });
    using caller = await callerOf(test);
    const charged = test.evaluators[0]?.nextEvent();
    const work = caller.ask(batch(2_000));
    work.catch(() => undefined);
    await charged;
    test.setMember(caller.member, undefined);
    await expect(work).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("serves no other party of the federation", async () => {
    await using test = await startFederation({ evaluators: 1 });
    const tls = await test.tlsFor({ kind: "broker" });
    const [evaluator] = test.evaluators;
    const expected = evaluator!.identity;
    const to = { address: `127.0.0.1:${evaluator?.port}`, tls, expected };
    using connection = grpcClient(EvaluationServiceDefinition, to);
    await expect(connection.client.getBudget({})).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});
