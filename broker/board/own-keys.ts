/** The broker's own keys for an epoch or a generation to come, as the board's preparations ask for them. */
import { equalBytes } from "../../shared/core/bytes.ts";
import { signEvaluatorOffer } from "../../shared/wire/board.ts";
import type { OwnKeys } from "../ports.ts";
import type { KeyMaker } from "./parts.ts";

/** `hosted`: name of the evaluator that this broker hosts. */
export function keyMakerOf(
  { signer, sealing, shares }: OwnKeys,
  { hosted, federation }: { readonly hosted: string | undefined; readonly federation: Uint8Array },
): KeyMaker {
  return {
    sealingKeyOf: (epoch) => sealing.prepare(epoch),
    holdsSealingKey: (epoch, publicKey) =>
      sealing.epochs().includes(epoch) && equalBytes(sealing.read(epoch).publicKey, publicKey),
    shareOfferOf(generation) {
      if (hosted === undefined) return undefined;
      const offer = { name: hosted, generation, sharePublicKey: shares.prepare(generation) };
      return signEvaluatorOffer(offer, { federation, signer });
    },
  };
}
