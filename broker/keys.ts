/** The broker's own keys, read once and compared with what the board announced: under other keys nobody would believe it. */
import { equalBytes } from "../shared/core/bytes.ts";
import type { Federation } from "../shared/core/directive.ts";
import { CausewayError } from "../shared/core/errors.ts";
import type { SealingKeyPair } from "../shared/crypto/seal.ts";
import type { SigningKeyPair } from "../shared/crypto/sign.ts";
import { readSealingKeys, readSigningKeys } from "../shared/platform/party.ts";

/** Key pairs by epoch, of every epoch that is not retired. */
export type SealingKeys = ReadonlyMap<number, SealingKeyPair>;

/** Throws ENVIRONMENT if the key file is not that of the broker in the chain. */
export function readBrokerSigner(dir: string, federation: Federation): SigningKeyPair {
  const signer = readSigningKeys(dir);
  if (equalBytes(signer.publicKey, federation.found.broker.signingKey)) return signer;
  throw new CausewayError("ENVIRONMENT", "the signing key is not that of the federation's broker");
}

/** Throws ENVIRONMENT if the key of an epoch is missing, or is not the announced one. */
export function readBrokerSealingKeys(dir: string, federation: Federation): SealingKeys {
  const keys = new Map<number, SealingKeyPair>();
  for (const { epoch, state, brokerSealingKey } of federation.epochs.values()) {
    if (state === "retired") continue;
    const keyPair = readSealingKeys(dir, epoch);
    if (!equalBytes(keyPair.publicKey, brokerSealingKey)) {
      throw new CausewayError("ENVIRONMENT", `the sealing key of epoch ${epoch} is not the one in its directive`);
    }
    keys.set(epoch, keyPair);
  }
  return keys;
}
