/** The registrar's program: its directory is the one argument. */
import { runMain } from "../../shared/platform/lifecycle.ts";
import { aborted } from "../../shared/world/wait.ts";
import { requireTls13 } from "../../shared/platform/tls.ts";
import { createLog } from "../../shared/world/log.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { readRegistrarConfig } from "./config.ts";
import { startRegistrar } from "./program.ts";

await runMain(async (signal) => {
  requireTls13();
  const config = readRegistrarConfig(process.argv[2] ?? ".");
  await using programs = new AsyncDisposableStack();
  programs.use(startRegistrar(config, systemWorld(createLog("registrar"))));
  await aborted(signal);
});
