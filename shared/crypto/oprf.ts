/**
 * RFC 9497 with ristretto255-SHA512, and on it the hardening of identifiers by a list of evaluators (protocol section 2.2).
 *
 * A node holds an identifier x, each evaluator i a key share k_i with public key K_i. The node blinds x once, sends the
 * same element to every evaluator, adds their answers, unblinds once: y = OPRF(sum k_i, x). An evaluator sees uniformly
 * random elements and learns how many, nothing else. A node learns y for each element it was charged for, and nothing
 * about a key. Blinds, inputs and outputs must stay inside the node, key shares inside their evaluator.
 *
 * Known weakness: identifiers are guessable, so all evaluators together can walk through a dictionary. They lack the
 * salt (`token.ts`) that would turn a guess into a token.
 *
 * Randomness arrives as an argument. Batches are joined 32-byte elements: the multiplication takes nearly all the time
 * and objects per element would only add to it.
 */
import { concat, lp, u16, u8, utf8 } from "../core/bytes.ts";
import { CausewayError } from "../core/errors.ts";
import { OPRF_BATCH_ELEMENTS_MAX, OPRF_INPUT_BYTES_MAX, PROOF_PAIRS_MAX } from "../core/limits.ts";
import { generateHedgedProof, verifyProof } from "./dleq.ts";
import type { Statement } from "./dleq.ts";
import { isZero, sha512 } from "./hash.ts";
import {
  add,
  at,
  countOf,
  decodeElement,
  decodeNonZeroScalar,
  ELEMENT_BYTES,
  hashToGroup,
  hashToScalar,
  invertBatch,
  isElement,
  multiply,
  multiplyBase,
  SCALAR_BYTES,
  scalarFromUniform,
  scalarInvert,
  suiteDst,
  UNIFORM_BYTES,
} from "./ristretto.ts";
import type { Element, Mode, Scalar } from "./ristretto.ts";

export { generateProof, verifyProof } from "./dleq.ts";
export type { Mode } from "./ristretto.ts";

/** Bytes of one hardened identifier y. */
export const OUTPUT_BYTES = 64;

const KEY_SEED_BYTES = 32;
const FINALIZE = utf8("Finalize");
const GROUP_DST: Record<Mode, Uint8Array> = {
  oprf: suiteDst("HashToGroup-", "oprf"),
  voprf: suiteDst("HashToGroup-", "voprf"),
};

export interface KeyPair {
  readonly secretKey: Scalar;
  readonly publicKey: Element;
}

/** DeriveKeyPair (RFC 9497 section 3.2.1) from a 32-byte seed. Throws INVALID for another seed length or a long info. */
export function deriveKeyPair(seed: Uint8Array, info: Uint8Array, mode: Mode): KeyPair {
  if (seed.length !== KEY_SEED_BYTES || info.length > OPRF_INPUT_BYTES_MAX) {
    throw new CausewayError("INVALID", "key seed or info has a wrong length");
  }
  for (let counter = 0; counter <= 255; counter += 1) {
    const secretKey = hashToScalar(concat(seed, lp(info), u8(counter)), suiteDst("DeriveKeyPair", mode));
    if (!isZero(secretKey)) return { secretKey, publicKey: multiplyBase(secretKey) };
  }
  throw new CausewayError("INTERNAL", "no key could be derived");
}

/** (node) Blind. Throws INVALID for a blind of zero, or an input that is too long or maps to the identity. */
export function blind(input: Uint8Array, blindScalar: Scalar, mode: Mode): Element {
  assertInput(input);
  return multiply(decodeNonZeroScalar(blindScalar), hashToGroup(input, GROUP_DST[mode]));
}

/** (evaluator) BlindEvaluate. Throws INVALID for a bad key or element. */
export function blindEvaluate(secretKey: Scalar, blinded: Uint8Array): Element {
  return multiply(decodeNonZeroScalar(secretKey), decodeElement(blinded));
}

/** (node) Finalize, the same in both modes: 64 bytes. The proof of mode `voprf` must have been verified before. */
export function finalize(input: Uint8Array, blindScalar: Scalar, evaluated: Uint8Array): Uint8Array {
  assertInput(input);
  return outputOf(input, multiply(scalarInvert(blindScalar), decodeElement(evaluated)));
}

