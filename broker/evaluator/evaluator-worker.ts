/** (evaluator) Worker process. */
import { serveTasks } from "../../shared/platform/worker-pool.ts";
import { workOn } from "./arithmetic.ts";

serveTasks(workOn);
