/** The broker's own keys, compared with what the board announced: under other keys nobody would believe it. */
import { equalBytes } from "../shared/core/bytes.ts";
import { isOpen } from "../shared/core/decisions.ts";
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
 * `isGone`: an epoch that has ended and is being purged. Throws ENVIRONMENT if the key of an open epoch is missing, or is not the announced
 * one.
 */
export function announcedSealingKeys(
  kept: Pick<OwnKeys["sealing"], "epochs" | "read">,
  federation: Federation,
  isGone: (epoch: number) => boolean = () => false,
): SealingKeys {
  const present = kept.epochs();
  const keys = new Map<number, SealingKeyPair>();
  for (const { epoch, state, brokerSealingKey } of federation.epochs.values()) {
    if (!isOpen({ state }) && (isGone(epoch) || !present.includes(epoch))) continue;
    const keyPair = kept.read(epoch);
    if (!equalBytes(keyPair.publicKey, brokerSealingKey)) {
      throw new CausewayError("ENVIRONMENT", `the sealing key of epoch ${epoch} is not the one in its directive`);
    }
    keys.set(epoch, keyPair);
  }
  return keys;
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

  /** Throws as `announcedSealingKeys`. */
  constructor(parts: SealingRingParts) {
    this.#parts = parts;
    this.#keys = this.#announced();
  }

  get keys(): SealingKeys {
    return this.#keys;
  }

  /** After a directive. Throws as `announcedSealingKeys`; then the keys stay as they are. */
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