/** (evaluator) A key share from 64 random bytes. Throws INVALID for another length or all zero. */
export function generateKeyShare(random64: Uint8Array): Scalar {
  return scalarFromUniform(random64);
}

/** (evaluator) The public key K_i of a share. Throws INVALID for a bad share. */
export function publicKeyOf(keyShare: Uint8Array): Element {
  return multiplyBase(decodeNonZeroScalar(keyShare));
}

/** K = sum of K_i. Throws INVALID for an empty list, a bad key, or keys that cancel out. */
export function sumPublicKeys(publicKeys: readonly Uint8Array[]): Element {
  const [first, ...rest] = publicKeys.map(decodeElement);
  if (first === undefined) throw new CausewayError("INVALID", "no public keys");
  return rest.reduce<Element>(add, first);
}

/**
 * (node) Blinds inputs with 64 random bytes each, reduced to the blinds that `finalizeBatch` needs. Blinds must be kept
 * secret, used for this batch only, and never stored beyond it.
 * Throws INVALID for an impossible size, a long input, or random bytes that reduce to zero.
 */
export function blindBatch(
  inputs: readonly Uint8Array[],
  randomScalars: Uint8Array,
): { blinded: Uint8Array; blinds: Uint8Array } {
  if (countElements(randomScalars, UNIFORM_BYTES) !== inputs.length) {
    throw new CausewayError("INVALID", "not 64 random bytes for each input");
  }
  const blinded = new Uint8Array(inputs.length * ELEMENT_BYTES);
  const blinds = new Uint8Array(inputs.length * SCALAR_BYTES);
  inputs.forEach((input, i) => {
    const blindScalar = scalarFromUniform(randomScalars.subarray(i * UNIFORM_BYTES, (i + 1) * UNIFORM_BYTES));
    blinds.set(blindScalar, i * SCALAR_BYTES);
    blinded.set(blind(input, blindScalar, "voprf"), i * ELEMENT_BYTES);
  });
  return { blinded, blinds };
}

/**
 * (evaluator) Multiplies every element by the key share. All elements are validated before the first multiplication:
 * with any bad one, `bad` holds their indices, `evaluated` is empty, and the caller charges nothing.
 * Throws INVALID for a bad share or an impossible size.
 */
export function evaluateBatch(keyShare: Uint8Array, blinded: Uint8Array): { evaluated: Uint8Array; bad: number[] } {
  const share = decodeNonZeroScalar(keyShare);
  const count = countElements(blinded);
  const bad = badElements(blinded);
  if (bad.length > 0) return { evaluated: new Uint8Array(0), bad };
  const evaluated = new Uint8Array(blinded.length);
  for (let i = 0; i < count; i += 1) evaluated.set(multiply(share, at(blinded, i) as Element), i * ELEMENT_BYTES);
  return { evaluated, bad };
}

/**
 * (node) Adds the answers of all evaluators, element by element. The answers come from peers: throws INVALID for unequal
 * or impossible sizes, for bad elements (`fields` names them as `evaluated[evaluator][element]`), and where answers
 * cancel out.
 */
export function combineBatch(evaluatedPerEvaluator: readonly Uint8Array[]): Uint8Array {
  const [first, ...rest] = evaluatedPerEvaluator;
  if (first === undefined) throw new CausewayError("INVALID", "no evaluator answered");
  const count = countElements(first);
  if (rest.some((answer) => answer.length !== first.length)) {
    throw new CausewayError("INVALID", "evaluators answered with unequal sizes");
  }
  const fields = evaluatedPerEvaluator.flatMap((answer, e) => badElements(answer).map((i) => `evaluated[${e}][${i}]`));
  if (fields.length > 0) throw new CausewayError("INVALID", "an evaluator answered with a bad element", { fields });
  const combined = first.slice();
  for (const answer of rest) {
    for (let i = 0; i < count; i += 1) {
      combined.set(add(at(combined, i) as Element, at(answer, i) as Element), i * ELEMENT_BYTES);
    }
  }
  return combined;
}

