/** (evaluator) Worker process: the only place where the key share meets an element. */
import { evaluateBatch, proveIndices } from "../../shared/crypto/oprf.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { at, countOf, ELEMENT_BYTES, isElement } from "../../shared/crypto/ristretto.ts";
import { serveTasks } from "../../shared/platform/worker-pool.ts";
import type { EvaluatorAnswer, EvaluatorTask, EvaluatorWorkerData } from "./evaluator-task.ts";

const NONCE_HEDGE_BYTES = 32;

serveTasks((task: EvaluatorTask, keys: EvaluatorWorkerData): EvaluatorAnswer => {
  switch (task.kind) {
    case "validate":
      return { kind: "validated", bad: badElements(task.blinded) };
    case "evaluate":
      return { kind: "bytes", bytes: evaluateBatch(keys.keyShare, task.blinded).evaluated };
    case "prove":
      return { kind: "bytes", bytes: prove(keys, task) };
  }
});

function badElements(blinded: Uint8Array): number[] {
  const bad: number[] = [];
  for (let i = 0; i < countOf(blinded, ELEMENT_BYTES); i += 1) if (!isElement(at(blinded, i))) bad.push(i);
  return bad;
}

function prove(
  keys: EvaluatorWorkerData,
  { blinded, evaluated }: Extract<EvaluatorTask, { kind: "prove" }>,
): Uint8Array {
  const indices = Array.from({ length: countOf(blinded, ELEMENT_BYTES) }, (_, i) => i);
  return proveIndices(keys.keyShare, keys.publicKey, blinded, evaluated, indices, randomBytes(NONCE_HEDGE_BYTES));
}
