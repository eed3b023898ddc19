/** The broker's own keys, read once and compared with what the board announced: under other keys nobody would believe it. */
import { equalBytes } from "../shared/core/bytes.ts";
import { isOpen } from "../shared/core/decisions.ts";
import type { Directive, Federation } from "../shared/core/directive.ts";
import { CausewayError } from "../shared/core/errors.ts";
import type { MemberId } from "../shared/core/ids.ts";
import type { SealingKeyPair } from "../shared/crypto/seal.ts";
import type { SigningKeyPair } from "../shared/crypto/sign.ts";
import { readSealingKeys, readSigningKeys, sealingKeyEpochs } from "../shared/party/keys.ts";

/** Key pairs by epoch, of every epoch that is open, and of those that have ended and are not purged yet. */
export type SealingKeys = ReadonlyMap<number, SealingKeyPair>;

/** Throws ENVIRONMENT if the key file is not that of the broker in the chain. */
export function readBrokerSigner(dir: string, federation: Federation): SigningKeyPair {
  const signer = readSigningKeys(dir);
  if (equalBytes(signer.publicKey, federation.found.broker.signingKey)) return signer;
  throw new CausewayError("ENVIRONMENT", "the signing key is not that of the federation's broker");
}

/**
 * `isGone`: an epoch that has ended and is being purged. Throws ENVIRONMENT if the key of an open epoch is missing, or is not the announced
 * one.
 */
export function readBrokerSealingKeys(
  dir: string,
  federation: Federation,
  isGone: (epoch: number) => boolean = () => false,
): SealingKeys {
  const present = sealingKeyEpochs(dir);
  const keys = new Map<number, SealingKeyPair>();
  for (const { epoch, state, brokerSealingKey } of federation.epochs.values()) {
    if (!isOpen({ state }) && (isGone(epoch) || !present.includes(epoch))) continue;
    const keyPair = readSealingKeys(dir, epoch);
    if (!equalBytes(keyPair.publicKey, brokerSealingKey)) {
      throw new CausewayError("ENVIRONMENT", `the sealing key of epoch ${epoch} is not the one in its directive`);
    }
    keys.set(epoch, keyPair);
  }
  return keys;
}

/** Every signing key that a directive ever gave to the member. */
export function signingKeysOf(directives: readonly Directive[], member: MemberId): Uint8Array[] {
  return directives.flatMap(({ body }) => {
    if (body.type === "admit" && body.member === member) return [body.signingKey];
    const isTheirs = body.type === "rotateKey" && body.party.kind === "member" && body.party.member === member;
    return isTheirs ? [body.signingKey] : [];
  });
}

/** Every signing key that a directive ever gave to the broker. */
export function brokerKeysOf(directives: readonly Directive[]): Uint8Array[] {
  return directives.flatMap(({ body }) => {
    if (body.type === "found") return [body.broker.signingKey];
    return body.type === "rotateKey" && body.party.kind === "broker" ? [body.signingKey] : [];
  });
}
