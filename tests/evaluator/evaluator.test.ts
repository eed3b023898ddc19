/** An evaluator put together without server, worker processes or files. */
import { describe, expect, it } from "vitest";
import { inProcessEngines } from "../../broker/evaluator/engine.ts";
import type { Evaluator } from "../../broker/evaluator/evaluator.ts";
import type { EvaluatorEvent } from "../../broker/evaluator/ports.ts";
import { evaluateBatch, verifyIndices } from "../../shared/crypto/oprf.ts";
import { HandWorld } from "../support/hand-world.ts";
import {
  BAD_BATCH,
  BAD_BATCHES_BUDGET,
  badBatch,
  batchOf,
  evaluatorIn,
  federationOf,
  floodWithBadBatches,
  keyShare,
  member,
  peer,
  sharePublicKey,
} from "./by-hand.ts";

describe("an evaluator in the same process", () => {
  it("evaluates, proves, and charges by its world's clock", async () => {
    const world = new HandWorld();
    const events: EvaluatorEvent[] = [];
    await using evaluator = evaluatorIn(world, events);
    const batch = batchOf(world, 8);
    const answer = await evaluator.answer(peer, batch);
    const evaluated = evaluateBatch(keyShare, batch.blinded).evaluated;
    expect(answer).toMatchObject({ kind: "evaluated", evaluated });
    const indices = [0, 1, 2, 3, 4, 5, 6, 7];
    const proof = await evaluator.answer(peer, { kind: "prove", batchId: batch.batchId, indices });
    expect(
      proof.kind === "proof" && verifyIndices(sharePublicKey, batch.blinded, evaluated, indices, proof.proof),
    ).toBe(true);
    expect(events).toEqual([{ kind: "evaluated", member, elements: 8, charged: true }]);
    expect(evaluator.budget(peer)).toMatchObject({ available: 7, usedInWindow: 3 });
    await world.pass(26 * 3_600_000);
    expect(evaluator.budget(peer)).toMatchObject({ available: 10, usedInWindow: 0 });
  });

  it("answers nobody but members in good standing, also when the membership ended while it worked", async () => {
    const world = new HandWorld();
    let federation = federationOf();
    await using evaluator = evaluatorIn(world, [], () => federation);
    await expect(evaluator.answer({ kind: "broker" }, batchOf(world, 1))).rejects.toMatchObject({ code: "FORBIDDEN" });
    const work = evaluator.answer(peer, batchOf(world, 1));
    federation = { ...federation, members: new Map() };
    await expect(work).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(() => evaluator.budget(peer)).toThrow(expect.objectContaining({ code: "FORBIDDEN" }));
  });

  it("runs without the share of a generation in use: it says so, and refuses what is asked under it, uncharged", async () => {
    const world = new HandWorld();
    const events: EvaluatorEvent[] = [];
    await using evaluator = evaluatorIn(world, events, () => federationOf(), inProcessEngines(world), []);
    expect(events).toEqual([1, 2, 3].map((generation) => ({ kind: "shareMissing", generation })));
    expect(await evaluator.answer(peer, batchOf(world, 1))).toMatchObject({ kind: "refused", reason: "generation" });
    expect(evaluator.budget(peer).available).toBe(15);
  });

  it("gives the same bytes for the same seed", async () => {
    const told = async (seed: number) => {
      const world = new HandWorld(seed);
      await using evaluator = evaluatorIn(world);
      const batch = batchOf(world, 2);
      return [
        await evaluator.answer(peer, batch),
        await evaluator.answer(peer, { kind: "prove", batchId: batch.batchId, indices: [0, 1] }),
      ];
    };
    expect(await told(3)).toEqual(await told(3));
    expect(await told(3)).not.toEqual(await told(4));
  });
});

const DAY_MS = 24 * 3_600_000;

describe("a batch with elements that are none", () => {
  it("makes no work beyond the budget, however many there are, one after another or at once", async () => {
    for (const atOnce of [1, 40]) {
      const { looked, available } = await floodWithBadBatches({ batches: 200, atOnce });
      // And the one that was forgiven.
      expect(looked).toBeLessThanOrEqual(BAD_BATCHES_BUDGET + BAD_BATCH);
      expect(available).toBe(0);
    }
  });

  it("is not looked at again under its id once it was charged", async () => {
    const world = new HandWorld();
    await using evaluator = evaluatorIn(world, [], () => federationOf({ initial: 0, perDay: 50 }));
    await evaluator.answer(peer, badBatch(world));
    const batch = badBatch(world);
    expect(await evaluator.answer(peer, batch)).toMatchObject({ reason: "badElement", bad: [7] });
    expect(await evaluator.answer(peer, batch)).toMatchObject({ reason: "conflict" });
    expect(evaluator.budget(peer).usedInWindow).toBe(8);
  });

  it("is forgiven once in 24 hours", async () => {
    const world = new HandWorld();
    await using evaluator = evaluatorIn(world, [], () => federationOf({ initial: 4, perDay: 50 }));
    await evaluator.answer(peer, badBatch(world));
    expect(evaluator.budget(peer).available).toBe(54);
    await world.pass(DAY_MS - 1);
    await evaluator.answer(peer, badBatch(world));
    expect(evaluator.budget(peer).available).toBe(46);
    await world.pass(DAY_MS);
    await evaluator.answer(peer, badBatch(world));
    expect(evaluator.budget(peer).available).toBe(46);
  });
});

describe("a new generation of keys", () => {
  const terms = { initial: 20, perDay: 10 };
  const ask = async (evaluator: Evaluator, world: HandWorld, count: number, generation: number) =>
    (await evaluator.answer(peer, batchOf(world, count, generation))).kind === "evaluated";

  it("lets a member harden again what it was charged for, and no more", async () => {
    const world = new HandWorld();
    await using evaluator = evaluatorIn(world, [], () => federationOf(terms));
    expect(await ask(evaluator, world, 20, 1)).toBe(true);
    expect(await ask(evaluator, world, 5, 1)).toBe(true);
    expect(await ask(evaluator, world, 25, 2)).toBe(true);
    expect(evaluator.budget(peer)).toMatchObject({ available: 5, usedInWindow: 5 });
    expect(await ask(evaluator, world, 6, 2)).toBe(false);
    expect(await ask(evaluator, world, 5, 2)).toBe(true);
    expect(await ask(evaluator, world, 1, 1)).toBe(false);
    // What it was charged for under both.
    expect(await ask(evaluator, world, 30, 3)).toBe(true);
    expect(await ask(evaluator, world, 1, 3)).toBe(false);
  });

  it("gives a member nothing that was charged for nothing before", async () => {
    const world = new HandWorld();
    await using evaluator = evaluatorIn(world, [], () => federationOf(terms));
    expect(await ask(evaluator, world, 30, 1)).toBe(true);
    await world.pass(2 * DAY_MS);
    expect(await ask(evaluator, world, 41, 2)).toBe(false);
    expect(await ask(evaluator, world, 40, 2)).toBe(true);
  });

  it("charges what is new while both are in use under each", async () => {
    const world = new HandWorld();
    await using evaluator = evaluatorIn(world, [], () => federationOf(terms));
    expect(await ask(evaluator, world, 10, 1)).toBe(true);
    expect(await ask(evaluator, world, 10, 2)).toBe(true);
    expect(evaluator.budget(peer).available).toBe(20);
    expect(await ask(evaluator, world, 3, 1)).toBe(true);
    expect(await ask(evaluator, world, 3, 2)).toBe(true);
    expect(evaluator.budget(peer).available).toBe(14);
  });
});
