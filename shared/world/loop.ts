/** Loops beside a program's data path, such as renewals, statements and offers. Whatever happens in one must not end the program. */
import { describe } from "./describe.ts";
import type { FailureEvent } from "./events.ts";
import { pause } from "./wait.ts";
import type { World } from "./world.ts";

export type Loop = {
  /** Looks, acts, and waits for the next time. Whatever it throws, and of whatever class, ends this round only. */
  readonly round: (signal: AbortSignal) => Promise<void>;
  /** What is logged of a round that failed, and when the next one begins. */
  readonly afterFailure: (error: unknown) => { readonly failed: FailureEvent; readonly retryMs: number };
};

/**
 * Round after round until the signal aborts. A failure stands in the log once for each change: an outage of days is not a line every
 * second.
 */
export async function keepGoing(
  world: Pick<World, "after" | "log">,
  signal: AbortSignal,
  { round, afterFailure }: Loop,
): Promise<void> {
  let trouble = "";
  while (!signal.aborted) {
    try {
      await round(signal);
      trouble = "";
    } catch (error) {
      if (signal.aborted) return;
      const { failed, retryMs } = afterFailure(error);
      const now = `${failed.event} ${JSON.stringify(describe(error))}`;
      if (now !== trouble) failed(world.log, error);
      trouble = now;
      await pause(world, retryMs, signal);
    }
  }
}
