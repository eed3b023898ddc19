import { ristretto255_oprf } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, fromHex, toHex } from "../../shared/core/bytes.ts";
import { OPRF_BATCH_ELEMENTS_MAX, PROOF_PAIRS_MAX } from "../../shared/core/limits.ts";
import { hedgedNonce } from "../../shared/crypto/dleq.ts";
import {
  blindBatch,
  combineBatch,
  deriveKeyPair,
  evaluateBatch,
  finalizeBatch,
  generateKeyShare,
  generateProof,
  proveIndices,
  publicKeyOf,
  sumPublicKeys,
  verifyIndices,
} from "../../shared/crypto/oprf.ts";
import {
  at,
  decodeElement,
  decodeScalar,
  multiply,
  multiplyBase,
  scalarAdd,
  scalarInvert,
  scalarMultiply,
  scalarNegate,
  scalarSubtract,
} from "../../shared/crypto/ristretto.ts";
import type { Scalar } from "../../shared/crypto/ristretto.ts";
import {
  addWithoutReduction,
  expectRefusal,
  filled,
  flipped,
  GROUP_ORDER_HEX,
  invented,
  inventedScalar,
} from "./support.ts";

const oracle = ristretto255_oprf.voprf;
const SEEDED = { seed: 20_261_122, numRuns: 12 };

const shareA = generateKeyShare(invented("share a", 64));
const shareB = generateKeyShare(invented("share b", 64));
const shareC = generateKeyShare(invented("share c", 64));
const inputs = Array.from({ length: 9 }, (_, i) => invented(`input ${i}`, 5 + 7 * i));
const { blinded, blinds } = blindBatch(inputs, invented("blinds", 64 * inputs.length));
const evaluated = evaluateBatch(shareA, blinded).evaluated;
const keyA = publicKeyOf(shareA);
const random32 = invented("random", 32);

/** The whole path of a batch over a list of evaluators. */
function harden(shares: readonly Uint8Array[], of: readonly Uint8Array[] = inputs): Uint8Array[] {
  const batch = blindBatch(of, invented("other blinds", 64 * of.length));
  const answers = shares.map((share) => evaluateBatch(share, batch.blinded).evaluated);
  return finalizeBatch(of, batch.blinds, combineBatch(answers));
}

describe("hardening", () => {
  it("agrees with noble-curves on random inputs, keys and blinds", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 3 }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ maxLength: 40 }),
        (texts, seed, info) => {
          const keys = deriveKeyPair(seed, info, "voprf");
          const theirs = oracle.deriveKeyPair(seed, info);
          expect(toHex(keys.secretKey)).toBe(toHex(theirs.secretKey));
          const ours = blindBatch(texts, invented("oracle", 64 * texts.length));
          const elements = texts.map((_, i) => at(ours.blinded, i).slice());
          const answer = oracle.blindEvaluateBatch(theirs.secretKey, theirs.publicKey, elements);
          const mine = evaluateBatch(keys.secretKey, ours.blinded).evaluated;
          expect(mine).toEqual(concat(...answer.evaluated));
          const indices = texts.map((_, i) => i);
          expect(verifyIndices(keys.publicKey, ours.blinded, mine, indices, answer.proof)).toBe(true);
          const proof = proveIndices(keys.secretKey, keys.publicKey, ours.blinded, mine, indices, random32);
          const items = texts.map((input, i) => ({
            input,
            blind: at(ours.blinds, i).slice(),
            evaluated: answer.evaluated[i] as Uint8Array,
            blinded: elements[i] as Uint8Array,
          }));
          const expected = oracle.finalizeBatch(items, theirs.publicKey, proof);
          expect(finalizeBatch(texts, ours.blinds, combineBatch([mine]))).toEqual(
            expected.map((y) => Uint8Array.from(y)),
          );
        },
      ),
      SEEDED,
    );
  });

  it.each([1, 2, 3])("by %i evaluators gives what the sum of their shares gives", (count) => {
    const shares = [shareA, shareB, shareC].slice(0, count);
    const whole = shares.reduce((a, b) => scalarAdd(a, b));
    expect(harden(shares)).toEqual(harden([whole]));
    expect(publicKeyOf(whole)).toEqual(sumPublicKeys(shares.map(publicKeyOf)));
  });

  it("does not depend on the blinds, and does on every share and input", () => {
    const first = finalizeBatch(inputs, blinds, combineBatch([evaluated]));
    expect(harden([shareA])).toEqual(first);
    expect(harden([shareB])).not.toEqual(first);
    expect(new Set(first.map(toHex)).size).toBe(inputs.length);
    expect(harden([shareA], [inputs[0] as Uint8Array, inputs[0] as Uint8Array]).map(toHex)).toEqual(
      [first[0], first[0]].map((y) => toHex(y as Uint8Array)),
    );
  });

  it("hides equal inputs from the evaluator", () => {
    const twice = blindBatch([filled(4, 1), filled(4, 1)], invented("two blinds", 128));
    expect(at(twice.blinded, 0)).not.toEqual(at(twice.blinded, 1));
  });
});

