/** (node) Worker process: blinds, checks proofs, unblinds. */
import { serveTasks } from "../../shared/platform/worker-pool.ts";
import { workOn } from "./harden-arithmetic.ts";

serveTasks(workOn);
