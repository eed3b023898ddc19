/** The keyed hash by which tokens and handles, which their owners choose freely, find their places in memory. */
import { CausewayError } from "../../shared/core/errors.ts";

const SEED_BYTES = 16;

/** Writes two hash words of sixteen bytes (four little-endian words) into `out`. */
export type TokenHash = (w0: number, w1: number, w2: number, w3: number, out: Int32Array) => void;

/**
 * Chaskey-12 (Mouha et al.; ISO/IEC 29192-6) over exactly one 16-byte block: one keyed permutation, all in 32-bit
 * words. `seed`: 16 secret random bytes, drawn by the process at start. Throws INVALID for another length.
 */
export function keyedTokenHash(seed: Uint8Array): TokenHash {
  if (seed.length !== SEED_BYTES) throw new CausewayError("INVALID", "the seed is 16 bytes");
  const k0 = word(seed, 0);
  const k1 = word(seed, 4);
  const k2 = word(seed, 8);
  const k3 = word(seed, 12);
  // The subkey of a full last block: the key doubled in GF(2^128).
  const s0 = (k0 << 1) ^ (k3 < 0 ? 0x87 : 0);
  const s1 = (k1 << 1) | (k0 >>> 31);
  const s2 = (k2 << 1) | (k1 >>> 31);
  const s3 = (k3 << 1) | (k2 >>> 31);
  return (w0, w1, w2, w3, out) => {
    let a = w0 ^ k0 ^ s0;
    let b = w1 ^ k1 ^ s1;
    let c = w2 ^ k2 ^ s2;
    let d = w3 ^ k3 ^ s3;
    for (let round = 0; round < 12; round += 1) {
      a = (a + b) | 0;
      b = rotateLeft(b, 5) ^ a;
      a = rotateLeft(a, 16);
      c = (c + d) | 0;
      d = rotateLeft(d, 8) ^ c;
      a = (a + d) | 0;
      d = rotateLeft(d, 13) ^ a;
      c = (c + b) | 0;
      b = rotateLeft(b, 7) ^ c;
      c = rotateLeft(c, 16);
    }
    out[0] = a ^ s0;
    out[1] = b ^ s1;
  };
}

/** Four bytes, little-endian; by hand, because a view for every look-up would cost more than the look-up. */
export function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
