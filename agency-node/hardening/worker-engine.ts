/** The node's arithmetic in worker processes. */
import { startWorkerPool } from "../../shared/platform/worker-pool.ts";
import { engineOver } from "./engine.ts";
import type { Engine } from "./engine.ts";
import type { HardenAnswer, HardenTask } from "./harden-task.ts";

/** `workers` defaults to one for each core. They start when the first task comes. */
export function workerEngine(workers?: number): Engine {
  return engineOver(
    startWorkerPool<HardenTask, HardenAnswer>({
      module: new URL("./harden-worker.ts", import.meta.url),
      ...(workers === undefined ? {} : { workers }),
    }),
  );
}