describe("a batch is refused before any work", () => {
  it("when random bytes are missing, or show a broken generator", () => {
    expectRefusal(() => blindBatch(inputs, invented("short", 64 * inputs.length - 64)), "INVALID");
    expectRefusal(() => blindBatch([filled(1, 1)], filled(64, 0)), "INVALID");
    expectRefusal(() => blindBatch([], new Uint8Array(0)), "INVALID");
  });

  it("when an input is longer than RFC 9497 can name", () => {
    expectRefusal(() => blindBatch([filled(65_536, 1)], invented("long", 64)), "INVALID");
    expect(blindBatch([filled(65_535, 1)], invented("long", 64)).blinded).toHaveLength(32);
  });

  it("when it holds more than the limit", () => {
    const oversized = filled(32 * (OPRF_BATCH_ELEMENTS_MAX + 1), 255);
    expectRefusal(() => evaluateBatch(shareA, oversized), "INVALID");
    // At the limit it is looked at, and every one of these is bad.
    const bad = evaluateBatch(shareA, oversized.subarray(32)).bad;
    expect(bad).toHaveLength(OPRF_BATCH_ELEMENTS_MAX);
  });

  it("when it is empty or has a broken last element", () => {
    for (const batch of [new Uint8Array(0), blinded.subarray(1)]) {
      expectRefusal(() => evaluateBatch(shareA, batch), "INVALID");
      expectRefusal(() => combineBatch([batch]), "INVALID");
    }
    expectRefusal(() => combineBatch([]), "INVALID");
  });

  it("when the key share is zero or unreduced", () => {
    const unreduced = addWithoutReduction(shareA, fromHex(GROUP_ORDER_HEX));
    for (const share of [filled(32, 0), unreduced, filled(31, 1)]) {
      expectRefusal(() => evaluateBatch(share, blinded), "INVALID");
      expectRefusal(() => publicKeyOf(share), "INVALID");
    }
  });

  it("when inputs, blinds and answers do not fit each other", () => {
    expectRefusal(() => finalizeBatch(inputs.slice(1), blinds, evaluated), "INVALID");
    expectRefusal(() => finalizeBatch(inputs, blinds.subarray(32), evaluated), "INVALID");
    expectRefusal(() => finalizeBatch(inputs, filled(blinds.length, 0), evaluated), "INVALID");
    const garbled = evaluated.slice();
    garbled.fill(255, 32, 64);
    expectRefusal(() => finalizeBatch(inputs, blinds, garbled), "INVALID");
    garbled.fill(0, 32, 64);
    expectRefusal(() => finalizeBatch(inputs, blinds, garbled), "INVALID");
  });
});

