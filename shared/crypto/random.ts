/** Randomness from libsodium's generator (the operating system's). */
import { sodium } from "./sodium.ts";

/** `count` unpredictable bytes. Throws `RangeError` for a negative or fractional count. */
export function randomBytes(count: number): Uint8Array {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError("count of random bytes out of range");
  return count === 0 ? new Uint8Array(0) : sodium.randombytes_buf(count);
}
