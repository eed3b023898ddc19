/** A broker's secrets in memory, drawn from a world. */
import type { OwnKeys } from "../../broker/ports.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { hashKey } from "../../shared/crypto/hash.ts";
import type { HashKey } from "../../shared/crypto/hash.ts";
import { generateKeyShare, publicKeyOf } from "../../shared/crypto/oprf.ts";
import { sealingKeyPair } from "../../shared/crypto/seal.ts";
import type { SealingKeyPair } from "../../shared/crypto/seal.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import type { Randomness } from "../../shared/world/world.ts";

export function memoryKeys(signer: SigningKeyPair, { randomBytes }: Randomness): OwnKeys {
  const sealing = new Map<number, SealingKeyPair>();
  const shares = new Map<number, Uint8Array>();
  const journal = new Map<number, HashKey>();
  return {
    signer,
    isNextDue: () => false,
    sealing: {
      epochs: () => [...sealing.keys()],
      read: (epoch) => present(sealing.get(epoch)),
      prepare(epoch) {
        const keyPair = sealing.get(epoch) ?? sealingKeyPair(randomBytes(32));
        sealing.set(epoch, keyPair);
        return keyPair.publicKey;
      },
      destroy: (epoch) => void sealing.delete(epoch),
    },
    shares: {
      generations: () => [...shares.keys()],
      read: (generation) => present(shares.get(generation)),
      prepare(generation) {
        const share = shares.get(generation) ?? generateKeyShare(randomBytes(64));
        shares.set(generation, share);
        return publicKeyOf(share);
      },
      destroy: (generation) => void shares.delete(generation),
    },
    journal: {
      generations: () => [...journal.keys()],
      read: (generation) => present(journal.get(generation)),
      isGivenUp: () => false,
      prepare(generation) {
        const key = journal.get(generation) ?? hashKey(randomBytes(32));
        journal.set(generation, key);
        return key;
      },
      adopt: (generation, key) => void (journal.has(generation) || journal.set(generation, hashKey(key))),
      destroy: (generation) => void journal.delete(generation),
    },
  };
}

function present<T>(key: T | undefined): T {
  if (key === undefined) throw new CausewayError("ENVIRONMENT", "there is no such key");
  return key;
}
