/**
 * RFC 9497 section 2.2: one proof, for a whole batch, that every evaluated element is the blinded one times the secret
 * key behind a public key.
 *
 * The prover is an evaluator, the verifier a node; both know all elements, only the prover its key. Whoever learns or
 * predicts one nonce, or sees it used for two challenges, computes the key from the proof: hence the hedged nonce, which
 * stays unpredictable under a broken random generator and differs between statements after an image was restored.
 */
import { concat, lp, u16, utf8 } from "../core/bytes.ts";
import { OPRF_BATCH_ELEMENTS_MAX } from "../core/limits.ts";
import { CausewayError } from "../core/errors.ts";
import { constantTimeEqual, isZero, sha512 } from "./hash.ts";
import {
  add,
  at,
  countOf,
  decodeElement,
  ELEMENT_BYTES,
  hashToScalar,
  isElement,
  isScalar,
  multiply,
  multiplyBase,
  SCALAR_BYTES,
  scalarMultiply,
  scalarSubtract,
  suiteDst,
} from "./ristretto.ts";
import type { Element, Scalar } from "./ristretto.ts";

const NONCE_RANDOM_BYTES = 32;
const SEED_DST = suiteDst("Seed-", "voprf");
const SCALAR_DST = suiteDst("HashToScalar-", "voprf");
const NONCE_DST = utf8("causeway/proof-nonce/v1");

/** What is proved: `evaluated[i] = secret key * blinded[i]`, 32 bytes each, joined, in the same order. */
export interface Statement {
  readonly publicKey: Uint8Array;
  readonly blinded: Uint8Array;
  readonly evaluated: Uint8Array;
}

/** The batch condensed to one pair: `z = secret key * m`. */
interface Composite {
  readonly publicKey: Element;
  readonly m: Element;
  readonly z: Element;
}

/**
 * (evaluator) GenerateProof with the nonce as an argument, so that the vectors of RFC 9497 run bit by bit. The nonce must
 * be uniform, secret and new: use `generateHedgedProof`. Throws INVALID for a bad element, key or length.
 */
export function generateProof(secretKey: Scalar, statement: Statement, nonce: Scalar): Uint8Array {
  return respond(secretKey, condenseWithKey(secretKey, statement), nonce);
}

/** (evaluator) GenerateProof with a nonce hedged by 32 random bytes. Throws as `generateProof`. */
export function generateHedgedProof(secretKey: Scalar, statement: Statement, random32: Uint8Array): Uint8Array {
  const composite = condenseWithKey(secretKey, statement);
  return respond(secretKey, composite, hedgedNonce(secretKey, transcriptOf(composite), random32));
}

/**
 * HashToScalar(random32 ‖ k ‖ SHA-512(transcript)) under its own tag (protocol section 13). Throws INVALID unless there
 * are 32 random bytes, or in the negligible case of zero.
 */
export function hedgedNonce(secretKey: Scalar, transcript: Uint8Array, random32: Uint8Array): Scalar {
  if (random32.length !== NONCE_RANDOM_BYTES) throw new CausewayError("INVALID", "not 32 random bytes");
  const nonce = hashToScalar(concat(random32, secretKey, sha512(transcript)), NONCE_DST);
  if (isZero(nonce)) throw new CausewayError("INVALID", "proof nonce is zero");
  return nonce;
}

/**
 * (node) VerifyProof. Everything but the public key comes from the prover: whatever is malformed there makes the answer
 * false. A challenge or response of zero is refused too; an honest prover meets it once in 2^252 proofs.
 * Throws INVALID for a bad public key or batches of unequal or impossible length.
 */
export function verifyProof(statement: Statement, proof: Uint8Array): boolean {
  const publicKey = decodeElement(statement.publicKey);
  const count = pairCount(statement);
  const challenge = proof.subarray(0, SCALAR_BYTES);
  const response = proof.subarray(SCALAR_BYTES);
  if (!isScalar(challenge) || !isScalar(response) || isZero(challenge) || isZero(response)) return false;
  for (let i = 0; i < count; i += 1) {
    if (!isElement(at(statement.blinded, i)) || !isElement(at(statement.evaluated, i))) return false;
  }
  const weights = weightsOf(publicKey, statement, count);
  try {
    const m = weightedSum(weights, statement.blinded);
    const z = weightedSum(weights, statement.evaluated);
    const t2 = add(multiplyBase(response), multiply(challenge, publicKey));
    const t3 = add(multiply(response, m), multiply(challenge, z));
    return constantTimeEqual(challengeOf({ publicKey, m, z }, t2, t3), challenge);
  } catch (error) {
    // Sums that cancel out cannot come from an honest prover.
    if (error instanceof CausewayError && error.code === "INVALID") return false;
    throw error;
  }
}

/** ComputeCompositesFast: with the key, one multiplication replaces the second sum. */
function condenseWithKey(secretKey: Scalar, statement: Statement): Composite {
  const publicKey = decodeElement(statement.publicKey);
  const count = pairCount(statement);
  for (let i = 0; i < count; i += 1) {
    decodeElement(at(statement.blinded, i));
    decodeElement(at(statement.evaluated, i));
  }
  const m = weightedSum(weightsOf(publicKey, statement, count), statement.blinded);
  return { publicKey, m, z: multiply(secretKey, m) };
}

function respond(secretKey: Scalar, composite: Composite, nonce: Scalar): Uint8Array {
  const challenge = challengeOf(composite, multiplyBase(nonce), multiply(nonce, composite.m));
  return concat(challenge, scalarSubtract(nonce, scalarMultiply(challenge, secretKey)));
}

function pairCount(statement: Statement): number {
  const count = countOf(statement.blinded, ELEMENT_BYTES);
  if (statement.evaluated.length !== statement.blinded.length || count > OPRF_BATCH_ELEMENTS_MAX) {
    throw new CausewayError("INVALID", "batch has a wrong length");
  }
  return count;
}

/** The random weight of each pair, bound to all that is proved. */
function weightsOf(publicKey: Element, statement: Statement, count: number): Scalar[] {
  const seed = lp(sha512(lp(publicKey), lp(SEED_DST)));
  const label = utf8("Composite");
  return Array.from({ length: count }, (_, i) =>
    hashToScalar(concat(seed, u16(i), lp(at(statement.blinded, i)), lp(at(statement.evaluated, i)), label), SCALAR_DST),
  );
}

function weightedSum(weights: readonly Scalar[], elements: Uint8Array): Element {
  const terms = weights.map((weight, i) => multiply(weight, at(elements, i) as Element));
  return terms.reduce(add);
}

/** All that the challenge binds before the prover commits to its nonce. */
function transcriptOf(composite: Composite): Uint8Array {
  return concat(lp(composite.publicKey), lp(composite.m), lp(composite.z));
}

function challengeOf(composite: Composite, t2: Element, t3: Element): Scalar {
  return hashToScalar(concat(transcriptOf(composite), lp(t2), lp(t3), utf8("Challenge")), SCALAR_DST);
}