describe("answers of evaluators", () => {
  const answerB = evaluateBatch(shareB, blinded).evaluated;

  it("are refused with the place of each bad element, the identity included", () => {
    const [a, b] = [evaluated.slice(), answerB.slice()];
    a.fill(0, 0, 32);
    b.fill(255, 64, 96);
    expect(expectRefusal(() => combineBatch([a, b]), "INVALID").fields).toEqual(["evaluated[0][0]", "evaluated[1][2]"]);
    expect(expectRefusal(() => combineBatch([a]), "INVALID").fields).toEqual(["evaluated[0][0]"]);
  });

  it("are refused when they differ in number or cancel out", () => {
    expectRefusal(() => combineBatch([evaluated, answerB.subarray(32)]), "INVALID");
    expectRefusal(() => combineBatch([evaluated, evaluateBatch(scalarNegate(shareA), blinded).evaluated]), "INVALID");
  });

  it("are not changed by combining them", () => {
    const before = evaluated.slice();
    combineBatch([evaluated, answerB]);
    expect(evaluated).toEqual(before);
  });
});

describe("public keys", () => {
  it("are refused when none, bad, or cancelling out", () => {
    expectRefusal(() => sumPublicKeys([]), "INVALID");
    expectRefusal(() => sumPublicKeys([keyA, filled(32, 0)]), "INVALID");
    expectRefusal(() => sumPublicKeys([keyA, publicKeyOf(scalarNegate(shareA))]), "INVALID");
  });
});

describe("the proof over sampled pairs", () => {
  const indices = [7, 0, 3];
  const proof = proveIndices(shareA, keyA, blinded, evaluated, indices, random32);

  it("holds for the pairs it names, in their order, and for that evaluator", () => {
    expect(proof).toHaveLength(64);
    expect(verifyIndices(keyA, blinded, evaluated, indices, proof)).toBe(true);
    expect(verifyIndices(keyA, blinded, evaluated, [0, 3, 7], proof)).toBe(false);
    expect(verifyIndices(keyA, blinded, evaluated, [7, 0], proof)).toBe(false);
    expect(verifyIndices(publicKeyOf(shareB), blinded, evaluated, indices, proof)).toBe(false);
  });

  it("catches every tampered pair that it names, and none that it does not", () => {
    const other = evaluateBatch(shareB, blinded).evaluated;
    for (let i = 0; i < inputs.length; i += 1) {
      const tampered = evaluated.slice();
      tampered.set(at(other, i), 32 * i);
      const again = proveIndices(shareA, keyA, blinded, tampered, indices, random32);
      expect(verifyIndices(keyA, blinded, tampered, indices, again)).toBe(!indices.includes(i));
    }
  });

  it("cannot be had by swapping two answers", () => {
    const swapped = evaluated.slice();
    swapped.set(at(evaluated, 0), 32 * 3);
    swapped.set(at(evaluated, 3), 0);
    const again = proveIndices(shareA, keyA, blinded, swapped, indices, random32);
    expect(verifyIndices(keyA, blinded, swapped, indices, again)).toBe(false);
  });

  it("does not hold with any bit changed", () => {
    for (let i = 0; i < proof.length; i += 1) {
      expect(verifyIndices(keyA, blinded, evaluated, indices, flipped(proof, i))).toBe(false);
    }
  });

  it("has one encoding: unreduced challenge or response is refused, though libsodium would compute with it", () => {
    const order = fromHex(GROUP_ORDER_HEX);
    const challenge = concat(addWithoutReduction(proof.subarray(0, 32), order), proof.subarray(32));
    const response = concat(proof.subarray(0, 32), addWithoutReduction(proof.subarray(32), order));
    expect(verifyIndices(keyA, blinded, evaluated, indices, challenge)).toBe(false);
    expect(verifyIndices(keyA, blinded, evaluated, indices, response)).toBe(false);
    // The weak variant: the same response without the check multiplies to the same element.
    const s = decodeScalar(proof.subarray(32));
    expect(multiply(response.subarray(32) as Scalar, keyA)).toEqual(multiply(s, keyA));
  });

  it("is false, not an error, for whatever a prover may send", () => {
    for (const bad of [new Uint8Array(0), proof.subarray(1), concat(proof, proof), filled(64, 0), filled(64, 255)]) {
      expect(verifyIndices(keyA, blinded, evaluated, indices, bad)).toBe(false);
    }
    const garbled = evaluated.slice();
    garbled.fill(255, 0, 32);
    expect(verifyIndices(keyA, blinded, garbled, indices, proof)).toBe(false);
    garbled.fill(0, 0, 32);
    expect(verifyIndices(keyA, blinded, garbled, indices, proof)).toBe(false);
  });

  it("is refused for indices that are none, repeated, out of range, broken or over the limit", () => {
    const many = Array.from({ length: PROOF_PAIRS_MAX + 1 }, (_, i) => i);
    const wide = filled(32 * many.length, 2);
    for (const bad of [[], [1, 1], [-1], [inputs.length], [0.5], [Number.NaN]]) {
      expectRefusal(() => proveIndices(shareA, keyA, blinded, evaluated, bad, random32), "INVALID");
      expectRefusal(() => verifyIndices(keyA, blinded, evaluated, bad, proof), "INVALID");
    }
    expectRefusal(() => proveIndices(shareA, keyA, wide, wide, many, random32), "INVALID");
    expectRefusal(() => verifyIndices(keyA, blinded, evaluated.subarray(32), [0], proof), "INVALID");
  });
});

