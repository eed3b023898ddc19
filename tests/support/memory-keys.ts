/** A node's secrets in memory. */
import type { OwnKeys, OwnSealingKey } from "../../agency-node/ports.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { sealingKeyPair } from "../../shared/crypto/seal.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import type { Randomness } from "../../shared/world/world.ts";

export function memoryKeys(member: MemberId, { randomBytes }: Randomness): OwnKeys {
  let all: OwnSealingKey[] = [{ epoch: undefined, keyPair: sealingKeyPair(randomBytes(32)) }];
  return {
    member,
    signer: signingKeyPair(randomBytes(32)),
    conversationSeed: randomBytes(32),
    databaseKey: randomBytes(32),
    sealing: {
      all: () => all,
      prepare(epoch) {
        const known = all.find((each) => each.epoch === epoch);
        if (known !== undefined) return known.keyPair.publicKey;
        const made = { epoch, keyPair: sealingKeyPair(randomBytes(32)) };
        all = [made, ...all].toSorted((a, b) => (b.epoch ?? 0) - (a.epoch ?? 0));
        return made.keyPair.publicKey;
      },
      destroy(epoch) {
        all = all.filter((each) => each.epoch !== epoch);
      },
    },
    certificateUntilMs: () => Number.MAX_SAFE_INTEGER,
  };
}
