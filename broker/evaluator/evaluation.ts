/**
 * What an evaluator answers. For each request: who calls, is it well formed, what is decided, what is recorded, then the work and the answer.
 */
import type { Admit, Federation } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { STATEMENT_TYPE } from "../../shared/core/evaluation.ts";
import type { EvaluationRequest, EvaluationResponse, Refusal, SignedStatement } from "../../shared/core/evaluation.ts";
import { OPRF_BATCH_ELEMENTS_MAX, PROOF_PAIRS_MAX } from "../../shared/core/limits.ts";
import { balanceOf } from "../../shared/core/quota.ts";
import type { Balance } from "../../shared/core/quota.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import { keyId, signPayload } from "../../shared/crypto/sign.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { isInGoodStanding } from "../../shared/platform/standing.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import { statementPayload } from "../../shared/wire/evaluation.ts";
import type { Clock } from "../../shared/world/clock.ts";
import { decideBatch } from "./core/batch.ts";
import type { BatchDecision } from "./core/batch.ts";
import type { Engines } from "./engines.ts";
import type { KeptBatches } from "./kept-batches.ts";
import type { EvaluatorEvent } from "./ports.ts";
import type { BudgetStore, Decide } from "./store/budget-store.ts";

const ELEMENT_BYTES = 32;
/** A member that uses more than this share of its daily allowance is worth a look. */
const ALARM_SHARE = 0.8;

/** What the calls of an evaluator share. */
export type EvaluationParts = {
  readonly federation: () => Federation;
  readonly clock: Clock;
  readonly onEvent: (event: EvaluatorEvent) => void;
  readonly engines: Pick<Engines, "of">;
  readonly store: BudgetStore;
  readonly kept: KeptBatches;
  readonly signing: SigningKeyPair;
};

type BatchOf = Extract<EvaluationRequest, { kind: "batch" }>;
type ProveOf = Extract<EvaluationRequest, { kind: "prove" }>;
/** Who calls, under which directives: taken anew for each request, so that a suspension ends a stream that is open. */
type Call = { readonly caller: Admit; readonly federation: Federation };

/** The terms of the member who calls, now. Throws FORBIDDEN for any other party and for whoever is no member any more. */
export function callerOf(peer: PeerIdentity, federation: Federation): Admit {
  const isMember = peer.kind === "member" && isInGoodStanding(peer, federation);
  const member = isMember ? federation.members.get(peer.member) : undefined;
  if (member === undefined)
    throw new CausewayError("FORBIDDEN", "only members of the federation may have elements evaluated");
  return member;
}

/** What the caller may still have evaluated. Throws FORBIDDEN, see `callerOf`. */
export function budgetFor({ federation, store, clock }: EvaluationParts, peer: PeerIdentity): Balance {
  const now = federation();
  const { member, budget } = callerOf(peer, now);
  return balanceOf(store.usage(member, now.found.generation).account, budget, clock());
}

/** Answers one request. Throws FORBIDDEN, see `callerOf`, also for a member who was suspended while the work was done. */
export async function answerTo(
  parts: EvaluationParts,
  peer: PeerIdentity,
  request: EvaluationRequest,
): Promise<EvaluationResponse> {
  const federation = parts.federation();
  const call = { caller: callerOf(peer, federation), federation };
  const response = await (request.kind === "batch" ? evaluate(parts, call, request) : prove(parts, call, request));
  callerOf(peer, parts.federation());
  return response;
}

async function evaluate(parts: EvaluationParts, call: Call, request: BatchOf): Promise<EvaluationResponse> {
  const { member } = call.caller;
  const { batchId, blinded } = request;
  const elements = blinded.length / ELEMENT_BYTES;
  const refuse = (refusal: Partial<Refusal> & Pick<Refusal, "reason">): EvaluationResponse => {
    parts.onEvent({ kind: "refused", member, elements: Math.floor(elements), reason: refusal.reason });
    return { kind: "refused", batchId, bad: [], retryAtMs: null, ...refusal };
  };
  if (elements === 0 || !Number.isInteger(elements) || elements > OPRF_BATCH_ELEMENTS_MAX)
    return refuse({ reason: "malformed" });

  const blindedHash = blake2b(32, blinded);
  const { generation } = request;
  const engine = parts.engines.of(generation);
  if (engine === undefined) return refuse({ reason: "generation" });
  const key = { member, batchId, generation };
  const nowMs = parts.clock();
  const decide: Decide = (known, usage) =>
    decideBatch(known, usage, { generation, blindedHash, elements }, { budget: call.caller.budget, nowMs });
  // Charged before anything is worked on: requests that come together must not be looked at for nothing either.
  const decision = parts.store.settle(key, { blindedHash, elements }, nowMs, decide);
  if (decision.kind === "refuse") return refuse(decision);
  alarm(parts, call.caller, decision, nowMs);
  const bad = await engine.badElements(blinded, member);
  if (bad.length > 0) {
    parts.store.settleBad(key, parts.clock());
    return refuse({ reason: "badElement", bad });
  }
  parts.onEvent({ kind: "evaluated", member, elements, charged: decision.kind === "charge" });

  const evaluated = await engine.evaluate(blinded, member);
  parts.kept.keep(member, batchId, { generation, blinded, evaluated }, parts.clock());
  const evaluatedHash = blake2b(32, evaluated);
  const statement = sign(parts, call, statementPayload({ batchId, generation, member, blindedHash, evaluatedHash }));
  return { kind: "evaluated", batchId, evaluated, statement };
}

async function prove(parts: EvaluationParts, call: Call, request: ProveOf): Promise<EvaluationResponse> {
  const { member } = call.caller;
  const { batchId, indices } = request;
  const refused = (reason: Refusal["reason"]): EvaluationResponse => {
    parts.onEvent({ kind: "refused", member, elements: 0, reason });
    return { kind: "refused", batchId, reason, bad: [], retryAtMs: null };
  };
  const nowMs = parts.clock();
  const batch = parts.kept.find(member, batchId, nowMs);
  if (batch === "unknown") return refused("unknownBatch");
  if (batch === "proved") return refused("conflict");
  const count = batch.blinded.length / ELEMENT_BYTES;
  const inRange = indices.every((index) => index < count);
  // Exactly so many: fewer would make cheap probes of single pairs, more would make us work.
  const complete = indices.length === Math.min(count, PROOF_PAIRS_MAX) && new Set(indices).size === indices.length;
  if (!inRange || !complete) return refused("malformed");
  const engine = parts.engines.of(batch.generation);
  if (engine === undefined) return refused("generation");
  parts.kept.claimProof(member, batchId, nowMs);
  return { kind: "proof", batchId, proof: await engine.prove(batch, indices, member) };
}

function sign(parts: EvaluationParts, call: Call, payload: Uint8Array): SignedStatement {
  const { publicKey, secretKey } = parts.signing;
  const signature = signPayload({ type: STATEMENT_TYPE, federation: call.federation.id, payload, secretKey });
  return { payload, keyId: keyId(publicKey), signature };
}

/** A charge that leaves little of the day is worth a look, also one for elements that turn out to be none. */
function alarm(parts: EvaluationParts, { member, budget }: Admit, decision: BatchDecision, nowMs: number): void {
  if (decision.kind !== "charge") return;
  const { usedInWindow, perDay } = balanceOf(decision.usage.account, budget, nowMs);
  if (usedInWindow > ALARM_SHARE * perDay) parts.onEvent({ kind: "budgetAlarm", member, usedInWindow, perDay });
}
