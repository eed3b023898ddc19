/**
 * What the next epoch needs before the board can open it: the broker's sealing key, members' sealing keys, and of a new generation the
 * evaluators' shares. Offers are signed by those who hold the secret halves; the broker checks them when they come and again when it
 * hands them out, and could at most withhold one: the member keeps its old key then.
 */
import type { EvaluatorOffer } from "../../shared/core/board.ts";
import { offerFault } from "../../shared/core/decisions.ts";
import type { Federation, MemberKey } from "../../shared/core/directive.ts";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { evaluatorsIn } from "../../shared/platform/standing.ts";
import { openEvaluatorOffer } from "../../shared/wire/board.ts";
import { decodeMemberKey, encodeMemberKey } from "../../shared/wire/directive.ts";
import { signedBytes } from "../../shared/wire/envelope.ts";
import type { SignedMessage } from "../../shared/wire/envelope.ts";
import { EPOCHS_AHEAD_MAX } from "./limits.ts";
import type { BoardParts } from "./parts.ts";
import type { Preparation } from "./store/preparation-table.ts";

export type Prepared = {
  readonly brokerSealingKey: Uint8Array;
  /** `MemberKey` messages. */
  readonly memberKeys: readonly Uint8Array[];
  /** `Signed` bytes of type "evaluator-offer". */
  readonly evaluatorOffers: readonly Uint8Array[];
};

const NOTHING: Preparation = { epoch: 0, generation: 0 };

export type PreparationParts = Pick<BoardParts, "directory" | "keys"> & {
  readonly store: Pick<BoardParts["store"], "preparation">;
};

export class Preparations {
  readonly #parts: PreparationParts;

  constructor(parts: PreparationParts) {
    this.#parts = parts;
  }

  /** What the board prepares and has not opened yet; zeros for nothing. */
  current(): Preparation {
    const preparation = this.#parts.store.preparation.current();
    const { epochs } = this.#federation;
    if (preparation === undefined || [...epochs.keys()].some((epoch) => epoch >= preparation.epoch)) return NOTHING;
    return preparation;
  }

  /** Makes the broker's own keys, asks for the others', and hands out what there is. Throws INVALID for numbers that cannot be next. */
  prepare(wanted: Preparation): Prepared {
    const { store, keys } = this.#parts;
    const { epoch, generation } = wanted;
    this.#assertNext(wanted);
    const brokerSealingKey = keys.sealingKeyOf(epoch);
    const own = generation === 0 ? undefined : keys.shareOfferOf(generation);
    const known = store.preparation.current();
    if (known?.epoch !== epoch || known.generation !== generation) store.preparation.set(wanted);
    const memberKeys = store.preparation
      .keyOffers(epoch)
      .filter((offer) => this.#holds(() => this.#assertProven(decodeMemberKey(offer))));
    const offered = store.preparation.shareOffers(generation);
    const shares = generation === 0 ? [] : offered.filter((offer) => this.#holds(() => this.#readShare(offer)));
    return { brokerSealingKey, memberKeys, evaluatorOffers: own === undefined ? shares : [own, ...shares] };
  }

  /** Throws FORBIDDEN for another member's, OUT_OF_SEQUENCE for another epoch's, UNPROVEN, INVALID, EXHAUSTED. */
  offerKey(member: MemberId, key: MemberKey): void {
    this.#assertProven(key);
    if (key.member !== member) throw new CausewayError("FORBIDDEN", "a member offers its own key only");
    if (key.epoch !== this.current().epoch) throw notPrepared();
    this.#parts.store.preparation.offerKey(member, key.epoch, encodeMemberKey(key));
  }

  /** Throws FORBIDDEN for another evaluator's, OUT_OF_SEQUENCE for another generation's, UNPROVEN, INVALID, EXHAUSTED. */
  offerShare(name: string, signed: SignedMessage | Uint8Array): void {
    const offer = this.#readShare(signed);
    if (offer.name !== name) throw new CausewayError("FORBIDDEN", "an evaluator offers its own share only");
    if (offer.generation !== this.current().generation) throw notPrepared();
    this.#parts.store.preparation.offerShare(name, offer.generation, signedBytes(signed));
  }

  get #federation(): Federation {
    return this.#parts.directory.federation;
  }

  #assertNext({ epoch, generation }: Preparation): void {
    const { epochs, found } = this.#federation;
    const last = Math.max(0, ...epochs.keys());
    const newest = Math.max(found.generation, ...[...epochs.values()].map((each) => each.generation));
    const fields: string[] = [];
    if (epoch <= last || epoch > last + EPOCHS_AHEAD_MAX) fields.push("epoch");
    if (generation !== 0 && generation !== newest + 1) fields.push("generation");
    if (fields.length > 0)
      throw new CausewayError("INVALID", "this cannot be the next epoch or generation", { fields });
  }

  #assertProven(offer: MemberKey): void {
    const fault = offerFault(this.#federation, offer);
    if (fault !== undefined) throw fault;
  }

  #readShare(signed: SignedMessage | Uint8Array): EvaluatorOffer {
    const { id } = this.#federation;
    return openEvaluatorOffer(signed, id, evaluatorsIn(this.#federation));
  }

  #holds(read: () => unknown): boolean {
    try {
      read();
      return true;
    } catch (error) {
      if (isCausewayError(error)) return false;
      throw error;
    }
  }
}

function notPrepared(): CausewayError {
  return new CausewayError("OUT_OF_SEQUENCE", "the board does not prepare this now");
}
