/**
 * Randomness from the operating system's generator, through Node's own binding. Libsodium's wrapper asks the same generator four bytes
 * at a time, which made it the most expensive call of a node that publishes.
 */
import { randomFillSync } from "node:crypto";

/** `count` unpredictable bytes. Throws `RangeError` for a negative or fractional count. */
export function randomBytes(count: number): Uint8Array {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError("count of random bytes out of range");
  return randomFillSync(new Uint8Array(count));
}
