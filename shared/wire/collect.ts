/** How a party without a certificate shows that it is there: the time, signed by the key that it enrolled. */
import { u64 } from "../core/bytes.ts";
import { CausewayError } from "../core/errors.ts";
import type { SigningKeyPair } from "../crypto/sign.ts";
import type { SigningKeyOf, Verified } from "./board.ts";
import { signMessage, verifyMessage } from "./envelope.ts";
import type { SignedForm } from "./envelope.ts";

const TYPE = "collect";
export const PROOF_BYTES = 8;

/** (party) `Signed` bytes of type "collect". */
export function signCollectProof(
  nowMs: number,
  scope: { readonly federation: Uint8Array; readonly signer: SigningKeyPair },
): Uint8Array {
  return signMessage(u64(nowMs), { federation: scope.federation, type: TYPE }, scope.signer);
}

/** When the proof was made, in milliseconds. Throws UNPROVEN, INVALID. */
export function openCollectProof(
  signed: SignedForm,
  federation: Uint8Array,
  signingKeyOf: SigningKeyOf,
): Verified<number> {
  const { payload, keyId } = verifyMessage(signed, { federation, type: TYPE }, signingKeyOf);
  if (payload.length !== PROOF_BYTES) throw new CausewayError("INVALID", "proof has a wrong length");
  const { buffer, byteOffset, byteLength } = payload;
  return { value: Number(new DataView(buffer, byteOffset, byteLength).getBigUint64(0)), keyId };
}
