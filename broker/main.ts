/** The broker's program: its directory is the one argument. */
import { systemClock } from "../shared/platform/clock.ts";
import { aborted, runMain } from "../shared/platform/lifecycle.ts";
import { createLog } from "../shared/platform/log.ts";
import { requireTls13 } from "../shared/platform/tls.ts";
import { createBroker } from "./broker.ts";
import { readBrokerConfig } from "./config.ts";

await runMain(async (signal) => {
  requireTls13();
  const config = readBrokerConfig(process.argv[2] ?? ".");
  await using broker = createBroker(config, { clock: systemClock, log: createLog("broker") });
  await Promise.race([broker.start(), broker.failed, aborted(signal)]);
  await Promise.race([broker.failed, aborted(signal)]);
});
