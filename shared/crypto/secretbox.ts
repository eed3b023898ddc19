/**
 * XChaCha20-Poly1305 with associated data, for database columns and caches whose key lies outside the database. The
 * associated data (table, column, row) is not stored: a value moved to another place no longer opens. Lengths show.
 * The 24-byte nonce must be random for every call; at that size chance repetition is no concern.
 */
import { concat } from "../core/bytes.ts";
import { CausewayError } from "../core/errors.ts";
import type { HashKey } from "./hash.ts";
import { assertLength } from "./lengths.ts";
import { sodium } from "./sodium.ts";

const BOX_NONCE_BYTES = 24;

/** Nonce ‖ ciphertext ‖ MAC: 40 bytes longer than the plaintext. Throws INVALID unless the nonce has 24 bytes. */
export function encryptWith(
  key: HashKey,
  nonceRandom24: Uint8Array,
  plaintext: Uint8Array,
  ad: Uint8Array,
): Uint8Array {
  assertLength(nonceRandom24, BOX_NONCE_BYTES, "nonce");
  return concat(
    nonceRandom24,
    sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, ad, null, nonceRandom24, key),
  );
}

/** Throws UNPROVEN, always with the same text, if key, associated data or a byte of `sealed` is not the original. */
export function decryptWith(key: HashKey, sealed: Uint8Array, ad: Uint8Array): Uint8Array {
  try {
    const nonce = sealed.subarray(0, BOX_NONCE_BYTES);
    return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, sealed.subarray(BOX_NONCE_BYTES), ad, nonce, key);
  } catch {
    throw new CausewayError("UNPROVEN", "encrypted value cannot be opened");
  }
}
