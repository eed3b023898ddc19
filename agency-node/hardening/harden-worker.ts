/** (node) Worker thread: blinds, checks proofs, unblinds. */
import { concat } from "../../shared/core/bytes.ts";
import { hashKey } from "../../shared/crypto/hash.ts";
import { blindBatch, combineBatch, finalizeBatch, verifyIndices } from "../../shared/crypto/oprf.ts";
import { countOf, ELEMENT_BYTES } from "../../shared/crypto/ristretto.ts";
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
    case "finalise": {
      const combined = combineBatch(task.answers);
      const outputs = finalizeBatch(unpackInputs(task.inputs), task.blinds, combined);
      return { kind: "finalised", outputs: concat(...outputs) };
    }
  }
});
