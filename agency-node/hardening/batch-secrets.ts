/**
 * Everything random about a hardening batch, derived from one secret seed, so that a node that crashed sends exactly the same bytes
 * again: an evaluator then neither charges twice nor sees two blindings of one identifier.
 *
 * The seed is 32 random bytes, new for each batch, stored encrypted until the batch is done, and destroyed after: with the blinded
 * elements it undoes the blinding. Should a seed be used twice by mistake, blinds still differ for different batches, places and
 * inputs, because all of them go into the derivation.
 *
 * The pairs that an evaluator must prove come from the seed too, and from its signed answer: it cannot foresee them, and sending the
 * same answer again after it has seen them gets it the same ones.
 */
import { concat, lpText, u32 } from "../../shared/core/bytes.ts";
import { PROOF_PAIRS_MAX } from "../../shared/core/limits.ts";
import { blake2bKeyed, hashKey } from "../../shared/crypto/hash.ts";
import type { HashKey } from "../../shared/crypto/hash.ts";

const UNIFORM_BYTES = 64;
const WORDS_PER_BLOCK = 16;
const TWO_TO_32 = 0x1_0000_0000;

/** Throws INVALID unless the seed has 32 bytes, not all zero. */
export function batchKey(seed: Uint8Array, batchId: Uint8Array): HashKey {
  return hashKey(blake2bKeyed(32, hashKey(seed), lpText("causeway/harden/batch/v1"), batchId));
}

/** 64 uniform bytes for the blind of each input; `first` is the place of the first one in the batch. */
export function blindBytes(key: HashKey, first: number, inputs: readonly Uint8Array[]): Uint8Array {
  const label = lpText("causeway/harden/blind/v1");
  const bytes = new Uint8Array(inputs.length * UNIFORM_BYTES);
  inputs.forEach((input, i) => {
    bytes.set(blake2bKeyed(UNIFORM_BYTES, key, label, u32(first + i), input), i * UNIFORM_BYTES);
  });
  return bytes;
}

/** The order in which inputs are sent: `order[i]` is the input at place i. */
export function batchOrder(key: HashKey, count: number): Uint32Array {
  return shuffled(key, lpText("causeway/harden/order/v1"), count, count);
}

/** The places whose pairs an evaluator must prove: min(count, 1,024), distinct. `evaluatedHash` is what it has signed. */
export function proofIndices(key: HashKey, count: number, evaluator: string, evaluatedHash: Uint8Array): number[] {
  const label = concat(lpText("causeway/harden/indices/v1"), lpText(evaluator), evaluatedHash);
  return [...shuffled(key, label, count, Math.min(count, PROOF_PAIRS_MAX))];
}

/** The first `take` places of a random permutation of 0..count-1 (Fisher and Yates). */
function shuffled(key: HashKey, label: Uint8Array, count: number, take: number): Uint32Array {
  const places = Uint32Array.from({ length: count }, (_, i) => i);
  const words = randomWords(key, label);
  for (let i = 0; i < take; i += 1) {
    const other = i + below(words, count - i);
    const held = places[i] as number;
    places[i] = places[other] as number;
    places[other] = held;
  }
  return places.subarray(0, take);
}

/** Uniform in 0..limit-1: words beyond the last whole multiple of `limit` are drawn again. */
function below(words: Iterator<number, never>, limit: number): number {
  const usable = TWO_TO_32 - (TWO_TO_32 % limit);
  for (;;) {
    const word = words.next().value;
    if (word < usable) return word % limit;
  }
}

function* randomWords(key: HashKey, label: Uint8Array): Generator<number, never> {
  for (let block = 0; ; block += 1) {
    const bytes = blake2bKeyed(64, key, label, u32(block));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let i = 0; i < WORDS_PER_BLOCK; i += 1) yield view.getUint32(4 * i);
  }
}
