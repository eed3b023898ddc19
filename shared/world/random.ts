/**
 * Randomness from the operating system's generator, through Node's own binding. Libsodium's wrapper asks the same generator four bytes
 * at a time, which made it the most expensive call of a node that publishes.
 */
import { randomFillSync } from "node:crypto";

/**
 * Drawn at once: a call to the generator costs more than the bytes. Kept for one turn of the event loop only, so that a machine that is
 * copied while the program runs does not draw the same as its copy.
 */
const POOL_BYTES = 8_192;
const pool = new Uint8Array(POOL_BYTES);
let used = POOL_BYTES;

/** `count` unpredictable bytes. Throws `RangeError` for a negative or fractional count. */
export function randomBytes(count: number): Uint8Array {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError("count of random bytes out of range");
  if (count > POOL_BYTES / 8) return randomFillSync(new Uint8Array(count));
  if (used + count > POOL_BYTES) {
    if (used === POOL_BYTES) setImmediate(forget);
    randomFillSync(pool);
    used = 0;
  }
  const drawn = pool.slice(used, used + count);
  // Nothing that was given out stays behind.
  pool.fill(0, used, used + count);
  used += count;
  return drawn;
}

function forget(): void {
  pool.fill(0);
  used = POOL_BYTES;
}
