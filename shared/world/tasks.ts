/** What a program does at the same time, until it is told to stop or one of them fails. */
import type { FailureEvent } from "./events.ts";
import type { Log } from "./log.ts";

export class Tasks {
  readonly #log: Log;
  readonly #failed: FailureEvent;
  readonly #stop = new AbortController();
  readonly #failure = Promise.withResolvers<never>();

  /** `failed`: what is told of the first failure. */
  constructor(log: Log, failed: FailureEvent) {
    this.#log = log;
    this.#failed = failed;
    // Whoever awaits it gets it; nobody has to.
    this.#failure.promise.catch(() => undefined);
  }

  /** Aborts when all of them are to end. A task looks at it after every wait, and touches nothing any more once it has aborted. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Rejects with what the first of them failed with; the others are told to stop. */
  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  /** Goes on beside the others. What it throws after the signal has aborted is of no interest. */
  run(task: Promise<void>): void {
    task.catch((error: unknown) => {
      if (this.#stop.signal.aborted) return;
      this.#failed(this.#log, error);
      this.#failure.reject(error);
      this.#stop.abort();
    });
  }

  stop(): void {
    this.#stop.abort();
  }
}
