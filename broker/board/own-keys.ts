/** The broker's own keys for an epoch or a generation to come, in its directory. */
import { equalBytes } from "../../shared/core/bytes.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { prepareKeyShare, prepareSealingKey, readSealingKeys, sealingKeyEpochs } from "../../shared/party/keys.ts";
import { signEvaluatorOffer } from "../../shared/wire/board.ts";
import type { KeyMaker } from "./parts.ts";

/** `hosted`: name of the evaluator that this broker hosts. */
export function keyMakerIn(
  dir: string,
  of: { readonly hosted: string | undefined; readonly signer: SigningKeyPair; readonly federation: Uint8Array },
): KeyMaker {
  const { hosted, signer, federation } = of;
  return {
    sealingKeyOf: (epoch) => prepareSealingKey(dir, epoch),
    holdsSealingKey: (epoch, publicKey) =>
      sealingKeyEpochs(dir).includes(epoch) && equalBytes(readSealingKeys(dir, epoch).publicKey, publicKey),
    shareOfferOf(generation) {
      if (hosted === undefined) return undefined;
      const sharePublicKey = prepareKeyShare(dir, generation);
      return signEvaluatorOffer({ name: hosted, generation, sharePublicKey }, { federation, signer });
    },
  };
}
