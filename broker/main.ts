/** The broker's program: its directory is the one argument. */
import { replaceProcess, runMain } from "../shared/platform/lifecycle.ts";
import { requireTls13 } from "../shared/platform/tls.ts";
import { createLog } from "../shared/world/log.ts";
import { systemWorld } from "../shared/world/world.ts";
import { readBrokerConfig } from "./config.ts";
import { serveBroker } from "./program.ts";
import { events } from "./events.ts";

await runMain(async (signal) => {
  requireTls13();
  const config = readBrokerConfig(process.argv[2] ?? ".");
  const world = systemWorld(createLog("broker"));
  if ((await serveBroker(config, world, signal)) === "stopped") return;
  events.broker.replaced(world.log);
  replaceProcess();
});