/**
 * (node) Unblinds the combined answers and hashes each with its input: 64 bytes y per input, in order. The inputs and
 * blinds are those of `blindBatch`. The proofs of all evaluators must have been verified before y is used.
 * Throws INVALID for unequal sizes, a bad blind or a bad element.
 */
export function finalizeBatch(inputs: readonly Uint8Array[], blinds: Uint8Array, combined: Uint8Array): Uint8Array[] {
  if (countElements(combined) !== inputs.length || blinds.length !== combined.length) {
    throw new CausewayError("INVALID", "inputs, blinds and answers differ in number");
  }
  const inverses = invertBatch(blinds);
  return inputs.map((input, i) => {
    assertInput(input);
    // The multiplication decodes the element again: a check before it would cost another 7 %.
    return outputOf(input, multiply(at(inverses, i) as Scalar, at(combined, i) as Element));
  });
}

/**
 * (evaluator) One 64-byte proof that the pairs named by `indices`, in that order, were evaluated with this share.
 * `random32` hedges the nonce. Throws INVALID for a bad share, key or element, unequal sizes, and for indices that are
 * none, over the limit, repeated or out of range.
 */
export function proveIndices(
  keyShare: Uint8Array,
  publicKey: Uint8Array,
  blinded: Uint8Array,
  evaluated: Uint8Array,
  indices: readonly number[],
  random32: Uint8Array,
): Uint8Array {
  const statement = statementOf(publicKey, blinded, evaluated, indices);
  return generateHedgedProof(decodeNonZeroScalar(keyShare), statement, random32);
}

/**
 * (node) Whether the proof holds for those pairs and that evaluator's own public key. False means: drop the whole batch
 * and keep the evaluator's signed statement. Throws INVALID for indices or sizes as `proveIndices`.
 */
export function verifyIndices(
  publicKey: Uint8Array,
  blinded: Uint8Array,
  evaluated: Uint8Array,
  indices: readonly number[],
  proof: Uint8Array,
): boolean {
  return verifyProof(statementOf(publicKey, blinded, evaluated, indices), proof);
}

function statementOf(
  publicKey: Uint8Array,
  blinded: Uint8Array,
  evaluated: Uint8Array,
  indices: readonly number[],
): Statement {
  const count = countElements(blinded);
  if (evaluated.length !== blinded.length) throw new CausewayError("INVALID", "batches differ in length");
  const inRange = indices.every((index) => Number.isInteger(index) && index >= 0 && index < count);
  const distinct = new Set(indices).size === indices.length;
  if (!inRange || !distinct || indices.length === 0 || indices.length > PROOF_PAIRS_MAX) {
    throw new CausewayError("INVALID", "indices to prove are not distinct, in range and within the limit");
  }
  return { publicKey, blinded: pick(blinded, indices), evaluated: pick(evaluated, indices) };
}

function pick(batch: Uint8Array, indices: readonly number[]): Uint8Array {
  const picked = new Uint8Array(indices.length * ELEMENT_BYTES);
  indices.forEach((index, i) => picked.set(at(batch, index), i * ELEMENT_BYTES));
  return picked;
}

function badElements(batch: Uint8Array): number[] {
  const bad: number[] = [];
  for (let i = 0; i < batch.length / ELEMENT_BYTES; i += 1) if (!isElement(at(batch, i))) bad.push(i);
  return bad;
}

function countElements(batch: Uint8Array, size = ELEMENT_BYTES): number {
  const count = countOf(batch, size);
  if (count > OPRF_BATCH_ELEMENTS_MAX) throw new CausewayError("INVALID", "batch is too large");
  return count;
}

function assertInput(input: Uint8Array): void {
  if (input.length > OPRF_INPUT_BYTES_MAX) throw new CausewayError("INVALID", "OPRF input is too long");
}

/** The hash at the end of Finalize. */
function outputOf(input: Uint8Array, unblinded: Element): Uint8Array {
  return sha512(u16(input.length), input, u16(unblinded.length), unblinded, FINALIZE);
}
