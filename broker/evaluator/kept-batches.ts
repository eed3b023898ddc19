/**
 * Evaluated batches that wait for their one proof, in memory only: bounded per member, so that nobody pushes another's
 * out, in bytes together, and in time. What is gone can be sent again, at no charge.
 *
 * A proof is given over pairs out of this store, never over elements that a request brings: otherwise an evaluator would
 * confirm or deny products of its key for whoever asks.
 */
import { toHex } from "../../shared/core/bytes.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { KEPT_BATCH_MS_MAX, KEPT_BATCHES_BYTES_MAX, KEPT_BATCHES_PER_MEMBER_MAX } from "../../shared/core/limits.ts";

export type KeptBatch = {
  /** Of the key share that it was evaluated with. */
  readonly generation: number;
  readonly blinded: Uint8Array;
  readonly evaluated: Uint8Array;
};

export type ProofClaim = KeptBatch | "proved" | "unknown";

type Entry = KeptBatch & { readonly member: MemberId; readonly keptAtMs: number; proved: boolean };

export type KeptBatches = {
  /** Keeps an answer, in place of an earlier one to the same batch: each answer has a proof of its own. */
  keep(member: MemberId, batchId: Uint8Array, batch: KeptBatch, nowMs: number): void;
  /** The batch as evaluated, if it is still there and the answer had no proof. */
  find(member: MemberId, batchId: Uint8Array, nowMs: number): ProofClaim;
  /** As `find`, and uses up the proof. */
  claimProof(member: MemberId, batchId: Uint8Array, nowMs: number): ProofClaim;
};

export function keptBatches(): KeptBatches {
  // Oldest first: an entry that is kept again moves to the end.
  const entries = new Map<string, Entry>();

  const expire = (nowMs: number): void => {
    for (const [key, entry] of entries) if (nowMs - entry.keptAtMs > KEPT_BATCH_MS_MAX) entries.delete(key);
  };
  const makeRoom = (member: MemberId): void => {
    const own = [...entries].filter(([, entry]) => entry.member === member).map(([key]) => key);
    for (const key of own.slice(0, -KEPT_BATCHES_PER_MEMBER_MAX)) entries.delete(key);
    let bytes = 0;
    for (const entry of entries.values()) bytes += entry.blinded.length + entry.evaluated.length;
    for (const [key, entry] of entries) {
      if (bytes <= KEPT_BATCHES_BYTES_MAX) return;
      bytes -= entry.blinded.length + entry.evaluated.length;
      entries.delete(key);
    }
  };
  const find = (member: MemberId, batchId: Uint8Array, nowMs: number): Entry | "proved" | "unknown" => {
    expire(nowMs);
    const entry = entries.get(keyOf(member, batchId));
    if (entry === undefined) return "unknown";
    return entry.proved ? "proved" : entry;
  };
  return {
    keep(member, batchId, batch, nowMs) {
      expire(nowMs);
      entries.delete(keyOf(member, batchId));
      entries.set(keyOf(member, batchId), { ...batch, member, keptAtMs: nowMs, proved: false });
      makeRoom(member);
    },
    find,
    claimProof(member, batchId, nowMs) {
      const entry = find(member, batchId, nowMs);
      if (typeof entry !== "string") entry.proved = true;
      return entry;
    },
  };
}

function keyOf(member: MemberId, batchId: Uint8Array): string {
  return `${member}:${toHex(batchId)}`;
}
