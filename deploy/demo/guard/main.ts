/**
 * Outlives the demonstration by a moment. If that ends without a word (killed, or the terminal went with it), the pipe to this program
 * breaks, and it stops the programs whose process ids it was told.
 */
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

/** Said when every program has been stopped in order. */
const DONE = "done";
const GRACE_MS = 5_000;

// A terminal's Ctrl-C is the demonstration's to handle.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

const running = new Set<number>();
for await (const line of createInterface({ input: process.stdin })) {
  if (line === DONE) running.clear();
  else running.add(Number(line));
}
stop("SIGTERM");
if (running.size > 0) await pause(GRACE_MS);
stop("SIGKILL");

function stop(signal: NodeJS.Signals): void {
  for (const pid of running) {
    try {
      process.kill(pid, signal);
    } catch {
      running.delete(pid);
    }
  }
}
