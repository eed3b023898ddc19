/**
 * One stream of batches and proofs. For each request: who calls, is it well formed, what is decided, what is recorded, then the
 * work and the answer. Requests of a stream are worked on side by side, so that a proof does not wait behind the next batch.
 */
import type { CallContext } from "nice-grpc";
import type { Admit, Federation } from "../../../shared/core/directive.ts";
import { STATEMENT_TYPE } from "../../../shared/core/evaluation.ts";
import type {
  EvaluationRequest,
  EvaluationResponse,
  Refusal,
  SignedStatement,
} from "../../../shared/core/evaluation.ts";
import {
  EVALUATION_REQUESTS_IN_WORK_MAX,
  OPRF_BATCH_ELEMENTS_MAX,
  PROOF_PAIRS_MAX,
} from "../../../shared/core/limits.ts";
import { blake2b } from "../../../shared/crypto/hash.ts";
import { keyId, signPayload } from "../../../shared/crypto/sign.ts";
import { peerOf } from "../../../shared/platform/grpc.ts";
import { readEvaluationRequest, statementPayload, toWireResponse } from "../../../shared/wire/evaluation.ts";
import type { EvaluateRequest, EvaluateResponse } from "../../../shared/wire/gen/causeway/v1/evaluation.ts";
import { balanceOf } from "../../../shared/core/quota.ts";
import { decideBatch } from "../core/batch.ts";
import type { BatchDecision } from "../core/batch.ts";
import { sideBySide } from "../side-by-side.ts";
import { callerOf } from "../parts.ts";
import type { EvaluatorParts } from "../parts.ts";
import type { Decide } from "../store/budget-store.ts";

const ELEMENT_BYTES = 32;
/** A member that uses more than this share of its daily allowance is worth a look. */
const ALARM_SHARE = 0.8;

type BatchOf = Extract<EvaluationRequest, { kind: "batch" }>;
type ProveOf = Extract<EvaluationRequest, { kind: "prove" }>;
/** Who calls, under which directives: taken anew for each request, so that a suspension ends a stream that is open. */
type Call = { readonly caller: Admit; readonly federation: Federation };

export function evaluateRpc(parts: EvaluatorParts) {
  return (requests: AsyncIterable<EvaluateRequest>, context: CallContext): AsyncGenerator<EvaluateResponse> => {
    const peer = peerOf(context);
    const handle = async (message: EvaluateRequest): Promise<EvaluateResponse> => {
      const federation = parts.federation();
      const call = { caller: callerOf(peer, federation), federation };
      const request = readEvaluationRequest(message);
      const response = await (request.kind === "batch" ? evaluate(parts, call, request) : prove(parts, call, request));
      // The work took seconds: nothing for a member who was suspended meanwhile.
      callerOf(peer, parts.federation());
      return toWireResponse(response);
    };
    return sideBySide(requests, EVALUATION_REQUESTS_IN_WORK_MAX, handle);
  };
}

async function evaluate(parts: EvaluatorParts, call: Call, request: BatchOf): Promise<EvaluationResponse> {
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
  const decide: Decide = (known, account) =>
    decideBatch(known, account, { generation, blindedHash, elements }, { budget: call.caller.budget, nowMs });
  // A look first: what would be refused anyway must not cost us the validation.
  const outlook = parts.store.preview(key, decide);
  if (outlook.kind === "refuse") return refuse(outlook);
  const bad = await engine.badElements(blinded, member);
  if (bad.length > 0) return refuse({ reason: "badElement", bad });
  const decision = parts.store.settle(key, { blindedHash, elements }, nowMs, decide);
  if (decision.kind === "refuse") return refuse(decision);
  report(parts, call, elements, decision, nowMs);

  const evaluated = await engine.evaluate(blinded, member);
  parts.kept.keep(member, batchId, { generation, blinded, evaluated }, parts.clock());
  const evaluatedHash = blake2b(32, evaluated);
  const statement = sign(parts, call, statementPayload({ batchId, generation, member, blindedHash, evaluatedHash }));
  return { kind: "evaluated", batchId, evaluated, statement };
}

async function prove(parts: EvaluatorParts, call: Call, request: ProveOf): Promise<EvaluationResponse> {
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

function sign(parts: EvaluatorParts, call: Call, payload: Uint8Array): SignedStatement {
  const { publicKey, secretKey } = parts.signing;
  const signature = signPayload({ type: STATEMENT_TYPE, federation: call.federation.id, payload, secretKey });
  return { payload, keyId: keyId(publicKey), signature };
}

function report(parts: EvaluatorParts, call: Call, elements: number, decision: BatchDecision, nowMs: number): void {
  const { member, budget } = call.caller;
  parts.onEvent({ kind: "evaluated", member, elements, charged: decision.kind === "charge" });
  if (decision.kind !== "charge") return;
  const { usedInWindow, perDay } = balanceOf(decision.account, budget, nowMs);
  if (usedInWindow > ALARM_SHARE * perDay) parts.onEvent({ kind: "budgetAlarm", member, usedInWindow, perDay });
}
