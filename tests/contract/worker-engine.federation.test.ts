import { workerEngines } from "../../broker/evaluator/doors.ts";
import { engineContract } from "./engine.ts";

engineContract("an engine in worker processes", (world) => workerEngines(world, 1));
