/**
 * Elements per second and core of each step of hardening, next to what libsodium's primitives alone allow in the same
 * process: the batch functions should reach at least 80 % of that.
 */
import {
  blindBatch,
  combineBatch,
  evaluateBatch,
  finalizeBatch,
  generateKeyShare,
  proveIndices,
  publicKeyOf,
  verifyIndices,
} from "../../shared/crypto/oprf.ts";
import { randomBytes } from "../../shared/crypto/random.ts";
import { sodium } from "../../shared/crypto/sodium.ts";
import { confirmKeyOf, saltKey, tokensOf } from "../../shared/crypto/token.ts";

export interface HardenRates {
  /** Elements in the batch. */
  readonly elements: number;
  /** Elements per second, by step. */
  readonly perSecond: Readonly<Record<string, number>>;
  /** Node: blind and finalise, over two multiplications and one mapping of 64 bytes to the group. */
  readonly nodeShareOfPrimitives: number;
  /** Evaluator: the batch, over one multiplication. */
  readonly evaluatorShareOfPrimitives: number;
}

/** Runs the whole path over `elements` invented inputs of 40 bytes, three rounds, and keeps the best of each. */
export function benchHarden(elements = 2_000): HardenRates {
  const best: Record<string, number> = {};
  for (let round = 0; round < 3; round += 1) {
    for (const [step, seconds] of Object.entries(oneRound(elements))) {
      best[step] = Math.max(best[step] ?? 0, Math.round(elements / seconds));
    }
  }
  const rate = (step: string): number => best[step] ?? Number.NaN;
  const nodeSeconds = 1 / rate("blind") + 1 / rate("finalise");
  const nodeFloorSeconds = 2 / rate("primitive multiply") + 1 / rate("primitive from_hash");
  return {
    elements,
    perSecond: best,
    nodeShareOfPrimitives: nodeFloorSeconds / nodeSeconds,
    evaluatorShareOfPrimitives: rate("evaluate") / rate("primitive multiply"),
  };
}

function oneRound(elements: number): Record<string, number> {
  const seconds: Record<string, number> = {};
  const timed = <T>(step: string, work: () => T): T => {
    const start = performance.now();
    const result = work();
    seconds[step] = (performance.now() - start) / 1_000;
    return result;
  };
  const inputs = Array.from({ length: elements }, () => randomBytes(40));
  const random = randomBytes(64 * elements);
  const [shareA, shareB] = [generateKeyShare(randomBytes(64)), generateKeyShare(randomBytes(64))];
  const element = sodium.crypto_core_ristretto255_from_hash(randomBytes(64));
  const uniform = randomBytes(64);

  timed("primitive multiply", () => repeat(elements, () => sodium.crypto_scalarmult_ristretto255(shareA, element)));
  timed("primitive from_hash", () => repeat(elements, () => sodium.crypto_core_ristretto255_from_hash(uniform)));
  const { blinded, blinds } = timed("blind", () => blindBatch(inputs, random));
  const a = timed("evaluate", () => evaluateBatch(shareA, blinded)).evaluated;
  const b = evaluateBatch(shareB, blinded).evaluated;
  const combined = timed("combine two answers", () => combineBatch([a, b]));
  const ys = timed("finalise", () => finalizeBatch(inputs, blinds, combined));
  const salt = saltKey(randomBytes(32));
  timed("token", () => tokensOf(salt, "target", ys));
  timed("confirmation key", () => ys.forEach((y) => confirmKeyOf(salt, "target", y)));
  const indices = Array.from({ length: Math.min(elements, 1_024) }, (_, i) => i);
  const publicKey = publicKeyOf(shareA);
  const scale = elements / indices.length;
  const proof = timed("prove a pair", () => proveIndices(shareA, publicKey, blinded, a, indices, randomBytes(32)));
  timed("verify a pair", () => verifyIndices(publicKey, blinded, a, indices, proof));
  for (const step of ["prove a pair", "verify a pair"]) seconds[step] = (seconds[step] ?? 0) * scale;
  return seconds;
}

function repeat(times: number, work: () => unknown): void {
  for (let i = 0; i < times; i += 1) work();
}
