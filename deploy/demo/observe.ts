/** Keeps the state up to date: asks every node for its status, and listens to its liaison service. */
import { setTimeout as pause } from "node:timers/promises";
import type { MatchView, NodeClient } from "../../agency-node/cli/rpc/node-client.ts";
import { MEMBERS } from "./plan.ts";
import type { MemberSlug } from "./plan.ts";
import type { DemoState } from "./state.ts";

const ASK_MS = 250;

export type Observer = {
  /** A member's side of a match changed. */
  onMatch(member: MemberSlug, match: MatchView): void;
  /** Every status is as of `askedMs` (`performance.now()`) or later. */
  onTick(askedMs: number): void;
};

/** Observes until the signal aborts. Rejects when a node does not answer. */
export async function observe(
  clients: ReadonlyMap<MemberSlug, NodeClient>,
  state: DemoState,
  observer: Observer,
  signal: AbortSignal,
): Promise<void> {
  const listening = [...clients].map(([member, client]) => listen(member, client, state, observer, signal));
  try {
    await Promise.all([ask(clients, state, observer, signal), ...listening]);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function listen(
  member: MemberSlug,
  client: NodeClient,
  state: DemoState,
  observer: Observer,
  signal: AbortSignal,
): Promise<void> {
  for await (const { match } of client.watch("", signal)) {
    if (match === undefined) continue;
    state[member].matches.set(match.id, match);
    observer.onMatch(member, match);
  }
}

async function ask(
  clients: ReadonlyMap<MemberSlug, NodeClient>,
  state: DemoState,
  observer: Observer,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const askedMs = performance.now();
    await Promise.all(
      MEMBERS.map(async (member) => {
        state[member].status = await clients.get(member)?.status(signal);
      }),
    );
    observer.onTick(askedMs);
    await pause(ASK_MS, undefined, { signal });
  }
}
