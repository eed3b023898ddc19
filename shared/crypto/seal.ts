/**
 * Sealed boxes: anybody with a recipient's public key can write, only the recipient can read. A seal says
 * nothing about the sender: what is inside is signed, and names the recipient's key so that it cannot be re-sealed to
 * somebody else unnoticed. The padding hides a length within 1 KiB.
 *
 * Public keys arrive from peers. A key of small order makes the seal throw, so that one such key in a queue would stop all
 * that follows, and a non-canonical one is a second name for the same key: `assertSealingKey` refuses both at intake.
 */
import { concat, equalBytes, fromHex } from "../core/bytes.ts";
import { CausewayError } from "../core/errors.ts";
import { SEAL_PADDING_BYTES, SEALED_BYTES_MAX } from "../core/limits.ts";
import { blake2b } from "./hash.ts";
import { assertLength } from "./lengths.ts";
import { sodium } from "./sodium.ts";

const SEALING_PUBLIC_KEY_BYTES = 32;

/** What a seal adds to the padded plaintext: the ephemeral public key and the MAC. */
const SEAL_OVERHEAD_BYTES = 48;
const SEED_BYTES = 32;
const BOX_NONCE_BYTES = 24;

/** Longest plaintext whose seal stays within `SEALED_BYTES_MAX`; the padding takes at least one byte. */
export const SEALABLE_BYTES_MAX =
  Math.floor((SEALED_BYTES_MAX - SEAL_OVERHEAD_BYTES) / SEAL_PADDING_BYTES) * SEAL_PADDING_BYTES - 1;

/** The canonical encodings of all points of small order, on curve and twist: 0, 1, -1 and the two of order eight. */
const SMALL_ORDER = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
].map(fromHex);

export interface SealingKeyPair {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

/** An X25519 key pair from 32 secret random bytes. Throws INVALID for another length. */
export function sealingKeyPair(seed32: Uint8Array): SealingKeyPair {
  assertLength(seed32, SEED_BYTES, "seed");
  const { publicKey, privateKey } = sodium.crypto_box_seed_keypair(seed32);
  return { publicKey, secretKey: privateKey };
}

/** Throws INVALID for a wrong length, a point of small order (zero among them), or a non-canonical encoding. */
export function assertSealingKey(publicKey: Uint8Array): void {
  const usable =
    publicKey.length === SEALING_PUBLIC_KEY_BYTES &&
    isCanonical(publicKey) &&
    !SMALL_ORDER.some((point) => equalBytes(point, publicKey));
  if (!usable) throw new CausewayError("INVALID", "not a usable X25519 public key");
}

/**
 * Pads and seals: libsodium's sealed box, whose ephemeral key pair comes from 32 secret random bytes that are used for this seal and no
 * other (two seals under one ephemeral key show what their plaintexts have in common). Throws INVALID for a bad key, a plaintext over
 * `SEALABLE_BYTES_MAX` or a seed of another length.
 */
export function sealTo(recipientPublicKey: Uint8Array, plaintext: Uint8Array, ephemeralSeed32: Uint8Array): Uint8Array {
  assertSealingKey(recipientPublicKey);
  if (plaintext.length > SEALABLE_BYTES_MAX) throw new CausewayError("INVALID", "too large to seal");
  const ephemeral = sealingKeyPair(ephemeralSeed32);
  const nonce = blake2b(BOX_NONCE_BYTES, ephemeral.publicKey, recipientPublicKey);
  const padded = sodium.pad(plaintext, SEAL_PADDING_BYTES);
  return concat(ephemeral.publicKey, sodium.crypto_box_easy(padded, nonce, recipientPublicKey, ephemeral.secretKey));
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
  try {
    const opened = sodium.crypto_box_seal_open(sealed, keyPair.publicKey, keyPair.secretKey);
    // A copy: `unpad` returns a view on a larger buffer, whose rest a careless `.buffer` would expose.
    return sodium.unpad(opened, SEAL_PADDING_BYTES).slice();
  } catch {
    throw unopened();
  }
}

function unopened(): CausewayError {
  return new CausewayError("UNPROVEN", "sealed message cannot be opened");
}

/** Whether the little-endian number is below 2^255 - 19, so with the top bit clear too. */
function isCanonical(publicKey: Uint8Array): boolean {
  const [lowest = 0, ...rest] = publicKey;
  const highest = rest.pop() ?? 0;
  if (highest !== 0x7f) return highest < 0x7f;
  return lowest < 0xed || rest.some((byte) => byte !== 0xff);
}
