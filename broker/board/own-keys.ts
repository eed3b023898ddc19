/** The broker's own keys for an epoch or a generation to come, in its directory. */
import { equalBytes } from "../../shared/core/bytes.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { prepareSealingKey, readSealingKeys, sealingKeyEpochs } from "../../shared/party/keys.ts";
import { offerShare } from "../evaluator/shares.ts";
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
    shareOfferOf: (generation) =>
      hosted === undefined ? undefined : offerShare(dir, { name: hosted, generation, federation, signer }),
  };
}
