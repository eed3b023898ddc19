/** Waiting that can be called off, and trying again. All of it over a world's timers: nothing here knows real time. */
import { CausewayError, isCausewayError } from "../core/errors.ts";
import type { Timers } from "./world.ts";

/** Resolves when the signal aborts. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Resolves after `ms`, or at once when the signal aborts. */
export async function pause({ after }: Pick<Timers, "after">, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      callOff();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const callOff = after(ms, end);
    signal.addEventListener("abort", end, { once: true });
  });
}

/**
 * What `work` comes to, or UNAVAILABLE as soon as the signal aborts: whoever does not answer must not hold up the end of a program.
 * `work` goes on then, and nobody hears of its outcome but `onLate`.
 */
export async function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  onLate: (late: T) => unknown = () => undefined,
): Promise<T> {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = (): void => {
    work.then(onLate).catch(() => undefined);
    reject(new CausewayError("UNAVAILABLE", "the program is stopping"));
  };
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([stopped, work]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/**
 * What `call` comes to, or UNAVAILABLE when `outer` aborts or `ms` have passed. The call is given a signal that aborts then. It may fail with
 * whatever class its client has for that (`AbortError`, `TimeoutError`, one of its own), or not end at all: the answer here is the same.
 */
export async function within<T>(
  { after }: Pick<Timers, "after">,
  ms: number,
  outer: AbortSignal,
  call: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const callOff = after(ms, () => late.abort());
  const limited = AbortSignal.any([outer, late.signal]);
  try {
    return await unlessAborted(call(limited), limited);
  } catch (error) {
    if (!limited.aborted) throw error;
    const text = outer.aborted ? "the program is stopping" : "no answer in time";
    throw new CausewayError("UNAVAILABLE", text, { cause: error });
  } finally {
    callOff();
  }
}

export type RetryOptions = {
  readonly signal: AbortSignal;
  /** Default 200. */
  readonly firstDelayMs?: number;
  /** Default 10,000. */
  readonly maxDelayMs?: number;
  /** Called before each wait. */
  readonly onRetry?: (error: unknown, delayMs: number) => void;
};

/**
 * Runs `attempt` until it succeeds, fails with anything but UNAVAILABLE, or the signal aborts (then the last error is
 * thrown). Delays double from `firstDelayMs` to `maxDelayMs`.
 */
export async function retryWhileUnavailable<T>(
  timers: Pick<Timers, "after">,
  attempt: () => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  let delayMs = options.firstDelayMs ?? 200;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isCausewayError(error, "UNAVAILABLE") || options.signal.aborted) throw error;
      options.onRetry?.(error, delayMs);
      await pause(timers, delayMs, options.signal);
      if (options.signal.aborted) throw error;
      delayMs = Math.min(2 * delayMs, options.maxDelayMs ?? 10_000);
    }
  }
}
