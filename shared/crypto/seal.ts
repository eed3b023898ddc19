/**
 * Sealed messages: anybody with a recipient's public key can write, only the recipient can read. What is sealed is kept for years, by
 * whoever copies it too; so the key is agreed on in two ways at once, X25519 and ML-KEM-768, and both must fall before a seal does. The
 * construction is X-Wing (draft-connolly-cfrg-xwing-kem-10), with XChaCha20-Poly1305 under the key that it gives.
 *
 *   key   = BLAKE2b-256(key = X-Wing's shared secret, lp("causeway/seal/v2") ‖ recipient key ‖ encapsulation)
 *   seal  = encapsulation (1,120 bytes) ‖ XChaCha20-Poly1305(key, nonce of zeros, plaintext padded to a multiple of 1,024)
 *
 * The key is of one message, so the nonce need not differ. A seal says nothing about the sender: what is inside is signed, and names whom
 * it is for (`recipientKeyOf`), so that it cannot be re-sealed to somebody else unnoticed. The padding hides a length within 1 KiB.
 */
import { concat, lpText } from "../core/bytes.ts";
import { CausewayError } from "../core/errors.ts";
import { SEAL_PADDING_BYTES, SEALED_BYTES_MAX } from "../core/limits.ts";
import { blake2b, blake2bKeyed, hashKey } from "./hash.ts";
import type { HashKey } from "./hash.ts";
import { assertLength } from "./lengths.ts";
import { sodium } from "./sodium.ts";
import { isX25519Key, X25519_KEY_BYTES } from "./x25519.ts";

/** FIPS 203: 768 coefficients of 12 bits, and the 32 bytes from which the matrix is made. */
const ML_KEM_COEFFICIENTS_BYTES = 1_152;
const ML_KEM_KEY_BYTES = ML_KEM_COEFFICIENTS_BYTES + 32;
const ML_KEM_MODULUS = 3_329;

export const SEALING_KEY_BYTES = ML_KEM_KEY_BYTES + X25519_KEY_BYTES;

const ENCAPSULATION_BYTES = 1_120;
const TAG_BYTES = 16;
const SEED_BYTES = 32;
const NONCE = new Uint8Array(24);

/** What a seal adds to the padded plaintext. */
export const SEAL_OVERHEAD_BYTES = ENCAPSULATION_BYTES + TAG_BYTES;

/** Longest plaintext whose seal stays within `SEALED_BYTES_MAX`; the padding takes at least one byte. */
export const SEALABLE_BYTES_MAX =
  Math.floor((SEALED_BYTES_MAX - SEAL_OVERHEAD_BYTES) / SEAL_PADDING_BYTES) * SEAL_PADDING_BYTES - 1;

export interface SealingKeyPair {
  /** 1,216 bytes: ML-KEM-768, then X25519. */
  readonly publicKey: Uint8Array;
  /** 32 bytes, from which X-Wing makes the secret halves each time. */
  readonly secretKey: Uint8Array;
}

/** An X-Wing key pair from 32 secret random bytes. Throws INVALID for another length. */
export function sealingKeyPair(seed32: Uint8Array): SealingKeyPair {
  assertLength(seed32, SEED_BYTES, "seed");
  const { publicKey, privateKey } = sodium.crypto_kem_xwing_seed_keypair(seed32);
  return { publicKey, secretKey: privateKey };
}

/**
 * How what is sealed names whom it is for, and how a sealing key is compared and remembered: 32 bytes,
 * BLAKE2b-256(lp("causeway/sealing-key/v2") ‖ sealing key).
 */
export function recipientKeyOf(sealingKey: Uint8Array): Uint8Array {
  return blake2b(32, lpText("causeway/sealing-key/v2"), sealingKey);
}

/**
 * What is wrong with a public key that a peer gave, undefined if nothing. Either half is checked by its own rules: FIPS 203 (7.2) refuses
 * coefficients that are not reduced, which are a second name for the same key.
 */
export function sealingKeyFault(publicKey: Uint8Array): string | undefined {
  if (publicKey.length !== SEALING_KEY_BYTES) return `a sealing key has ${SEALING_KEY_BYTES} bytes`;
  if (!isReduced(publicKey.subarray(0, ML_KEM_COEFFICIENTS_BYTES))) return "the ML-KEM-768 half is not reduced";
  if (isX25519Key(publicKey.subarray(ML_KEM_KEY_BYTES))) return undefined;
  return "the X25519 half is of small order or not canonical";
}

