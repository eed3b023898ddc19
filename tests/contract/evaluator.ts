/** What a node relies on of an evaluator, however it is reached. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NoAnswer } from "../../agency-node/hardening/evaluators.ts";
import type { EvaluatorClient, Evaluators } from "../../agency-node/hardening/evaluators.ts";
import { toHex } from "../../shared/core/bytes.ts";
import type { Budget, Evaluator, Federation } from "../../shared/core/directive.ts";
import type { EvaluationRequest, EvaluationResponse } from "../../shared/core/evaluation.ts";
import { STATEMENT_TYPE } from "../../shared/core/evaluation.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { EVALUATION_ANSWER_MS_MAX } from "../../shared/core/limits.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import { blindBatch, evaluateBatch, verifyIndices } from "../../shared/crypto/oprf.ts";
import { keyId, verifyPayload } from "../../shared/crypto/sign.ts";
import { readStatement } from "../../shared/wire/evaluation.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { AMPLE, newMember } from "../hardening/evaluators.ts";
import { SOON } from "../support/patience.ts";

/** One evaluator of generation 1, its federation, and the time of both sides. */
export type EvaluatorHarness = AsyncDisposable & {
  readonly federation: Federation;
  /** That of the evaluator, by which its answers can be checked. */
  readonly keyShare: Uint8Array;
  readonly nowMs: number;
  /** How many elements it has charged to the member. */
  charged(member: MemberId): number;
  /** The federation's evaluators, as this member reaches them. */
  evaluatorsOf(member: MemberId): Promise<Evaluators>;
  /** Admits the member with this budget, or changes it. */
  admit(member: MemberId, budget: Budget): void;
  suspend(member: MemberId): void;
  pass(ms: number): Promise<void>;
  /** While it is silent it takes questions and answers none of them. */
  fallSilent(silent: boolean): void;
  /** Questions that are open are lost; it keeps its keys and what it has charged. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
};

type Batch = Extract<EvaluationRequest, { kind: "batch" }>;
type Evaluated = Extract<EvaluationResponse, { kind: "evaluated" }>;

const DAY_MS = 86_400_000;
const ELEMENT_BYTES = 32;

export function evaluatorContract(name: string, start: () => Promise<EvaluatorHarness>): void {
  let harness: EvaluatorHarness;
  const open = new DisposableStack();

  beforeAll(async () => {
    harness = await start();
  });
  afterAll(async () => {
    open.dispose();
    await harness?.[Symbol.asyncDispose]();
  });

  const evaluator = (): Evaluator => harness.federation.found.evaluators[0]!;

  /** A member of its own for each test. */
  async function caller(budget: Budget = AMPLE) {
    const member = newMember();
    harness.admit(member, budget);
    const evaluators = await harness.evaluatorsOf(member);
    const client: EvaluatorClient = open.use(evaluators.clientOf(evaluator(), harness.federation));
    const { signal } = new AbortController();
    const budgetNow = () => evaluators.budgetAt(evaluator(), harness.federation, signal);
    return { member, ask: (request: EvaluationRequest) => client.ask(request), budgetNow };
  }

  async function evaluated(answer: Promise<EvaluationResponse>): Promise<Evaluated> {
    const response = await answer;
    expect(response).toMatchObject({ kind: "evaluated" });
    return response as Evaluated;
  }

  const proofOf = ({ batchId }: Batch, indices: readonly number[]): EvaluationRequest => ({
    kind: "prove",
    batchId,
    indices,
  });

  describe(`${name}: a batch`, () => {
    it("is multiplied by the key share that the directives name, under a statement that they can be held to", async () => {
      const { member, ask } = await caller();
      const own = batchOf(40);
      const { batchId, evaluated: elements, statement } = await evaluated(ask(own));
      expect(toHex(batchId)).toBe(toHex(own.batchId));
      expect(Uint8Array.from(elements)).toEqual(evaluateBatch(harness.keyShare, own.blinded).evaluated);
      const { signingKey } = evaluator();
      const signed = { type: STATEMENT_TYPE, federation: harness.federation.id, ...statement };
      expect(toHex(statement.keyId)).toBe(toHex(keyId(signingKey)));
      expect(verifyPayload({ ...signed, publicKey: signingKey })).toBe(true);
      expect(readStatement(statement.payload)).toEqual({
        batchId: own.batchId,
        generation: 1,
        member,
        blindedHash: blake2b(32, own.blinded),
        evaluatedHash: blake2b(32, elements),
      });
    });

    it("that comes again is answered with the same bytes, and charged once", async () => {
      const { member, ask, budgetNow } = await caller({ initial: 0, perDay: 50 });
      const own = batchOf(30);
      const first = await ask(own);
      expect(await ask(own)).toEqual(first);
      expect(await budgetNow()).toEqual({ used: 30, perDay: 50, available: 20 });
      expect(harness.charged(member)).toBe(30);
    });

    it("of other elements under a used id is refused, and one of another generation", async () => {
      const { member, ask } = await caller();
      const own = batchOf(4);
      await evaluated(ask(own));
      expect(await ask({ ...batchOf(4), batchId: own.batchId })).toMatchObject({ kind: "refused", reason: "conflict" });
      expect(await ask({ ...batchOf(4), generation: 2 })).toMatchObject({ kind: "refused", reason: "generation" });
      expect(harness.charged(member)).toBe(4);
    });

    it("with bad elements among good ones is refused, with their places; the first of a day costs nothing", async () => {
      const { member, ask, budgetNow } = await caller({ initial: 0, perDay: 5_000 });
      const own = batchOf(1_030);
      const blinded = Uint8Array.from(own.blinded);
      blinded.fill(0, 3 * ELEMENT_BYTES, 4 * ELEMENT_BYTES);
      blinded.fill(0xff, 1_025 * ELEMENT_BYTES, 1_026 * ELEMENT_BYTES);
      const refusal = await ask({ ...own, blinded });
      expect(refusal).toMatchObject({ kind: "refused", reason: "badElement", bad: [3, 1_025] });
      expect(toHex(refusal.batchId)).toBe(toHex(own.batchId));
      expect(harness.charged(member)).toBe(0);
      await evaluated(ask(own));
      expect(await ask({ ...batchOf(1), blinded })).toMatchObject({ kind: "refused", reason: "badElement" });
      expect(await budgetNow()).toMatchObject({ used: 2_060 });
    });

    it("of no whole number of elements is refused, and an id of another length is no question at all", async () => {
      const { ask } = await caller();
      const own = batchOf(2);
      for (const blinded of [new Uint8Array(0), own.blinded.subarray(1)]) {
        expect(await ask({ ...own, blinded })).toMatchObject({ kind: "refused", reason: "malformed" });
      }
      await expect(ask({ ...own, batchId: randomBytes(15) })).rejects.toMatchObject({
        code: "INVALID",
        fields: ["request.value.batchId"],
      });
      await evaluated(ask(own));
    });

    it("has one open question, beside those of other batches", async () => {
      const { ask } = await caller();
      const batches = [batchOf(200), batchOf(3), batchOf(4)];
      const answers = batches.map((batch) => evaluated(ask(batch)));
      await expect(ask(batches[0]!)).rejects.toMatchObject({ code: "CONFLICT" });
      const ids = (of: readonly { readonly batchId: Uint8Array }[]) => of.map(({ batchId }) => toHex(batchId));
      expect(ids(await Promise.all(answers))).toEqual(ids(batches));
    });
  });

  describe(`${name}: a proof`, () => {
    it("is given over the pairs that are named, once for each answer", async () => {
      const { ask } = await caller();
      const own = batchOf(8);
      const { evaluated: elements } = await evaluated(ask(own));
      const indices = [7, 0, 3, 1, 2, 4, 6, 5];
      const answer = await ask(proofOf(own, indices));
      const proof = answer.kind === "proof" ? answer.proof : new Uint8Array(0);
      const { sharePublicKey } = evaluator();
      expect(verifyIndices(sharePublicKey, own.blinded, elements, indices, proof)).toBe(true);
      expect(verifyIndices(sharePublicKey, own.blinded, elements, indices.toReversed(), proof)).toBe(false);
      expect(await ask(proofOf(own, indices))).toMatchObject({ kind: "refused", reason: "conflict" });
      await evaluated(ask(own));
      expect(await ask(proofOf(own, indices))).toMatchObject({ kind: "proof" });
    });

    it("is refused over too few or too many pairs, over one twice, and over another's batch", async () => {
      const { ask } = await caller();
      const other = await caller();
      const own = batchOf(3);
      await evaluated(ask(own));
      for (const indices of [
        [0, 1],
        [0, 1, 1],
        [0, 1, 3],
        [0, 1, 2, 3],
      ]) {
        expect(await ask(proofOf(own, indices))).toMatchObject({ kind: "refused", reason: "malformed" });
      }
      expect(await other.ask(proofOf(own, [0, 1, 2]))).toMatchObject({ kind: "refused", reason: "unknownBatch" });
      expect(await ask(proofOf(own, [0, 1, 2]))).toMatchObject({ kind: "proof" });
    });
  });

  describe(`${name}: a budget`, () => {
    it("is what the member may use; over it a batch is refused until the time that is named", async () => {
      const { member, ask, budgetNow } = await caller({ initial: 10, perDay: 50 });
      expect(await budgetNow()).toEqual({ used: 0, perDay: 50, available: 60 });
      await evaluated(ask(batchOf(40)));
      const late = batchOf(30);
      const refusal = await ask(late);
      expect(refusal).toMatchObject({ kind: "refused", reason: "budget" });
      const retryAtMs = (refusal.kind === "refused" && refusal.retryAtMs) || 0;
      expect(retryAtMs).toBeGreaterThan(harness.nowMs + DAY_MS);
      expect(harness.charged(member)).toBe(40);
      await harness.pass(retryAtMs - harness.nowMs);
      await evaluated(ask(late));
    });

    it("never lets pass what is larger than it", async () => {
      const { ask } = await caller({ initial: 0, perDay: 10 });
      expect(await ask(batchOf(11))).toMatchObject({ kind: "refused", reason: "budget", retryAtMs: null });
    });

    it("is one for each member", async () => {
      const [one, two] = [await caller({ initial: 0, perDay: 5 }), await caller({ initial: 0, perDay: 5 })];
      await evaluated(one.ask(batchOf(5)));
      expect(await one.ask(batchOf(1))).toMatchObject({ reason: "budget" });
      await evaluated(two.ask(batchOf(5)));
    });
  });

  describe(`${name}: a member`, () => {
    it("that never was one, or is suspended, is refused whatever it asks, until it is back", async () => {
      const { member, ask, budgetNow } = await caller();
      const own = batchOf(3);
      await evaluated(ask(own));
      const stranger = await harness.evaluatorsOf(newMember());
      using strange = stranger.clientOf(evaluator(), harness.federation);
      await expect(strange.ask(batchOf(1))).rejects.toMatchObject({ code: "FORBIDDEN" });
      harness.suspend(member);
      await expect(ask(batchOf(3))).rejects.toMatchObject({ code: "FORBIDDEN" });
      await expect(ask(proofOf(own, [0, 1, 2]))).rejects.toMatchObject({ code: "FORBIDDEN" });
      await expect(budgetNow()).rejects.toMatchObject({ code: "FORBIDDEN" });
      expect(harness.charged(member)).toBe(3);
      harness.admit(member, AMPLE);
      await evaluated(ask(own));
    });
  });

  describe(`${name}: an evaluator`, () => {
    it("that is silent gives no answer in time, and the same batch is answered later for one charge", async () => {
      const { member, ask } = await caller();
      const own = batchOf(3);
      await evaluated(ask(batchOf(1)));
      harness.fallSilent(true);
      let outcome: unknown = "none yet";
      const asked = ask(own).catch((error: unknown) => (outcome = error));
      await harness.pass(EVALUATION_ANSWER_MS_MAX - 1_000);
      expect(outcome).toBe("none yet");
      await harness.pass(1_000);
      expect(await asked).toBeInstanceOf(NoAnswer);
      harness.fallSilent(false);
      await evaluated(ask(own));
      expect(harness.charged(member)).toBe(4);
    });

    it("that goes away fails what is open as UNAVAILABLE, and what follows until it is back", async () => {
      const { member, ask, budgetNow } = await caller({ initial: 0, perDay: 100 });
      const batches = [batchOf(20), batchOf(30)];
      await evaluated(ask(batches[0]!));
      harness.fallSilent(true);
      const lost = batches.map((batch) => codeOf(ask(batch)));
      await harness.goAway();
      expect(await Promise.all(lost)).toEqual(["UNAVAILABLE", "UNAVAILABLE"]);
      expect(await codeOf(ask(batches[0]!))).toBe("UNAVAILABLE");
      expect(await codeOf(budgetNow())).toBe("UNAVAILABLE");
      harness.fallSilent(false);
      await harness.comeBack();
      for (const batch of batches) await expect.poll(() => codeOf(ask(batch)), SOON).toBe("done");
      expect(harness.charged(member)).toBe(50);
      expect((await budgetNow()).used).toBe(50);
    });
  });
}

function batchOf(count: number): Batch {
  const inputs = Array.from({ length: count }, (_, i) => Uint8Array.of(i & 255, i >> 8));
  const { blinded } = blindBatch(inputs, randomBytes(64 * count));
  return { kind: "batch", batchId: randomBytes(16), generation: 1, blinded };
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return "done";
  } catch (error) {
    return isCausewayError(error) ? error.code : error;
  }
}
