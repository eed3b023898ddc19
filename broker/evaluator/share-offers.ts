/**
 * (evaluator) Makes a key share for each generation that the board prepares, and offers its public half. The broker says what is being
 * prepared, and is not believed in more than that: a share that no directive lists is never used, and it makes one ahead at most.
 */
import type { Federation } from "../../shared/core/directive.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { signEvaluatorOffer } from "../../shared/wire/board.ts";
import { keepGoing } from "../../shared/world/loop.ts";
import { pause, within } from "../../shared/world/wait.ts";
import type { World } from "../../shared/world/world.ts";
import type { Preparations, ShareMaker } from "./ports.ts";
import { events } from "./events.ts";

/** How often the broker is asked. An administrator waits for the answer. */
const ASK_MS = 2_000;
const CALL_MS = 10_000;

export type ShareOffering = {
  readonly name: string;
  readonly signer: SigningKeyPair;
  readonly federation: () => Federation;
  readonly shares: ShareMaker;
  readonly preparations: Preparations;
  readonly world: Pick<World, "after" | "log">;
};

/** Until the signal aborts. */
export async function offerShares(parts: ShareOffering, signal: AbortSignal): Promise<void> {
  const { federation, preparations, world } = parts;
  let offered = 0;
  const round = async (): Promise<void> => {
    const generation = await within(world, CALL_MS, signal, (limited) => preparations.generation(limited));
    if (generation !== offered && isNext(federation(), generation)) {
      const offer = offerOf(parts, generation);
      await within(world, CALL_MS, signal, (limited) => preparations.offer(offer, limited));
      offered = generation;
      events.evaluator.shareOffered(world.log, { generation });
    }
    await pause(world, ASK_MS, signal);
  };
  const afterFailure = () => ({ failed: events.evaluator.shareNotOffered, retryMs: ASK_MS });
  await keepGoing(world, signal, { round, afterFailure });
}

function offerOf({ name, signer, federation, shares }: ShareOffering, generation: number): Uint8Array {
  const sharePublicKey = shares.prepare(generation);
  return signEvaluatorOffer({ name, generation, sharePublicKey }, { federation: federation().id, signer });
}

function isNext({ found, epochs }: Federation, generation: number): boolean {
  const newest = Math.max(found.generation, ...[...epochs.values()].map((epoch) => epoch.generation));
  return generation === newest + 1;
}
