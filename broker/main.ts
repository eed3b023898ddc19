/** The broker's program: its directory is the one argument. */
import { systemClock } from "../shared/world/clock.ts";
import { aborted, replaceProcess, runMain } from "../shared/platform/lifecycle.ts";
import { createLog } from "../shared/world/log.ts";
import { requireTls13 } from "../shared/platform/tls.ts";
import { createBroker } from "./broker.ts";
import { readBrokerConfig } from "./config.ts";

await runMain(async (signal) => {
  requireTls13();
  const config = readBrokerConfig(process.argv[2] ?? ".");
  const log = createLog("broker");
  let isRestartNeeded = false;
  {
    await using broker = createBroker(config, { clock: systemClock, log });
    const restart = async (): Promise<void> => {
      await broker.restartNeeded;
      isRestartNeeded = !signal.aborted;
    };
    const ends = [broker.failed, aborted(signal), restart()];
    await Promise.race([broker.start(), ...ends]);
    await Promise.race(ends);
  }
  if (!isRestartNeeded) return;
  log.info("broker.replaced");
  replaceProcess();
});
