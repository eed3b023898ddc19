/** The registrar's program: its directory is the one argument. */
import { systemClock } from "../../shared/world/clock.ts";
import { aborted, runMain } from "../../shared/platform/lifecycle.ts";
import { createLog } from "../../shared/world/log.ts";
import { requireTls13 } from "../../shared/platform/tls.ts";
import { readRegistrarConfig } from "./config.ts";
import { startRegistrar } from "./registrar.ts";

await runMain(async (signal) => {
  requireTls13();
  const config = readRegistrarConfig(process.argv[2] ?? ".");
  await using registrar = startRegistrar(config, { clock: systemClock, log: createLog("registrar") });
  await Promise.race([registrar.failed, aborted(signal)]);
});
