/** (node) Worker process: blinds, checks proofs, unblinds. */
import { concat } from "../../shared/core/bytes.ts";
import { hashKey, isZero } from "../../shared/crypto/hash.ts";
import { blindBatch, combineBatch, finalizeBatch, verifyIndices } from "../../shared/crypto/oprf.ts";
import { add, at, countOf, ELEMENT_BYTES } from "../../shared/crypto/ristretto.ts";
import type { Element } from "../../shared/crypto/ristretto.ts";
import { serveTasks } from "../../shared/platform/worker-pool.ts";
import { blindBytes } from "./batch-secrets.ts";
import { unpackInputs } from "./harden-task.ts";
import type { HardenAnswer, HardenTask } from "./harden-task.ts";

serveTasks((task: HardenTask): HardenAnswer => {
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
      return { kind: "finalised", outputs: finalise(task) };
  }
});

function finalise({ inputs, blinds, answers }: Extract<HardenTask, { kind: "finalise" }>): Uint8Array {
  try {
    return concat(...finalizeBatch(unpackInputs(inputs), blinds, sumOf(answers)));
  } catch (error) {
    // Throws INVALID with the places of all bad elements, if that is what was wrong.
    combineBatch(answers);
    throw error;
  }
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
