/**
 * What the next epoch needs before the board can open it: the broker's sealing key, members' sealing keys, and of a new generation the
 * evaluators' shares. Offers are signed by those who hold the secret halves; the broker checks them when they come and again when it
 * hands them out, and could at most withhold one: the member keeps its old key then.
 */
import { toHex } from "../../shared/core/bytes.ts";
import type { Federation, MemberKey } from "../../shared/core/directive.ts";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { isElement } from "../../shared/crypto/ristretto.ts";
import { assertSealingKey } from "../../shared/crypto/seal.ts";
import { keyId, verifyPayload } from "../../shared/crypto/sign.ts";
import { evaluatorsIn } from "../../shared/platform/standing.ts";
import { openEvaluatorOffer } from "../../shared/wire/board.ts";
import { decodeMemberKey } from "../../shared/wire/directive.ts";
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
    const memberKeys = store.preparation.keyOffers(epoch).filter((offer) => this.#holds(() => this.#readKey(offer)));
    const offered = store.preparation.shareOffers(generation);
    const shares = generation === 0 ? [] : offered.filter((offer) => this.#holds(() => this.#readShare(offer)));
    return { brokerSealingKey, memberKeys, evaluatorOffers: own === undefined ? shares : [own, ...shares] };
  }

  /** Throws FORBIDDEN for another member's, OUT_OF_SEQUENCE for another epoch's, UNPROVEN, INVALID, EXHAUSTED. */
  offerKey(member: MemberId, offer: Uint8Array): void {
    const key = this.#readKey(offer);
    if (key.member !== member) throw new CausewayError("FORBIDDEN", "a member offers its own key only");
    if (key.epoch !== this.current().epoch) throw notPrepared();
    this.#parts.store.preparation.offerKey(member, key.epoch, offer);
  }

  /** Throws FORBIDDEN for another evaluator's, OUT_OF_SEQUENCE for another generation's, UNPROVEN, INVALID, EXHAUSTED. */
  offerShare(name: string, signed: Uint8Array): void {
    const offer = this.#readShare(signed);
    if (offer.name !== name) throw new CausewayError("FORBIDDEN", "an evaluator offers its own share only");
    if (offer.generation !== this.current().generation) throw notPrepared();
    this.#parts.store.preparation.offerShare(name, offer.generation, signed);
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

  /** Proves an offer by the key that the member has now. */
  #readKey(offer: Uint8Array): MemberKey {
    const key = decodeMemberKey(offer);
    const { id, members, usedKeys } = this.#federation;
    const publicKey = members.get(key.member)?.signingKey;
    const { payload, signature } = key;
    const proven =
      publicKey !== undefined &&
      toHex(signature.keyId) === toHex(keyId(publicKey)) &&
      verifyPayload({ type: "key-offer", federation: id, payload, publicKey, signature: signature.signature });
    if (!proven) throw new CausewayError("UNPROVEN", "the offer is not signed by the member it names");
    assertSealingKey(key.sealingKey);
    if (usedKeys.has(toHex(key.sealingKey))) {
      throw new CausewayError("CONFLICT", "the key has been used before", { fields: ["sealingKey"] });
    }
    return key;
  }

  #readShare(signed: Uint8Array) {
    const evaluators = evaluatorsIn(this.#federation);
    const ofKey = (id: string) => evaluators.find(({ signingKey }) => toHex(keyId(signingKey)) === id);
    const { value, keyId: signer } = openEvaluatorOffer(signed, this.#federation.id, (id) => ofKey(id)?.signingKey);
    if (ofKey(signer)?.name !== value.name) throw new CausewayError("UNPROVEN", "the offer is of another evaluator");
    if (!isElement(value.sharePublicKey)) {
      throw new CausewayError("INVALID", "the share is no element", { fields: ["sharePublicKey"] });
    }
    return value;
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
