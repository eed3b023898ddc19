/**
 * What an evaluator does with a batch, before it looks at a single element of it (protocol section 2.2).
 *
 * The member controls id, elements and order of its requests. Charging is tied to (member, batch id, hash of the
 * elements): the same batch again costs nothing, other elements under a used id are refused, and free answers end
 * at `BATCH_ANSWERS_MAX`, so that an id is no licence for endless work. A batch with an element that is none is charged as
 * well, since it was looked at; the first in 24 hours is forgiven.
 *
 * A generation of keys that is new gives no grant. What a member was charged for under earlier ones when it first uses the new one may
 * be hardened again at no charge, which is what the change asks of it; so under no generation has a member had more evaluated than it was
 * charged for in all. Known limit: elements are blinded, so that nobody can tell whether it hardens the same identifiers again.
 */
import { equalBytes } from "../../../shared/core/bytes.ts";
import type { Budget } from "../../../shared/core/directive.ts";
import { BATCH_ANSWERS_MAX } from "../../../shared/core/limits.ts";
import type { RefusalReason } from "../../../shared/core/evaluation.ts";
import { charge, DAY_MS, refund } from "../../../shared/core/quota.ts";
import type { Account } from "../../../shared/core/quota.ts";

/** A batch as it was charged. */
export type KnownBatch = {
  readonly generation: number;
  readonly blindedHash: Uint8Array;
  /** Times it was answered. */
  readonly answers: number;
};

/** What a member has used at this evaluator. Counts are elements. */
export type Usage = {
  readonly account: Account;
  /** Evaluated under the generation of the batch, charged or not. */
  readonly evaluated: number;
  /** As many as that are not charged under this generation. */
  readonly carried: number;
  /** When a bad batch was last forgiven; null if none was. */
  readonly forgivenAtMs: number | null;
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
  | { readonly kind: "charge"; readonly usage: Usage }
  | { readonly kind: "again" }
  | { readonly kind: "refuse"; readonly reason: RefusalReason; readonly retryAtMs: number | null };

/** Decides on a batch from what is stored under its id and what the member has used. Changes nothing. */
export function decideBatch(
  known: KnownBatch | undefined,
  usage: Usage,
  request: BatchRequest,
  terms: Terms,
): BatchDecision {
  if (known !== undefined) {
    const same = known.generation === request.generation && equalBytes(known.blindedHash, request.blindedHash);
    return same && known.answers < BATCH_ANSWERS_MAX ? { kind: "again" } : refuse("conflict");
  }
  const evaluated = usage.evaluated + request.elements;
  const toPay = paidOf({ ...usage, evaluated }) - paidOf(usage);
  const result = charge(usage.account, terms.budget, toPay, terms.nowMs);
  if (result.kind === "exhausted") return { kind: "refuse", reason: "budget", retryAtMs: result.retryAtMs };
  return { kind: "charge", usage: { ...usage, account: result.account, evaluated } };
}

/**
 * What a member has used once a batch that it was charged for turns out to hold bad elements; undefined if the charge stands. An honest
 * node sends such a batch once at most, after a fault of its machine.
 */
export function forgiveBatch(usage: Usage, elements: number, chargedAtMs: number, nowMs: number): Usage | undefined {
  if (usage.forgivenAtMs !== null && nowMs - usage.forgivenAtMs < DAY_MS) return undefined;
  const evaluated = usage.evaluated - elements;
  const paid = paidOf(usage) - paidOf({ ...usage, evaluated });
  return { ...usage, account: refund(usage.account, paid, chargedAtMs), evaluated, forgivenAtMs: nowMs };
}

/** Those evaluated under this generation that were charged. */
function paidOf({ evaluated, carried }: Usage): number {
  return Math.max(0, evaluated - carried);
}

function refuse(reason: RefusalReason): BatchDecision {
  return { kind: "refuse", reason, retryAtMs: null };
}
