/** An evaluator's key shares in its directory, and the offer of one for a generation to come. */
import { signEvaluatorOffer } from "../../shared/wire/board.ts";
import { destroyKeyShare, keyShareGenerations, prepareKeyShare, readKeyShare } from "../../shared/party/keys.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import type { KeyShares } from "./engines.ts";

export function sharesIn(dir: string): KeyShares {
  return {
    read: (generation) => readKeyShare(dir, generation),
    generations: () => keyShareGenerations(dir),
    destroy: (generation) => destroyKeyShare(dir, generation),
  };
}

/** Makes the share of the generation if there is none yet; `Signed` bytes of type "evaluator-offer". */
export function offerShare(
  dir: string,
  of: {
    readonly name: string;
    readonly generation: number;
    readonly federation: Uint8Array;
    readonly signer: SigningKeyPair;
  },
): Uint8Array {
  const { name, generation, federation, signer } = of;
  const sharePublicKey = prepareKeyShare(dir, generation);
  return signEvaluatorOffer({ name, generation, sharePublicKey }, { federation, signer });
}
