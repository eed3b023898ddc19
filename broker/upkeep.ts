/** Loops beside the daily work. Each ends when its signal aborts, and throws only what this process cannot go on from. */
import { pause } from "../shared/world/wait.ts";
import type { World } from "../shared/world/world.ts";
import { DIGEST_PAUSE_MS, DIRECTORY_POLL_MS, SLICE_DIGESTS, SWEEP_MS, WATCH_MS } from "./core/limits.ts";
import type { Directives } from "./directives.ts";
import type { Directory } from "./store/directory.ts";
import type { Proofs } from "./writer/proofs.ts";
import type { Sweeper } from "./writer/sweeper.ts";
import type { Publications } from "./writer/publications.ts";
import type { Watch } from "./writer/watch.ts";

export type HouseParts = {
  readonly directory: Pick<Directory, "listen">;
  readonly directives: Pick<Directives, "look" | "carryOutAgain">;
  readonly watch: Pick<Watch, "look">;
  readonly proofs: Pick<Proofs, "look">;
  readonly sweeper: Pick<Sweeper, "sweep">;
  readonly world: Pick<World, "clock" | "elapsedMs">;
  readonly signal: AbortSignal;
};

/** New directives, odd patterns, statements that are late, records past their review day. */
export async function keepHouse(parts: HouseParts): Promise<void> {
  const { directory, directives, sweeper, world, signal } = parts;
  const changes = directory.listen();
  let [swept, watched] = [world.elapsedMs(), world.elapsedMs()];
  while (!signal.aborted) {
    await changes.wait(DIRECTORY_POLL_MS, signal);
    if (signal.aborted) return;
    directives.look();
    // Not by the clock, which may be set back: then nothing would be looked at for as long.
    if (world.elapsedMs() - watched >= WATCH_MS) {
      watched = world.elapsedMs();
      lookAtMembers(parts, world.clock());
    }
    if (world.elapsedMs() - swept < SWEEP_MS) continue;
    if (!sweeper.sweep()) swept = world.elapsedMs();
  }
}

function lookAtMembers({ watch, proofs, directives }: HouseParts, nowMs: number): void {
  watch.look(nowMs);
  if (proofs.look(nowMs)) directives.carryOutAgain();
}

export type DigestParts = {
  readonly publications: Pick<Publications, "prepareDigests">;
  readonly world: Pick<World, "after" | "nextTurn">;
  readonly signal: AbortSignal;
};

/** A digest of many records is answered at once: what goes into the answer is made while there is time. */
export async function prepareDigests({ publications, world, signal }: DigestParts): Promise<void> {
  while (!signal.aborted) {
    if (publications.prepareDigests(SLICE_DIGESTS)) await world.nextTurn();
    else await pause(world, DIGEST_PAUSE_MS, signal);
  }
}
