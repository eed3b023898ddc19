/** The demonstration as a command: signals and exit code. */
import { isCausewayError } from "../../shared/core/errors.ts";
import { explain } from "../../shared/platform/lifecycle.ts";
import { runDemo } from "./demo.ts";
import type { DemoOptions } from "./options.ts";

const INTERRUPTED = 130;

/** The first signal ends it in order; a second one at once, which still kills the children. */
export async function demoFromCommandLine(options: DemoOptions): Promise<void> {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      // oxlint-disable-next-line unicorn/no-process-exit -- somebody insists
      if (controller.signal.aborted) process.exit(INTERRUPTED);
      controller.abort();
    });
  }
  // What the user has set for a program of his own must not reach all of these.
  for (const name of Object.keys(process.env)) {
    if (name.startsWith("CAUSEWAY_") && name !== "CAUSEWAY_NATS_SERVER") delete process.env[name];
  }
  try {
    const done = await runDemo(options, controller.signal);
    if (!done && options.exit) process.exitCode = INTERRUPTED;
  } catch (error) {
    process.exitCode = 1;
    // Of ours only the sentence: it may end with the last lines of a log.
    process.stderr.write(`${isCausewayError(error) ? error.message : explain(error)}\n`);
  }
}
