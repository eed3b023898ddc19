/** (evaluator) Worker thread: the only place where the key share meets an element. */
import { workerData } from "node:worker_threads";
import { evaluateBatch, proveIndices } from "../../shared/crypto/oprf.ts";
import { randomBytes } from "../../shared/crypto/random.ts";
import { at, countOf, ELEMENT_BYTES, isElement } from "../../shared/crypto/ristretto.ts";
import { serveTasks } from "../../shared/platform/worker-pool.ts";
import type { EvaluatorAnswer, EvaluatorTask, EvaluatorWorkerData } from "./evaluator-task.ts";

const { keyShare, publicKey } = workerData as EvaluatorWorkerData;
const NONCE_HEDGE_BYTES = 32;

serveTasks((task: EvaluatorTask): EvaluatorAnswer => {
  switch (task.kind) {
    case "validate":
      return { kind: "validated", bad: badElements(task.blinded) };
    case "evaluate":
      return { kind: "bytes", bytes: evaluateBatch(keyShare, task.blinded).evaluated };
    case "prove":
      return { kind: "bytes", bytes: prove(task.blinded, task.evaluated) };
  }
});

function badElements(blinded: Uint8Array): number[] {
  const bad: number[] = [];
  for (let i = 0; i < countOf(blinded, ELEMENT_BYTES); i += 1) if (!isElement(at(blinded, i))) bad.push(i);
  return bad;
}

function prove(blinded: Uint8Array, evaluated: Uint8Array): Uint8Array {
  const indices = Array.from({ length: countOf(blinded, ELEMENT_BYTES) }, (_, i) => i);
  return proveIndices(keyShare, publicKey, blinded, evaluated, indices, randomBytes(NONCE_HEDGE_BYTES));
}
