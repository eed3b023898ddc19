import { inProcessEngines } from "../../broker/evaluator/engine.ts";
import { engineContract } from "./engine.ts";

engineContract("an engine in the same process", inProcessEngines);
