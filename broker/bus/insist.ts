/** For what the broker must carry through at the bus, however long that is away. */
import { retryWhileUnavailable } from "../../shared/world/wait.ts";
import type { World } from "../../shared/world/world.ts";
import { sharedEvents } from "../../shared/world/shared-events.ts";

const AGAIN_MS_MAX = 2_000;

export type Insistence = { readonly world: Pick<World, "after" | "log">; readonly signal: AbortSignal };

/** Tries until it succeeds, saying each time in the log that it waits. Throws UNAVAILABLE when the signal aborts, else as `attempt`. */
export async function insist<T>({ world, signal }: Insistence, attempt: () => Promise<T>): Promise<T> {
  return await retryWhileUnavailable(world, attempt, {
    signal,
    maxDelayMs: AGAIN_MS_MAX,
    onRetry: (error, delayMs) => sharedEvents.nats.waiting(world.log, error, { delayMs }),
  });
}
