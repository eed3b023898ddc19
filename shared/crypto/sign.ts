/**
 * Ed25519 signatures over payload bytes as they were received: verify first, decode after, never encode again.
 *
 * Libsodium's rules hold on every path: it refuses public keys of small order, non-canonical encodings and responses
 * at or above the group order, some of which other libraries accept; a message that one party accepts and another
 * refuses would split the federation's view. The signed bytes name type and federation, so a signature cannot be
 * moved to another kind of message or another federation.
 */
import { concat, lpText, u32, utf8 } from "../core/bytes.ts";
import { blake2b } from "./hash.ts";
import { assertLength, FEDERATION_BYTES, KEY_ID_BYTES, SIGNATURE_BYTES } from "./lengths.ts";
import { sodium } from "./sodium.ts";

const SIGNING_PUBLIC_KEY_BYTES = 32;
const SIGNING_SEED_BYTES = 32;

const SECRET_KEY_BYTES = 64;

export interface SigningKeyPair {
  readonly publicKey: Uint8Array;
  /** 64 bytes, seed and public key, as libsodium has them. */
  readonly secretKey: Uint8Array;
}

/** What a signature covers. `type` names the kind of message, such as `directive`. */
export interface SignedContent {
  readonly type: string;
  readonly federation: Uint8Array;
  readonly payload: Uint8Array;
}

/** A key pair from 32 secret random bytes. Throws INVALID for another length. */
export function signingKeyPair(seed32: Uint8Array): SigningKeyPair {
  assertLength(seed32, SIGNING_SEED_BYTES, "seed");
  const { publicKey, privateKey } = sodium.crypto_sign_seed_keypair(seed32);
  return { publicKey, secretKey: privateKey };
}

/** Signs; 64 bytes. Throws INVALID for a wrong length of key or federation id. */
export function signPayload(of: SignedContent & { readonly secretKey: Uint8Array }): Uint8Array {
  assertLength(of.secretKey, SECRET_KEY_BYTES, "secretKey");
  return sodium.crypto_sign_detached(signatureInput(of), of.secretKey);
}

/** Whether the signature holds. Key and signature come from a peer: a wrong length is just false. */
export function verifyPayload(
  of: SignedContent & { readonly publicKey: Uint8Array; readonly signature: Uint8Array },
): boolean {
  if (of.publicKey.length !== SIGNING_PUBLIC_KEY_BYTES || of.signature.length !== SIGNATURE_BYTES) return false;
  return sodium.crypto_sign_verify_detached(of.signature, signatureInput(of), of.publicKey);
}

/** The first 16 bytes of BLAKE2b-256 of a public key. Throws INVALID unless the key has 32 bytes. */
export function keyId(publicKey: Uint8Array): Uint8Array {
  assertLength(publicKey, SIGNING_PUBLIC_KEY_BYTES, "publicKey");
  return idOf(publicKey);
}

/** As `keyId`, of anything else that people tell apart by it, such as the certificate of a TLS root. */
export function idOf(content: Uint8Array): Uint8Array {
  return blake2b(32, content).slice(0, KEY_ID_BYTES);
}

/** Protocol section 13: "causeway/sig/v1" ‖ lp(type) ‖ fed ‖ u32 length ‖ payload. */
function signatureInput(of: SignedContent): Uint8Array {
  assertLength(of.federation, FEDERATION_BYTES, "federation");
  return concat(utf8("causeway/sig/v1"), lpText(of.type), of.federation, u32(of.payload.length), of.payload);
}
