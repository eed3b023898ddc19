/**
 * What a record says, as 32 bytes: the same content gives the same hash, whatever order the file wrote it in.
 *
 * Unkeyed, and a record has little entropy: who holds the hash can test guesses of the whole record. Keep it only where
 * the record itself may stand, or key it first (`blake2bKeyed` over the hash).
 */
import { lpText, utf8 } from "../../shared/core/bytes.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import type { DeconflictionRecord } from "../core/record.ts";

export function contentHash(record: DeconflictionRecord): Uint8Array {
  return blake2b(32, lpText("causeway/record-content/v1"), utf8(JSON.stringify(canonical(record))));
}

/** Keys in order, no empty lists. Lists keep their order: the first name may be the main one. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(
    ([, each]) => each !== undefined && !(Array.isArray(each) && each.length === 0),
  );
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, canonical(each)]));
}
