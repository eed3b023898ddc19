import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CausewayError } from "../../shared/core/errors.ts";
import { pause, retryWhileUnavailable, unlessAborted } from "../../shared/world/wait.ts";
import { systemTimers } from "../../shared/world/world.ts";

const away = (): CausewayError => new CausewayError("UNAVAILABLE", "away");

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a pause", () => {
  it("lasts as long as it says", async () => {
    let over = false;
    void pause(systemTimers, 1_000, new AbortController().signal).then(() => (over = true));
    await vi.advanceTimersByTimeAsync(999);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(over).toBe(true);
  });

  it("ends at once when the signal aborts, and leaves no timer behind", async () => {
    const stop = new AbortController();
    const paused = pause(systemTimers, 60_000, stop.signal);
    stop.abort();
    await paused;
    await pause(systemTimers, 60_000, stop.signal);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("trying again", () => {
  it("goes on while the other side is away, with delays that double up to the last one", async () => {
    const delays: number[] = [];
    let attempts = 0;
    const attempt = async (): Promise<string> => {
      attempts += 1;
      if (attempts < 6) throw away();
      return "done";
    };
    const onRetry = (_: unknown, delayMs: number): void => void delays.push(delayMs);
    const options = { signal: new AbortController().signal, firstDelayMs: 100, maxDelayMs: 500, onRetry };
    const done = retryWhileUnavailable(systemTimers, attempt, options);
    await vi.runAllTimersAsync();
    expect(await done).toBe("done");
    expect(delays).toEqual([100, 200, 400, 500, 500]);
  });

  it("gives up at once on anything that waiting does not mend", async () => {
    for (const error of [new CausewayError("UNAUTHENTICATED", "refused"), new RangeError("bug")]) {
      let attempts = 0;
      const attempt = (): Promise<never> => {
        attempts += 1;
        return Promise.reject(error);
      };
      await expect(retryWhileUnavailable(systemTimers, attempt, { signal: new AbortController().signal })).rejects.toBe(
        error,
      );
      expect(attempts).toBe(1);
    }
  });

  it("ends with the last error when the signal aborts during a delay", async () => {
    const stop = new AbortController();
    const trying = retryWhileUnavailable(systemTimers, () => Promise.reject(away()), { signal: stop.signal });
    const outcome = expect(trying).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await vi.advanceTimersByTimeAsync(10);
    stop.abort();
    await outcome;
  });
});

describe("work that may be given up", () => {
  it("comes to what it comes to", async () => {
    const { signal } = new AbortController();
    expect(await unlessAborted(Promise.resolve(3), signal)).toBe(3);
    await expect(unlessAborted(Promise.reject(new RangeError("bug")), signal)).rejects.toThrow(RangeError);
  });

  it("is UNAVAILABLE as soon as the signal aborts; what comes late is handed over, what fails late is nobody's", async () => {
    const stop = new AbortController();
    const late: string[] = [];
    const slow = Promise.withResolvers<string>();
    const failing = Promise.withResolvers<string>();
    const outcomes = [slow, failing].map(({ promise }) =>
      unlessAborted(promise, stop.signal, (value) => late.push(value)).catch((error: unknown) => error),
    );
    stop.abort();
    for (const outcome of outcomes) expect(await outcome).toMatchObject({ code: "UNAVAILABLE" });
    slow.resolve("late");
    failing.reject(new RangeError("late failure"));
    await vi.runAllTimersAsync();
    expect(late).toEqual(["late"]);
    const after = unlessAborted(Promise.resolve("x"), stop.signal).catch((error: unknown) => error);
    expect(await after).toMatchObject({ code: "UNAVAILABLE" });
  });
});
