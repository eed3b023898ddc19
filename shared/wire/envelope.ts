/**
 * Sign, then seal (protocol sections 3 and 13): the payload is signed, names the key that it is sealed to by its hash, and is opened and
 * verified before anything in it is decoded. What arrives is the work of anybody who can reach the NATS server.
 */
import { z } from "zod";
import { toHex } from "../core/bytes.ts";
import { CausewayError } from "../core/errors.ts";
import { SEALED_BYTES_MAX } from "../core/limits.ts";
import { openSealed, sealTo } from "../crypto/seal.ts";
import type { SealingKeyPair } from "../crypto/seal.ts";
import { keyId, signPayload, verifyPayload } from "../crypto/sign.ts";
import type { SigningKeyPair } from "../crypto/sign.ts";
import { bytes16, bytesBetween, readDecoded, readMessage, signatureBytes } from "./checks.ts";
import { Signed } from "./gen/causeway/v1/signed.ts";

/** The form of a signed message, as a field of a request too. Nothing of it is proven. */
export function signedForm(payloadBytesMax: number) {
  return z.object({
    type: z.string().max(32),
    payload: bytesBetween(1, payloadBytesMax),
    signature: z.object({ keyId: bytes16, signature: signatureBytes }),
  });
}

/** A signed message of the right form, by whomever. */
export type SignedMessage = z.output<ReturnType<typeof signedForm>>;

const reading = {
  what: "signed message",
  bytesMax: SEALED_BYTES_MAX,
  codec: Signed,
  schema: signedForm(SEALED_BYTES_MAX),
};

/** A signed message as it came: as bytes, or as gRPC has decoded it, which leaves out what the sender left out. */
export type SignedForm = Uint8Array | Signed | undefined;

/** What a signature is about, besides the payload. */
export type SignatureScope = { readonly federation: Uint8Array; readonly type: string };

/** A payload with its signature, as bytes. */
export function signMessage(payload: Uint8Array, scope: SignatureScope, signer: SigningKeyPair): Uint8Array {
  const signature = signPayload({ ...scope, payload, secretKey: signer.secretKey });
  return Signed.encode({
    type: scope.type,
    payload,
    signature: { keyId: keyId(signer.publicKey), signature },
  }).finish();
}

/**
 * The payload, once the signature is found to be by the key that `signingKeyOf` knows under the key id (hexadecimal).
 * Throws UNPROVEN when the key is unknown or the signature does not hold, INVALID when the form is wrong.
 */
export function verifyMessage(
  signed: SignedForm,
  scope: SignatureScope,
  signingKeyOf: (keyId: string) => Uint8Array | undefined,
): { readonly payload: Uint8Array; readonly keyId: string } {
  const { type, payload, signature } =
    signed instanceof Uint8Array ? readMessage(reading, signed) : readDecoded(reading, signed);
  const signer = toHex(signature.keyId);
  const publicKey = signingKeyOf(signer);
  const proven =
    publicKey !== undefined &&
    type === scope.type &&
    verifyPayload({ ...scope, payload, publicKey, signature: signature.signature });
  if (!proven) throw new CausewayError("UNPROVEN", "the signature does not hold");
  return { payload, keyId: signer };
}

/** The payload of a signed message that this party made and kept itself: nothing of it is proven here. Throws INVALID. */
export const payloadOf = (signed: Uint8Array): Uint8Array => readMessage(reading, signed).payload;

/** The bytes of a signed message, to be kept or passed on; nothing of it is proven here. */
export const signedBytes = (message: Uint8Array | Signed): Uint8Array =>
  message instanceof Uint8Array ? message : Signed.encode(message).finish();

/** Seals signed bytes to a recipient, with 32 random bytes that nothing else uses. Throws as `sealTo`. */
export const sealMessage = (signed: Uint8Array, sealingKey: Uint8Array, ephemeralSeed32: Uint8Array): Uint8Array =>
  sealTo(sealingKey, signed, ephemeralSeed32);

/** Opens sealed bytes. Throws UNPROVEN. */
export const openMessage = (sealed: Uint8Array, keyPair: SealingKeyPair): Uint8Array => openSealed(keyPair, sealed);