export function isSealingKey(publicKey: Uint8Array): boolean {
  return sealingKeyFault(publicKey) === undefined;
}

/**
 * Pads and seals, with 32 secret random bytes that are used for this seal and no other (two seals under the same ones to the same
 * recipient show what their plaintexts have in common). Throws INVALID for a bad key, a plaintext over `SEALABLE_BYTES_MAX` or a seed of
 * another length.
 */
export function sealTo(sealingKey: Uint8Array, plaintext: Uint8Array, ephemeralSeed32: Uint8Array): Uint8Array {
  return sealAndKeep(sealingKey, plaintext, ephemeralSeed32).sealed;
}

/** As `sealTo`, with the key of this one message, by which its sender can open it again: as secret as what is sealed. */
export function sealAndKeep(
  sealingKey: Uint8Array,
  plaintext: Uint8Array,
  ephemeralSeed32: Uint8Array,
): { readonly sealed: Uint8Array; readonly key: HashKey } {
  const fault = sealingKeyFault(sealingKey);
  if (fault !== undefined) throw new CausewayError("INVALID", `not a usable sealing key: ${fault}`);
  if (plaintext.length > SEALABLE_BYTES_MAX) throw new CausewayError("INVALID", "too large to seal");
  assertLength(ephemeralSeed32, SEED_BYTES, "seed");
  // X-Wing takes 64 random bytes, 32 for each half.
  const seed64 = blake2b(64, lpText("causeway/seal-seed/v2"), ephemeralSeed32);
  const { ciphertext, sharedSecret } = sodium.crypto_kem_xwing_enc_deterministic(sealingKey, seed64);
  const key = messageKey(sharedSecret, sealingKey, ciphertext);
  const padded = sodium.pad(plaintext, SEAL_PADDING_BYTES);
  const box = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(padded, null, null, NONCE, key);
  return { sealed: concat(ciphertext, box), key };
}

/** Opens what `sealAndKeep` has sealed, by its key. Throws UNPROVEN. */
export function openKept(sealed: Uint8Array, key: HashKey): Uint8Array {
  try {
    return openBox(sealed.subarray(ENCAPSULATION_BYTES), key);
  } catch {
    throw unopened();
  }
}

function openBox(box: Uint8Array, key: HashKey): Uint8Array {
  const opened = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, box, null, NONCE, key);
  // A copy: `unpad` returns a view on a larger buffer, whose rest a careless `.buffer` would expose.
  return sodium.unpad(opened, SEAL_PADDING_BYTES).slice();
}

/**
 * Opens and removes the padding. `sealed` is the work of anybody: every failure, be it size, seal or padding, throws the
 * same UNPROVEN, so that nobody learns from it how far a forgery came.
 */
export function openSealed(keyPair: SealingKeyPair, sealed: Uint8Array): Uint8Array {
  const padded = sealed.length - SEAL_OVERHEAD_BYTES;
  if (sealed.length > SEALED_BYTES_MAX || padded < SEAL_PADDING_BYTES || padded % SEAL_PADDING_BYTES !== 0) {
    throw unopened();
  }
  const encapsulation = sealed.subarray(0, ENCAPSULATION_BYTES);
  const box = sealed.subarray(ENCAPSULATION_BYTES);
  try {
    const key = messageKey(
      sodium.crypto_kem_xwing_dec(encapsulation, keyPair.secretKey),
      keyPair.publicKey,
      encapsulation,
    );
    return openBox(box, key);
  } catch {
    throw unopened();
  }
}

function messageKey(sharedSecret: Uint8Array, sealingKey: Uint8Array, encapsulation: Uint8Array): HashKey {
  const label = lpText("causeway/seal/v2");
  return hashKey(blake2bKeyed(32, hashKey(sharedSecret), label, recipientKeyOf(sealingKey), encapsulation));
}

function unopened(): CausewayError {
  return new CausewayError("UNPROVEN", "sealed message cannot be opened");
}

/** Whether every coefficient, of 12 bits in little-endian order, is below the modulus. */
function isReduced(coefficients: Uint8Array): boolean {
  for (let at = 0; at < coefficients.length; at += 3) {
    const [low = 0, middle = 0, high = 0] = coefficients.subarray(at, at + 3);
    if ((low | ((middle & 0x0f) << 8)) >= ML_KEM_MODULUS || ((middle >> 4) | (high << 4)) >= ML_KEM_MODULUS)
      return false;
  }
  return true;
}
