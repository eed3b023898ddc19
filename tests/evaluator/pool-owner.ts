/** Child process of the pool's tests: owns a pool whose workers have work, until it is killed. */
import { startWorkerPool } from "../../shared/platform/worker-pool.ts";
import type { EchoTask } from "./echo-worker.ts";

const pool = startWorkerPool<EchoTask, unknown>({ module: new URL("./echo-worker.ts", import.meta.url), workers: 2 });
await Promise.all([1, 2].map((value) => pool.run({ kind: "echo", value })));
process.send?.("started");
