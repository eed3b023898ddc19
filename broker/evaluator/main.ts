/** The evaluator's program: its directory is the one argument. */
import { systemClock } from "../../shared/world/clock.ts";
import { aborted, runMain } from "../../shared/platform/lifecycle.ts";
import { createLog } from "../../shared/world/log.ts";
import { requireTls13 } from "../../shared/platform/tls.ts";
import { readEvaluatorConfig } from "./config.ts";
import { startEvaluatorProgram } from "./program.ts";

await runMain(async (signal) => {
  requireTls13();
  const config = readEvaluatorConfig(process.argv[2] ?? ".");
  await using evaluator = await startEvaluatorProgram(config, { clock: systemClock, log: createLog("evaluator") });
  await Promise.race([evaluator.failed, aborted(signal)]);
});
