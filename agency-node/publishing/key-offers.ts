/**
 * A new sealing key for each epoch, made and offered before the board opens it (protocol section 4): once the epoch before it has ended
 * the old key is destroyed, and boxes and deliveries that somebody has kept stay closed. The board seals to what this member has signed;
 * a broker that withholds the offer only makes it use the old key once more.
 */
import type { Federation, MemberKey } from "../../shared/core/directive.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { keyId, signPayload } from "../../shared/crypto/sign.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { pause, within } from "../../shared/world/wait.ts";
import { encodeKeyOffer } from "../../shared/wire/directive.ts";
import type { World } from "../../shared/world/world.ts";
import { PREPARATION_POLL_MS } from "../core/limits.ts";
import { events } from "../events.ts";

export type KeyOffersParts = {
  readonly member: MemberId;
  readonly signer: SigningKeyPair;
  readonly world: World;
  federation(): Federation;
  /** The epoch that the board prepares, as the broker says; 0 for none. */
  preparedEpoch(signal: AbortSignal): Promise<number>;
  offer(key: MemberKey, signal: AbortSignal): Promise<void>;
  /** Makes the key unless there is one; answers with its public half. */
  prepareKey(epoch: number): Uint8Array;
};

export class KeyOffers {
  readonly #parts: KeyOffersParts;
  #offered = 0;

  constructor(parts: KeyOffersParts) {
    this.#parts = parts;
  }

  /** Looks and offers until the signal aborts. A broker that is away, or refuses, is asked again. */
  async run(signal: AbortSignal): Promise<void> {
    for (let outcome = ""; !signal.aborted;) {
      const now = await this.#look(signal);
      // An outage of days is not a line every quarter of a minute.
      if (now !== outcome && now !== "" && !signal.aborted)
        events.keyOffer.waiting(this.#parts.world.log, { code: now });
      outcome = now;
      await pause(this.#parts.world, now === "FORBIDDEN" ? REFUSED_POLL_MS : PREPARATION_POLL_MS, signal);
    }
  }

  /** Empty, or why nothing could be offered. */
  async #look(signal: AbortSignal): Promise<string> {
    try {
      const { world, preparedEpoch } = this.#parts;
      const epoch = await within(world, CALL_MS, signal, preparedEpoch);
      if (this.#isToCome(epoch) && this.#offered !== epoch) await this.#offer(epoch, signal);
      return "";
    } catch (error) {
      if (signal.aborted) return "";
      // Its client has classes of its own.
      return isCausewayError(error) ? error.code : "UNAVAILABLE";
    }
  }

  /** No key is made for an epoch that has been: the broker could have us make any number of them. */
  #isToCome(epoch: number): boolean {
    const { federation, member } = this.#parts;
    const { epochs, members } = federation();
    const newest = Math.max(0, ...epochs.keys());
    return members.has(member) && epoch > newest && epoch <= newest + EPOCHS_AHEAD_MAX;
  }

  async #offer(epoch: number, signal: AbortSignal): Promise<void> {
    const { member, signer, prepareKey, offer, federation, world } = this.#parts;
    const unsigned = { member, epoch, sealingKey: prepareKey(epoch) };
    const payload = encodeKeyOffer(unsigned);
    const { publicKey, secretKey } = signer;
    const signature = signPayload({ type: "key-offer", federation: federation().id, payload, secretKey });
    const key = { ...unsigned, payload, signature: { keyId: keyId(publicKey), signature } };
    await within(world, CALL_MS, signal, (limited) => offer(key, limited));
    this.#offered = epoch;
    events.key.offered(world.log, { epoch });
  }
}

const CALL_MS = 10_000;
/** A suspension lasts for days. */
const REFUSED_POLL_MS = 60_000;
/** Numbers may be skipped after an abort. */
const EPOCHS_AHEAD_MAX = 16;
