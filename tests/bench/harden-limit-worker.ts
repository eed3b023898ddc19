/** Worker that runs bare primitives: what so many can do on this machine, just now. */
import { serveTasks } from "../../shared/platform/worker-pool.ts";
import { evaluatorLimitSeconds, nodeLimitSeconds } from "./harden-limits.ts";

export type LimitTask = { readonly side: "node" | "evaluator"; readonly elements: number };

serveTasks(({ side, elements }: LimitTask): number =>
  side === "node" ? nodeLimitSeconds(elements) : evaluatorLimitSeconds(elements),
);
