/** (evaluator) The only place where the key share meets an element. */
import { evaluateBatch, proveIndices } from "../../shared/crypto/oprf.ts";
import { at, countOf, ELEMENT_BYTES, isElement } from "../../shared/crypto/ristretto.ts";
import type { EngineKeys, EvaluatorAnswer, EvaluatorTask } from "./evaluator-task.ts";

/** Throws INVALID for a bad share or an impossible size. */
export function workOn(task: EvaluatorTask, keys: EngineKeys): EvaluatorAnswer {
  switch (task.kind) {
    case "validate":
      return { kind: "validated", bad: badElements(task.blinded) };
    case "evaluate":
      return { kind: "bytes", bytes: evaluateBatch(keys.keyShare, task.blinded).evaluated };
    case "prove":
      return { kind: "bytes", bytes: prove(keys, task) };
  }
}

function badElements(blinded: Uint8Array): number[] {
  const bad: number[] = [];
  for (let i = 0; i < countOf(blinded, ELEMENT_BYTES); i += 1) if (!isElement(at(blinded, i))) bad.push(i);
  return bad;
}

function prove(
  { keyShare, publicKey }: EngineKeys,
  { blinded, evaluated, hedge }: Extract<EvaluatorTask, { kind: "prove" }>,
): Uint8Array {
  const indices = Array.from({ length: countOf(blinded, ELEMENT_BYTES) }, (_, i) => i);
  return proveIndices(keyShare, publicKey, blinded, evaluated, indices, hedge);
}
