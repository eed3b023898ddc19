/** An evaluator put together without server, worker processes or files. */
import { describe, expect, it } from "vitest";
import { inProcessEngines } from "../../broker/evaluator/engine.ts";
import { createEvaluator } from "../../broker/evaluator/evaluator.ts";
import type { Evaluator } from "../../broker/evaluator/evaluator.ts";
import type { EvaluatorEvent } from "../../broker/evaluator/ports.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { blindBatch, evaluateBatch, generateKeyShare, publicKeyOf, verifyIndices } from "../../shared/crypto/oprf.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import { admit, emptyFederation, identityOf, newMember } from "../hardening/evaluators.ts";
import { HandWorld } from "../support/hand-world.ts";

const keyShare = generateKeyShare(new Uint8Array(64).fill(3));
const sharePublicKey = publicKeyOf(keyShare);
const signing = signingKeyPair(new Uint8Array(32).fill(4));
const member = newMember();
const peer = identityOf(member);

function federationOf(): Federation {
  const listed = { name: "key-office", address: "127.0.0.1:1", signingKey: signing.publicKey, sharePublicKey };
  const empty = emptyFederation();
  return {
    ...empty,
    id: new Uint8Array(16).fill(9),
    found: { ...empty.found, evaluators: [listed] },
    generations: new Map([[1, [listed]]]),
    members: new Map([[member, admit(member, { initial: 5, perDay: 10 })]]),
  };
}

function evaluatorIn(world: HandWorld, events: EvaluatorEvent[] = [], federation = federationOf): Evaluator {
  return createEvaluator(
    {
      name: "key-office",
      federation,
      shares: { read: () => keyShare, generations: () => [1], destroy: () => undefined },
      signing,
      databasePath: ":memory:",
      startEngine: inProcessEngines(world),
      onEvent: (event) => events.push(event),
    },
    world,
  );
}

function batchOf(world: HandWorld, count: number) {
  const inputs = Array.from({ length: count }, (_, i) => Uint8Array.of(i));
  const { blinded } = blindBatch(inputs, world.randomBytes(64 * count));
  return { kind: "batch", batchId: world.randomBytes(16), generation: 1, blinded } as const;
}

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
