/** What an epoch to come needs from broker, members and evaluators: fetched from the broker, and believed as far as they signed it. */
import { isOfferUsable } from "../../shared/core/decisions.ts";
import type { Admit, EpochOpen, Evaluator, Federation, MemberKey } from "../../shared/core/directive.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { EvaluatorOffer } from "../../shared/core/board.ts";
import { openEvaluatorOffer } from "../../shared/wire/board.ts";
import type { Seat } from "./seat.ts";
import { Waiting } from "./waiting.ts";
import { say } from "../../shared/words/say.ts";

export type Offers = {
  /** By the broker, over TLS; nobody else could make it. */
  readonly brokerSealingKey: Uint8Array;
  /** At most one of each member in good standing, proven. */
  readonly memberKeys: readonly MemberKey[];
  /** Proven offers of the generation that was asked for, by evaluator's name. */
  readonly shares: ReadonlyMap<string, Uint8Array>;
};

/** The generation that follows all there were. */
export function nextGeneration({ found, epochs }: Federation): number {
  return Math.max(found.generation, ...[...epochs.values()].map(({ generation }) => generation)) + 1;
}

/** The number that the next epoch has: above all before, so that none is used again. */
export function nextEpoch({ epochs }: Federation): number {
  return Math.max(0, ...epochs.keys()) + 1;
}

/** Announces the epoch (and with `generation` not 0 new evaluator keys) and returns what has been offered so far. */
export async function offersFor(
  seat: Pick<Seat, "federation"> & { readonly office: Pick<Seat["office"], "prepareEpoch"> },
  epoch: number,
  generation: number,
): Promise<Offers> {
  const { federation, office } = seat;
  const preparation = await office.prepareEpoch({ epoch, generation });
  const memberKeys = new Map(
    preparation.memberKeys
      .filter((offer) => isOfferUsable(federation, epoch, offer))
      .map((offer) => [offer.member, offer]),
  );
  const shares = preparation.evaluatorOffers
    .flatMap((bytes) => provenShare(federation, bytes))
    .filter((offer) => offer.generation === generation)
    .map(({ name, sharePublicKey }) => [name, sharePublicKey] as const);
  const { brokerSealingKey } = preparation;
  return { brokerSealingKey, memberKeys: [...memberKeys.values()], shares: new Map(shares) };
}

/** Today's evaluators with their new shares. Throws `Waiting` for those that have offered none. */
export function newGenerationOf({ found }: Federation, { shares }: Offers): Evaluator[] {
  const silent = found.evaluators.filter(({ name }) => !shares.has(name));
  if (silent.length > 0) {
    throw new Waiting(silent.map(({ name }) => say("waiting.evaluator", { name })));
  }
  return found.evaluators.map((each) => ({ ...each, sharePublicKey: shares.get(each.name) as Uint8Array }));
}

/** The federation with the sealing keys that an opening gives to members: what its boxes are sealed to. */
export function withMemberKeys(federation: Federation, { memberKeys }: Pick<EpochOpen, "memberKeys">): Federation {
  const members = new Map(federation.members);
  for (const { member, sealingKey } of memberKeys)
    members.set(member, { ...(members.get(member) as Admit), sealingKey });
  return { ...federation, members };
}

function provenShare({ id, found }: Federation, bytes: Uint8Array): EvaluatorOffer[] {
  try {
    return [openEvaluatorOffer(bytes, id, found.evaluators)];
  } catch (error) {
    if (isCausewayError(error)) return [];
    throw error;
  }
}
