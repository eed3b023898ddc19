import { workerEngine } from "../../agency-node/hardening/worker-engine.ts";
import { hardeningEngineContract } from "./hardening-engine.ts";

hardeningEngineContract("a node's engine in worker processes", () => workerEngine(1));
