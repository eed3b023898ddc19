/** An evaluator put together without server, worker processes or files, one member of its federation, and what that can ask. */
import { inProcessEngines } from "../../broker/evaluator/engine.ts";
import type { StartEngine } from "../../broker/evaluator/engine.ts";
import { createEvaluator } from "../../broker/evaluator/evaluator.ts";
import type { Evaluator } from "../../broker/evaluator/evaluator.ts";
import type { EvaluatorEvent } from "../../broker/evaluator/ports.ts";
import type { Budget, Federation } from "../../shared/core/directive.ts";
import { blindBatch, generateKeyShare, publicKeyOf } from "../../shared/crypto/oprf.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import { admit, emptyFederation, identityOf, newMember } from "../hardening/evaluators.ts";
import { HandWorld } from "../support/hand-world.ts";

export const keyShare = generateKeyShare(new Uint8Array(64).fill(3));
export const sharePublicKey = publicKeyOf(keyShare);
const signing = signingKeyPair(new Uint8Array(32).fill(4));
export const member = newMember();
export const peer = identityOf(member);

export function federationOf(budget: Budget = { initial: 5, perDay: 10 }): Federation {
  const listed = { name: "key-office", address: "127.0.0.1:1", signingKey: signing.publicKey, sharePublicKey };
  const empty = emptyFederation();
  return {
    ...empty,
    id: new Uint8Array(16).fill(9),
    found: { ...empty.found, evaluators: [listed] },
    generations: new Map([1, 2, 3].map((generation) => [generation, [listed]])),
    members: new Map([[member, admit(member, budget)]]),
  };
}

export function evaluatorIn(
  world: HandWorld,
  events: EvaluatorEvent[] = [],
  federation = () => federationOf(),
  startEngine = inProcessEngines(world),
  generations: readonly number[] = [1],
): Evaluator {
  return createEvaluator(
    {
      name: "key-office",
      federation,
      shares: { read: () => keyShare, generations: () => generations, destroy: () => undefined },
      signing,
      databasePath: ":memory:",
      startEngine,
      onEvent: (event) => events.push(event),
    },
    world,
  );
}

export function batchOf(world: HandWorld, count: number, generation = 1) {
  const inputs = Array.from({ length: count }, (_, i) => Uint8Array.of(i));
  const { blinded } = blindBatch(inputs, world.randomBytes(64 * count));
  return { kind: "batch", batchId: world.randomBytes(16), generation, blinded } as const;
}

const ELEMENT_BYTES = 32;
/** Elements of a bad batch, of which the last is none. */
export const BAD_BATCH = 8;
/** Elements that the member of `floodWithBadBatches` may have evaluated. */
export const BAD_BATCHES_BUDGET = 80;

export function badBatch(world: HandWorld) {
  const batch = batchOf(world, BAD_BATCH);
  const blinded = Uint8Array.from(batch.blinded);
  return { ...batch, blinded: blinded.fill(0xff, (BAD_BATCH - 1) * ELEMENT_BYTES) };
}

/** What an evaluator does of so many bad batches: elements that it looked at, and what is left of the member's budget. */
export async function floodWithBadBatches(of: {
  readonly batches: number;
  readonly atOnce: number;
}): Promise<{ readonly looked: number; readonly available: number }> {
  const world = new HandWorld();
  const counts = counting(inProcessEngines(world));
  const budget = { initial: 30, perDay: BAD_BATCHES_BUDGET - 30 };
  await using evaluator = evaluatorIn(world, [], () => federationOf(budget), counts.start);
  for (let sent = 0; sent < of.batches; sent += of.atOnce) {
    const batches = Array.from({ length: of.atOnce }, () => badBatch(world));
    await Promise.all(batches.map((batch) => evaluator.answer(peer, batch)));
  }
  return { looked: counts.looked, available: evaluator.budget(peer).available };
}

/** Counts the elements that were looked at. */
function counting(startEngine: StartEngine): { readonly start: StartEngine; looked: number } {
  const counts = {
    looked: 0,
    start: ((keys) => {
      const engine = startEngine(keys);
      const badElements = (blinded: Uint8Array, lane: string) => {
        counts.looked += blinded.length / ELEMENT_BYTES;
        return engine.badElements(blinded, lane);
      };
      return { ...engine, badElements, [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose]() };
    }) satisfies StartEngine,
  };
  return counts;
}
