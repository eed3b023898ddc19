/** What an evaluator's parts are given on a machine: key shares in a party's directory, and worker processes. */
import { destroyKeyShare, keyShareGenerations, prepareKeyShare, readKeyShare } from "../../shared/party/keys.ts";
import { startWorkerPool } from "../../shared/platform/worker-pool.ts";
import type { Randomness } from "../../shared/world/world.ts";
import { engineOver } from "./engine.ts";
import type { StartEngine } from "./engine.ts";
import type { EvaluatorAnswer, EvaluatorTask } from "./evaluator-task.ts";
import type { KeyShares, ShareMaker } from "./ports.ts";

export function sharesIn(dir: string): KeyShares & ShareMaker {
  return {
    read: (generation) => readKeyShare(dir, generation),
    generations: () => keyShareGenerations(dir),
    destroy: (generation) => destroyKeyShare(dir, generation),
    prepare: (generation) => prepareKeyShare(dir, generation),
  };
}

/** `workers`: processes for each generation of keys in use; default one for each core. */
export function workerEngines(randomness: Randomness, workers?: number): StartEngine {
  return (keys) => {
    const pool = startWorkerPool<EvaluatorTask, EvaluatorAnswer>({
      module: new URL("./evaluator-worker.ts", import.meta.url),
      data: keys,
      ...(workers === undefined ? {} : { workers }),
    });
    return engineOver(pool, randomness);
  };
}
