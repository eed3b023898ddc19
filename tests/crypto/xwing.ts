/**
 * X-Wing a second time, of other parts: ML-KEM-768 of OpenSSL, X25519 and SHA-3 of noble. By the text of draft-connolly-cfrg-xwing-kem-10,
 * sections 5.2 to 5.5. Each half's secret is had for itself, as by somebody who has broken one of the two.
 */
import { createPrivateKey, decapsulate } from "node:crypto";
import { x25519 } from "@noble/curves/ed25519.js";
import { blake2b } from "@noble/hashes/blake2.js";
import { sha3_256, shake256 } from "@noble/hashes/sha3.js";
import { concat, fromHex, lpText, utf8 } from "../../shared/core/bytes.ts";
import { sodium } from "../../shared/crypto/sodium.ts";

export const ENCAPSULATION_BYTES = 1_120;
const ML_KEM_CIPHERTEXT_BYTES = 1_088;
const ML_KEM_KEY_BYTES = 1_184;

/** A private key as its seed of 64 bytes, in PKCS #8 (draft-ietf-lamps-kyber-certificates). */
const PKCS8_OF_SEED = fromHex("3054020100300b060960864801650304040204428040");

/** What each half gives to the two who agree on a key. */
export type Halves = { readonly mlKem: Uint8Array; readonly x25519: Uint8Array };

/** Both halves of an encapsulation, by the seed of the secret key. */
export function halvesOf(seed: Uint8Array, encapsulation: Uint8Array): Halves {
  const expanded = shake256(seed, { dkLen: 96 });
  const der = Buffer.from(concat(PKCS8_OF_SEED, expanded.subarray(0, 64)));
  const mlKemKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return {
    mlKem: new Uint8Array(decapsulate(mlKemKey, encapsulation.subarray(0, ML_KEM_CIPHERTEXT_BYTES))),
    x25519: x25519.getSharedSecret(expanded.subarray(64), encapsulation.subarray(ML_KEM_CIPHERTEXT_BYTES)),
  };
}

/** The shared secret of both halves. */
export function combine(halves: Halves, publicKey: Uint8Array, encapsulation: Uint8Array): Uint8Array {
  return sha3_256(
    concat(
      halves.mlKem,
      halves.x25519,
      encapsulation.subarray(ML_KEM_CIPHERTEXT_BYTES),
      publicKey.subarray(ML_KEM_KEY_BYTES),
      utf8("\\.//^\\"),
    ),
  );
}

/** Opens a sealed message with whatever somebody takes for its shared secret; still padded. Throws unless it is. */
export function openWith(sharedSecret: Uint8Array, publicKey: Uint8Array, sealed: Uint8Array): Uint8Array {
  const encapsulation = sealed.subarray(0, ENCAPSULATION_BYTES);
  const recipientKey = blake2b(concat(lpText("causeway/sealing-key/v2"), publicKey), { dkLen: 32 });
  const key = blake2b(concat(lpText("causeway/seal/v2"), recipientKey, encapsulation), {
    dkLen: 32,
    key: sharedSecret,
  });
  const box = sealed.subarray(ENCAPSULATION_BYTES);
  return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, box, null, new Uint8Array(24), key);
}
