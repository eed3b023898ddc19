/** The broker's own keys, compared with what the board announced: under other keys nobody would believe it. */
import { equalBytes } from "../shared/core/bytes.ts";
import { isOpen, openEpochs } from "../shared/core/decisions.ts";
import type { Directive, Federation } from "../shared/core/directive.ts";
import { CausewayError } from "../shared/core/errors.ts";
import type { SealingKeyPair } from "../shared/crypto/seal.ts";
import type { OwnKeys } from "./ports.ts";

/** Key pairs by epoch, of every epoch that is open, and of those that have ended and are not purged yet. */
export type SealingKeys = ReadonlyMap<number, SealingKeyPair>;

/** Throws ENVIRONMENT if the signing key is not that of the broker in the chain. */
export function assertOwnSigner({ signer }: Pick<OwnKeys, "signer">, federation: Federation): void {
  if (equalBytes(signer.publicKey, federation.found.broker.signingKey)) return;
  throw new CausewayError("ENVIRONMENT", "the signing key is not that of the federation's broker");
}

/**
 * Without those that are lost, see `lostSealingKeys`. `isGone`: an epoch that has ended and is being purged.
 */
export function announcedSealingKeys(
  kept: Pick<OwnKeys["sealing"], "epochs" | "read">,
  federation: Federation,
  isGone: (epoch: number) => boolean = () => false,
): SealingKeys {
  const present = kept.epochs();
  const keys = new Map<number, SealingKeyPair>();
  for (const { epoch, state, brokerSealingKey } of federation.epochs.values()) {
    if (!present.includes(epoch) || (!isOpen({ state }) && isGone(epoch))) continue;
    const keyPair = kept.read(epoch);
    if (equalBytes(keyPair.publicKey, brokerSealingKey)) keys.set(epoch, keyPair);
  }
  return keys;
}

/**
 * Open epochs whose announced key is not here: a broker that was made anew after everything was lost has none of them. It must run all the
 * same, since only so can the board open another epoch; what members send in these nobody can open.
 */
export function lostSealingKeys(keys: SealingKeys, { epochs }: Pick<Federation, "epochs">): number[] {
  return openEpochs({ epochs }).flatMap(({ epoch }) => (keys.has(epoch) ? [] : [epoch]));
}

export type SealingRingParts = {
  readonly kept: OwnKeys["sealing"];
  readonly federation: () => Federation;
  readonly isGone: (epoch: number) => boolean;
};

/** The sealing keys in use, held in memory from one directive to the next. */
export class SealingRing {
  readonly #parts: SealingRingParts;
  #keys: SealingKeys;

  constructor(parts: SealingRingParts) {
    this.#parts = parts;
    this.#keys = this.#announced();
  }

  get keys(): SealingKeys {
    return this.#keys;
  }

  /** After a directive. */
  refresh(): void {
    this.#keys = this.#announced();
  }

  destroy(epoch: number): void {
    this.#parts.kept.destroy(epoch);
    this.refresh();
  }

  #announced(): SealingKeys {
    const { kept, federation, isGone } = this.#parts;
    return announcedSealingKeys(kept, federation(), isGone);
  }
}

/** Every signing key that a directive ever gave to the broker. */
export function brokerKeysOf(directives: readonly Directive[]): Uint8Array[] {
  return directives.flatMap(({ body }) => {
    if (body.type === "found") return [body.broker.signingKey];
    return body.type === "rotateKey" && body.party.kind === "broker" ? [body.signingKey] : [];
  });
}
