/**
 * X25519 public keys as they come from peers. A key of small order makes an exchange fail, so that one such key in a queue would stop
 * all that follows, and a non-canonical one is a second name for the same key: neither is taken.
 */
import { equalBytes, fromHex } from "../core/bytes.ts";
import { assertLength } from "./lengths.ts";
import { sodium } from "./sodium.ts";

export const X25519_KEY_BYTES = 32;

/** The canonical encodings of all points of small order, on curve and twist: 0, 1, -1 and the two of order eight. */
const SMALL_ORDER = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
].map(fromHex);

/** The public key of 32 secret random bytes. Throws INVALID for another length. */
export function x25519PublicKey(seed32: Uint8Array): Uint8Array {
  assertLength(seed32, X25519_KEY_BYTES, "seed");
  return sodium.crypto_box_seed_keypair(seed32).publicKey;
}

/** False for a wrong length, a point of small order (zero among them), or a non-canonical encoding. */
export function isX25519Key(publicKey: Uint8Array): boolean {
  return (
    publicKey.length === X25519_KEY_BYTES &&
    isCanonical(publicKey) &&
    !SMALL_ORDER.some((point) => equalBytes(point, publicKey))
  );
}

/** Whether the little-endian number is below 2^255 - 19, so with the top bit clear too. */
function isCanonical(publicKey: Uint8Array): boolean {
  const [lowest = 0, ...rest] = publicKey;
  const highest = rest.pop() ?? 0;
  if (highest !== 0x7f) return highest < 0x7f;
  return lowest < 0xed || rest.some((byte) => byte !== 0xff);
}
