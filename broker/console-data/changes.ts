/** Tells the console when to look again. */
import type { Log } from "../../shared/world/log.ts";
import type { Directory } from "../store/directory.ts";
import { events } from "../events.ts";

/** Counts, statements and alarms come many times a second while members publish; nobody reads faster. */
const LOOK_MS = 1_000;

export type ChangeParts = {
  readonly directory: Pick<Directory, "listen">;
  /** Stands for everything else: as long as it is the same, nothing is new. */
  readonly state: () => string;
  readonly log: Log;
};

export class Changes {
  readonly #parts: ChangeParts;
  readonly #listeners = new Set<() => void>();

  constructor(parts: ChangeParts) {
    this.#parts = parts;
  }

  /** Returns what ends it. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Until the signal aborts: at once for directives, within a second for the rest. */
  async follow(signal: AbortSignal): Promise<void> {
    const { directory, state } = this.#parts;
    const changes = directory.listen();
    let seen = state();
    while (!signal.aborted) {
      const isDecided = await changes.wait(LOOK_MS, signal);
      if (signal.aborted) return;
      const now = state();
      if (isDecided || now !== seen) this.#tell();
      seen = now;
    }
  }

  #tell(): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        events.console.listenerFailed(this.#parts.log, error);
      }
    }
  }
}