describe("the nonce of a proof", () => {
  it("differs between statements even if the random bytes repeat, as after a restored image", () => {
    const statements = [[0], [1], [0, 1], [1, 0]];
    const commitments = statements.map((indices) => commitmentOf(indices));
    expect(new Set(commitments).size).toBe(statements.length);
    const nonces = ["one", "two"].map((transcript) => toHex(hedgedNonce(shareA, invented(transcript, 96), random32)));
    expect(new Set(nonces).size).toBe(2);
  });

  it("is the key to the share if it does repeat: why it is hedged", () => {
    const nonce = inventedScalar("repeated nonce");
    const [first, second] = [0, 1].map((i) => {
      const statement = { publicKey: keyA, blinded: at(blinded, i), evaluated: at(evaluated, i) };
      const proof = generateProof(shareA, statement, nonce);
      return { challenge: decodeScalar(proof.subarray(0, 32)), response: decodeScalar(proof.subarray(32)) };
    }) as [Parts, Parts];
    // s = r - c k, so k = (s1 - s2) / (c2 - c1).
    const stolen = scalarMultiply(
      scalarSubtract(first.response, second.response),
      scalarInvert(scalarSubtract(second.challenge, first.challenge)),
    );
    expect(toHex(stolen)).toBe(toHex(shareA));
  });

  it("depends on the random bytes, the share and the transcript, and needs 32 random bytes", () => {
    const transcript = invented("transcript", 96);
    const all = [
      hedgedNonce(shareA, transcript, random32),
      hedgedNonce(shareB, transcript, random32),
      hedgedNonce(shareA, transcript, filled(32, 0)),
      hedgedNonce(shareA, flipped(transcript, 0), random32),
    ];
    expect(new Set(all.map(toHex)).size).toBe(4);
    expectRefusal(() => hedgedNonce(shareA, transcript, filled(31, 1)), "INVALID");
    expectRefusal(() => proveIndices(shareA, keyA, blinded, evaluated, [0], new Uint8Array(0)), "INVALID");
  });
});

/** The commitment r G = s G + c K, which shows whether a nonce was used twice. */
function commitmentOf(indices: readonly number[]): string {
  const proof = proveIndices(shareA, keyA, blinded, evaluated, indices, random32);
  const [c, s] = [decodeScalar(proof.subarray(0, 32)), decodeScalar(proof.subarray(32))];
  return toHex(multiplyBase(scalarAdd(s, scalarMultiply(c, shareA))));
}

interface Parts {
  readonly challenge: Scalar;
  readonly response: Scalar;
}

it("a decoded element is the very bytes that were given", () => {
  const element = at(blinded, 0);
  expect(decodeElement(element)).toBe(element);
});
