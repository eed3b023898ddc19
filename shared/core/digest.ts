/**
 * Digests (protocol section 8): by which a node and the broker find out, without sending everything again, whether the broker holds
 * exactly what the node has published. They detect faults, not malice: the broker can compute them from what it was sent.
 */
import { blake2b, blake2bKeyed, hashKey } from "../crypto/hash.ts";
import type { HashKey } from "../crypto/hash.ts";
import { TOKEN_BYTES } from "../crypto/token.ts";
import { concat, equalBytes, fromHex, lpText, u64 } from "./bytes.ts";
import { TOKEN_CLASSES } from "./data-plane.ts";
import type { Digest, DigestBucket, TokenSet } from "./data-plane.ts";
import type { Handle, MemberId } from "./ids.ts";

/** One for each first byte of a handle. */
export const DIGEST_BUCKETS = 256;

/** The tokens of one record's version: how many, and the sum of their hashes mod 2^256. */
export type DigestItem = { readonly count: number; readonly sum: bigint };

const SUM_BITS = 256n;
const SUM_BYTES = 32;
const NOTHING: DigestItem = { count: 0, sum: 0n };

/** key = BLAKE2b-256(lp("causeway/digest/v1") ‖ fed ‖ member ‖ u64 epoch): keeps equal tokens of two members or epochs apart. */
export function digestKey(federation: Uint8Array, member: MemberId, epoch: number): HashKey {
  return hashKey(blake2b(SUM_BYTES, lpText("causeway/digest/v1"), federation, fromHex(member), u64(epoch)));
}

/** Σ BLAKE2b-256(key, handle ‖ u64 sequence ‖ token) over all tokens of a version, padding included. */
export function digestItem(
  key: HashKey,
  version: { readonly handle: Handle; readonly sequence: number },
  tokens: TokenSet,
): DigestItem {
  const prefix = concat(fromHex(version.handle), u64(version.sequence));
  const message = concat(prefix, new Uint8Array(TOKEN_BYTES));
  // In limbs of 32 bits, which a record's tokens cannot make overflow: big integers cost more than the hashes.
  const limbs = new Float64Array(SUM_BYTES / 4);
  let count = 0;
  for (const tokenClass of TOKEN_CLASSES) {
    const all = tokens[tokenClass];
    for (let at = 0; at < all.length; at += TOKEN_BYTES, count += 1) {
      message.set(all.subarray(at, at + TOKEN_BYTES), prefix.length);
      addTo(limbs, blake2bKeyed(SUM_BYTES, key, message));
    }
  }
  return { count, sum: toSum(limbs) };
}

/** Byte by byte: a view of each hash would cost more than the hash. */
function addTo(limbs: Float64Array, hash: Uint8Array): void {
  for (let i = 0, at = 0; i < limbs.length; i += 1, at += 4) {
    const high = ((hash[at] as number) << 8) | (hash[at + 1] as number);
    const low = ((hash[at + 2] as number) << 8) | (hash[at + 3] as number);
    limbs[i] = (limbs[i] as number) + high * 65_536 + low;
  }
}

function toSum(limbs: Float64Array): bigint {
  let sum = 0n;
  for (const limb of limbs) sum = (sum << 32n) + BigInt(limb);
  return BigInt.asUintN(Number(SUM_BITS), sum);
}

/** Adds up records into the buckets of a digest. */
export function digestOf(day: number, records: Iterable<readonly [Handle, DigestItem]>): Digest {
  const buckets = Array.from({ length: DIGEST_BUCKETS }, () => NOTHING);
  for (const [handle, { count, sum }] of records) {
    const bucket = bucketOf(handle);
    const known = buckets[bucket] as DigestItem;
    buckets[bucket] = { count: known.count + count, sum: known.sum + sum };
  }
  return toDigest(day, buckets);
}

/** A digest of what the records of each bucket come to. */
export function toDigest(day: number, buckets: readonly DigestItem[]): Digest {
  return { day, buckets: buckets.map(toBucket) };
}

/** Which bucket a record falls into, 0 to 255. */
export function bucketOf(handle: Handle): number {
  return Number.parseInt(handle.slice(0, 2), 16);
}

/** The buckets in which two digests of the same day differ. */
export function differingBuckets(one: Digest, other: Digest): number[] {
  return one.buckets.flatMap(({ count, sum }, i) => {
    const there = other.buckets[i] as DigestBucket;
    return count === there.count && equalBytes(sum, there.sum) ? [] : [i];
  });
}

/** 32 bytes, big-endian, as they are kept beside a record. */
export function toSumBytes(sum: bigint): Uint8Array {
  return fromHex(sum.toString(16).padStart(2 * SUM_BYTES, "0"));
}

export function fromSumBytes(bytes: Uint8Array): bigint {
  return toNumber(bytes);
}

/** As it is told, mod 2^256. */
export function toBucket({ count, sum }: DigestItem): DigestBucket {
  return { count, sum: toSumBytes(BigInt.asUintN(Number(SUM_BITS), sum)) };
}

function toNumber(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let value = 0n;
  for (let at = 0; at < bytes.length; at += 8) value = (value << 64n) | view.getBigUint64(at);
  return value;
}
