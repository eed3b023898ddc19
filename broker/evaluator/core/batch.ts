/**
 * What an evaluator does with a batch, before it spends a multiplication on it (protocol section 2.2).
 *
 * The member controls id, elements and order of its requests. Charging is tied to (member, batch id, hash of the
 * elements): the same batch again costs nothing, other elements under a used id are refused, and free answers end
 * at `BATCH_ANSWERS_MAX`, so that an id is no licence for endless work.
 */
import { equalBytes } from "../../../shared/core/bytes.ts";
import type { Budget } from "../../../shared/core/directive.ts";
import { BATCH_ANSWERS_MAX } from "../../../shared/core/limits.ts";
import type { RefusalReason } from "../../../shared/core/evaluation.ts";
import { charge } from "../../../shared/core/quota.ts";
import type { Account } from "../../../shared/core/quota.ts";

/** A batch as it was charged. */
export type KnownBatch = {
  readonly generation: number;
  readonly blindedHash: Uint8Array;
  /** Times it was answered. */
  readonly answers: number;
};

export type BatchRequest = {
  /** Of the key that it is for. */
  readonly generation: number;
  readonly blindedHash: Uint8Array;
  readonly elements: number;
};

export type Terms = {
  readonly budget: Budget;
  readonly nowMs: number;
};

export type BatchDecision =
  | { readonly kind: "charge"; readonly account: Account }
  | { readonly kind: "again" }
  | { readonly kind: "refuse"; readonly reason: RefusalReason; readonly retryAtMs: number | null };

/** Decides on a batch from what is stored under its id and the member's account. Changes nothing. */
export function decideBatch(
  known: KnownBatch | undefined,
  account: Account,
  request: BatchRequest,
  terms: Terms,
): BatchDecision {
  if (known !== undefined) {
    const same = known.generation === request.generation && equalBytes(known.blindedHash, request.blindedHash);
    return same && known.answers < BATCH_ANSWERS_MAX ? { kind: "again" } : refuse("conflict");
  }
  const result = charge(account, terms.budget, request.elements, terms.nowMs);
  if (result.kind === "exhausted") return { kind: "refuse", reason: "budget", retryAtMs: result.retryAtMs };
  return { kind: "charge", account: result.account };
}

function refuse(reason: RefusalReason): BatchDecision {
  return { kind: "refuse", reason, retryAtMs: null };
}
