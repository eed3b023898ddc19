/** The evaluator's program: its directory is the one argument. */
import { runMain } from "../../shared/platform/lifecycle.ts";
import { aborted } from "../../shared/world/wait.ts";
import { requireTls13 } from "../../shared/platform/tls.ts";
import { createLog } from "../../shared/world/log.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { readEvaluatorConfig } from "./config.ts";
import { startEvaluatorProgram } from "./program.ts";

await runMain(async (signal) => {
  requireTls13();
  const config = readEvaluatorConfig(process.argv[2] ?? ".");
  await using programs = new AsyncDisposableStack();
  programs.use(await startEvaluatorProgram(config, systemWorld(createLog("evaluator"))));
  await aborted(signal);
});
