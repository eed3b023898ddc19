import { inProcessEngine } from "../../agency-node/hardening/engine.ts";
import { systemTimers } from "../../shared/world/world.ts";
import { hardeningEngineContract } from "./hardening-engine.ts";

hardeningEngineContract("a node's engine in the same process", () => inProcessEngine(systemTimers));
