/** Waiting that can be called off, and trying again. */
import { CausewayError, isCausewayError } from "../core/errors.ts";

export type RetryOptions = {
  readonly signal: AbortSignal;
  readonly firstDelayMs?: number;
  readonly maxDelayMs?: number;
  /** Called before each wait. */
  readonly onRetry?: (error: unknown, delayMs: number) => void;
};

/** Resolves after `ms`, or at once when the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}

/**
 * Waits for what `subscribe` tells of, `ms` at most, or until the signal aborts; whether it was told. `subscribe` answers with what ends the
 * subscription, so that nothing is left of waits that were in vain: a promise that is raced against the time again and again keeps them all.
 */
export async function pauseUnlessTold(
  subscribe: (tell: () => void) => () => void,
  ms: number,
  signal: AbortSignal,
): Promise<boolean> {
  const told = new AbortController();
  const stop = (): void => told.abort();
  const unsubscribe = subscribe(stop);
  signal.addEventListener("abort", stop, { once: true });
  if (!signal.aborted) await pause(ms, told.signal);
  signal.removeEventListener("abort", stop);
  unsubscribe();
  return told.signal.aborted && !signal.aborted;
}

/** Resolves after other work that waits has had its turn. */
export async function nextTurn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
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

/** What `call` comes to, or UNAVAILABLE when the signal aborts or `ms` have passed: the call is given a signal for that. */
export async function within<T>(
  ms: number,
  signal: AbortSignal,
  call: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(ms)]);
  try {
    return await call(limited);
  } catch (error) {
    if (isCausewayError(error) || !limited.aborted) throw error;
    throw new CausewayError("UNAVAILABLE", "no answer in time", { cause: error });
  }
}

/**
 * Runs `attempt` until it succeeds, fails with anything but UNAVAILABLE, or the signal aborts (then the last error is
 * thrown). Delays double from `firstDelayMs` (200) to `maxDelayMs` (10,000).
 */
export async function retryWhileUnavailable<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  let delayMs = options.firstDelayMs ?? 200;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isCausewayError(error, "UNAVAILABLE") || options.signal.aborted) throw error;
      options.onRetry?.(error, delayMs);
      await pause(delayMs, options.signal);
      if (options.signal.aborted) throw error;
      delayMs = Math.min(2 * delayMs, options.maxDelayMs ?? 10_000);
    }
  }
}
