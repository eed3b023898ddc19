/**
 * BLAKE2b and SHA-512. The trap this module closes: `crypto_generichash` with an empty key silently hashes unkeyed and
 * accepts short keys, which would turn every token into a public hash. A keyed hash therefore takes a `HashKey`, and
 * `hashKey` is the only way to make one.
 */
import { concat } from "../core/bytes.ts";
import { CausewayError } from "../core/errors.ts";
import { hashInMemory, memory, reserve, sodium } from "./sodium.ts";

declare const keyBrand: unique symbol;

/** 32 bytes, not all zero. */
export type HashKey = Uint8Array & { readonly [keyBrand]: true };

/** Output length in bytes. */
export type DigestBytes = 16 | 24 | 32 | 64;

const KEY_BYTES = 32;

/**
 * Copies `bytes` into a key, so that a caller who wipes or re-uses its buffer cannot weaken a key in use.
 * Throws INVALID unless there are exactly 32 bytes, not all zero.
 */
export function hashKey(bytes: Uint8Array): HashKey {
  if (bytes.length !== KEY_BYTES || isZero(bytes)) throw new CausewayError("INVALID", "not a usable 32-byte key");
  return Uint8Array.from(bytes) as HashKey;
}

/** Unkeyed BLAKE2b over the joined parts. The caller makes the joint unambiguous (`lp`). */
export function blake2b(length: DigestBytes, ...parts: readonly Uint8Array[]): Uint8Array {
  return generichash(length, parts, null);
}

/** Keyed BLAKE2b over the joined parts. */
export function blake2bKeyed(length: DigestBytes, key: HashKey, ...parts: readonly Uint8Array[]): Uint8Array {
  return generichash(length, parts, key);
}

/** Places in libsodium's memory that every hash uses again: to ask for them and give them back costs as much as the hash. */
const INPUT_BYTES_MAX = 1_024;
const OUTPUT_BYTES_MAX = 64;
const inputAt = reserve(INPUT_BYTES_MAX);
const keyAt = reserve(KEY_BYTES);
const outputAt = reserve(OUTPUT_BYTES_MAX);

function generichash(length: DigestBytes, parts: readonly Uint8Array[], key: HashKey | null): Uint8Array {
  let bytes = 0;
  for (const part of parts) bytes += part.length;
  if (bytes > INPUT_BYTES_MAX) return sodium.crypto_generichash(length, join(parts), key);
  const heap = memory();
  let at = inputAt;
  for (const part of parts) {
    heap.set(part, at);
    at += part.length;
  }
  if (key !== null) heap.set(key, keyAt);
  const keyBytes = key === null ? 0 : KEY_BYTES;
  const failed = hashInMemory(outputAt, length, inputAt, bytes, 0, key === null ? 0 : keyAt, keyBytes);
  if (failed !== 0) throw new CausewayError("INTERNAL", "BLAKE2b refuses its input");
  return heap.slice(outputAt, outputAt + length);
}

/** SHA-512 over the joined parts; 64 bytes. */
export function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  return sodium.crypto_hash_sha512(join(parts));
}

/** Whether two secrets or MACs agree, in time that depends on their lengths only. */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && sodium.memcmp(a, b);
}

/** Whether every byte is zero, in time that depends on the length only. */
export function isZero(bytes: Uint8Array): boolean {
  let seen = 0;
  for (const byte of bytes) seen |= byte;
  return seen === 0;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? (parts[0] as Uint8Array) : concat(...parts);
}
