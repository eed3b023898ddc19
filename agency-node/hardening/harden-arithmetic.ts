/** (node) Blinds, checks proofs, unblinds: one task at a time, in a worker process or in this one. */
import { concat } from "../../shared/core/bytes.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import { hashKey, isZero } from "../../shared/crypto/hash.ts";
import { blindBatch, combineBatch, finalizeBatch, verifyIndices } from "../../shared/crypto/oprf.ts";
import { add, at, countOf, ELEMENT_BYTES, isElement } from "../../shared/crypto/ristretto.ts";
import type { Element } from "../../shared/crypto/ristretto.ts";
import { blindBytes } from "./batch-secrets.ts";
import { unpackInputs } from "./harden-task.ts";
import type { HardenAnswer, HardenTask } from "./harden-task.ts";

export function workOn(task: HardenTask): HardenAnswer {
  switch (task.kind) {
    case "blind": {
      const inputs = unpackInputs(task.inputs);
      return { kind: "blinded", ...blindBatch(inputs, blindBytes(hashKey(task.key), task.first, inputs)) };
    }
    case "verify": {
      const { publicKey, blinded, evaluated, proof } = task;
      const indices = Array.from({ length: countOf(blinded, ELEMENT_BYTES) }, (_, i) => i);
      return { kind: "verified", holds: verifyIndices(publicKey, blinded, evaluated, indices, proof) };
    }
    case "finalise":
      return finalise(task);
  }
}

function finalise({ inputs, blinds, answers }: Extract<HardenTask, { kind: "finalise" }>): HardenAnswer {
  try {
    return { kind: "finalised", outputs: concat(...finalizeBatch(unpackInputs(inputs), blinds, sumOf(answers))) };
  } catch (error) {
    if (!isCausewayError(error, "INVALID")) throw error;
    const culprit = answers.findIndex((answer) => !isAllElements(answer));
    return { kind: "unusable", culprit: culprit < 0 ? undefined : culprit };
  }
}

function isAllElements(batch: Uint8Array): boolean {
  return Array.from({ length: countOf(batch, ELEMENT_BYTES) }, (_, i) => at(batch, i)).every(isElement);
}

/**
 * As `combineBatch`, without its look at every element beforehand, which would cost 3 % of all work for each evaluator: adding
 * and unblinding decode each element again and refuse what is none. Only the identity passes an addition, so that is
 * looked for.
 */
function sumOf(answers: readonly Uint8Array[]): Uint8Array {
  const [first, ...rest] = answers as [Uint8Array, ...Uint8Array[]];
  const sum = Uint8Array.from(first);
  for (const answer of rest) {
    for (let i = 0; i < countOf(sum, ELEMENT_BYTES); i += 1) {
      const [a, b] = [at(sum, i), at(answer, i)];
      if (isZero(a) || isZero(b)) return combineBatch(answers);
      sum.set(add(a as Element, b as Element), i * ELEMENT_BYTES);
    }
  }
  return sum;
}
