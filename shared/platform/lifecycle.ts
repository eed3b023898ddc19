/** How a program starts, waits and ends. */
import { CausewayError, isCausewayError } from "../core/errors.ts";
import { machineWords } from "./file-faults.ts";
import { describe } from "../world/describe.ts";

/** Aborts at the first SIGINT or SIGTERM. A second SIGINT ends the process at once. */
export function shutdownSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  return controller.signal;
}

/**
 * Runs a program's main function. An error of ours is printed as one clear sentence with every bad field, anything else by its
 * class and place only; both set the exit code and let the event loop empty itself.
 */
export async function runMain(main: (signal: AbortSignal) => Promise<void>): Promise<void> {
  try {
    await main(shutdownSignal());
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`${explain(error)}\n`);
  }
}

/** One line for a person at a terminal. */
export function explain(error: unknown): string {
  if (isCausewayError(error)) {
    const fields = error.fields.length > 0 ? ` (${error.fields.join(", ")})` : "";
    return `${error.message}${fields} [${error.code}]`;
  }
  const machine = machineWords(error);
  if (machine !== undefined) return `${machine.inFull} [ENVIRONMENT]`;
  const facts = Object.values(describe(error)).filter((fact) => fact !== undefined);
  return `internal fault: ${facts.join(" ")}`;
}

/**
 * Starts this program anew in this very process: same id, same arguments, same standard streams, and none of its memory. For secrets that
 * must be gone: a JavaScript program cannot overwrite what it has freed. Whatever needs an orderly end must have had it. Does not return.
 */
export function replaceProcess(): never {
  if (process.execve === undefined) throw new CausewayError("ENVIRONMENT", "this Node cannot replace its process");
  // Nothing of what it calls experimental belongs into the log that follows.
  process.removeAllListeners("warning");
  return process.execve(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)]);
}
