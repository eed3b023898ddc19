/**
 * Evaluation messages between wire and domain (`proto/causeway/v1/evaluation.proto`).
 *
 * The size cap is gRPC's (`GRPC_MESSAGE_BYTES_MAX` at the broker, `EVALUATION_REQUEST_BYTES_MAX` at an evaluator on its own, of answers
 * `GRPC_ANSWER_BYTES_MAX`) and holds before anything here runs. Elements are only counted here; whether they are points is found out in the workers.
 */
import { z } from "zod";
import { fromHex } from "../core/bytes.ts";
import { BATCH_ID_BYTES } from "../core/evaluation.ts";
import type {
  EvaluationRequest,
  EvaluationResponse,
  EvaluationStatement,
  SignedStatement,
} from "../core/evaluation.ts";
import { STATEMENT_TYPE } from "../core/evaluation.ts";
import type { MemberId } from "../core/ids.ts";
import { OPRF_BATCH_ELEMENTS_MAX } from "../core/limits.ts";
import {
  bytes16,
  bytes32,
  bytesBetween,
  bytesOf,
  check,
  idOf,
  oneOf,
  readMessage,
  requestParser,
  safeInteger,
  signatureBytes,
  uint32,
} from "./checks.ts";
import type { Parse, Reading } from "./checks.ts";
import { REFUSAL_REASON } from "./enumerations.ts";
import * as wire from "./gen/causeway/v1/evaluation.ts";

const STATEMENT_BYTES_MAX = 256;

const batchId = bytesOf(BATCH_ID_BYTES);
const anyBytes = bytesBetween(0, Number.POSITIVE_INFINITY);

const batchOrProof = oneOf({
  // A wrong number of elements or pairs is answered with a refusal, so that other batches of the stream go on.
  batch: z.object({ batchId, generation: uint32(), blinded: anyBytes }),
  prove: z.object({ batchId, indices: z.array(uint32()).max(OPRF_BATCH_ELEMENTS_MAX) }),
});

const parseRequest = requestParser<wire.EvaluateRequest, { request: typeof batchOrProof }>("evaluation request", {
  request: batchOrProof,
});
/** (evaluator) A request. Throws INVALID for one without a usable batch id, or of no known kind. */
export function parseEvaluateRequest(message: wire.EvaluateRequest): EvaluationRequest {
  const { request } = parseRequest(message);
  return { kind: request.$case, ...request.value } as EvaluationRequest;
}

/** (evaluator) */
export const parseGetBudgetRequest: Parse<wire.GetBudgetRequest, object> = requestParser("budget request", {});

/** (node) A request as it goes out. */
export function toWireRequest(request: EvaluationRequest): wire.EvaluateRequest {
  if (request.kind === "prove") {
    return { request: { $case: "prove", value: { batchId: request.batchId, indices: [...request.indices] } } };
  }
  const { batchId, generation, blinded } = request;
  return { request: { $case: "batch", value: { batchId, generation, blinded } } };
}

const signedStatement = z
  .object({
    type: z.literal(STATEMENT_TYPE),
    payload: bytesBetween(1, STATEMENT_BYTES_MAX),
    signature: z.object({ keyId: bytes16, signature: signatureBytes }),
  })
  .transform(({ payload, signature }): SignedStatement => ({ payload, ...signature }));

const responseSchema = z.discriminatedUnion("$case", [
  z.object({
    $case: z.literal("evaluated"),
    value: z.object({ batchId, evaluated: anyBytes, statement: signedStatement }),
  }),
  z.object({ $case: z.literal("proof"), value: z.object({ batchId, proof: bytesOf(64) }) }),
  z.object({
    $case: z.literal("refused"),
    value: z.object({
      batchId,
      reason: REFUSAL_REASON.word,
      bad: z.array(uint32()),
      retryAtMs: safeInteger().transform((ms) => (ms === 0 ? null : ms)),
    }),
  }),
]);

/** (node) A response. Throws INVALID for anything malformed: the evaluator controls every byte. */
export function readEvaluationResponse(message: wire.EvaluateResponse): EvaluationResponse {
  const response = check(responseSchema, message.response, "evaluation response");
  return { kind: response.$case, ...response.value } as EvaluationResponse;
}

/** (evaluator) A response as it goes out. */
export function toWireResponse(response: EvaluationResponse): wire.EvaluateResponse {
  if (response.kind === "evaluated") {
    const { payload, keyId, signature } = response.statement;
    const statement = { type: STATEMENT_TYPE, payload, signature: { keyId, signature } };
    const { batchId, evaluated } = response;
    return { response: { $case: "evaluated", value: { batchId, evaluated, statement } } };
  }
  if (response.kind === "proof") {
    return { response: { $case: "proof", value: { batchId: response.batchId, proof: response.proof } } };
  }
  const { batchId, bad, retryAtMs } = response;
  const reason = REFUSAL_REASON.toWire(response.reason);
  return { response: { $case: "refused", value: { batchId, reason, bad, retryAtMs: BigInt(retryAtMs ?? 0) } } };
}

const statementReading: Reading<wire.EvaluationStatement, EvaluationStatement> = {
  what: "evaluation statement",
  bytesMax: STATEMENT_BYTES_MAX,
  codec: wire.EvaluationStatement,
  schema: z.object({
    batchId,
    generation: uint32(),
    member: idOf<MemberId>(),
    blindedHash: bytes32,
    evaluatedHash: bytes32,
  }),
};

/** A statement's payload, after its signature was verified. Throws INVALID, also for unknown fields. */
export function readStatement(payload: Uint8Array): EvaluationStatement {
  return readMessage(statementReading, payload);
}

/** The payload to sign. */
export function statementPayload(statement: EvaluationStatement): Uint8Array {
  const member = fromHex(statement.member);
  return wire.EvaluationStatement.encode({ ...statement, member }).finish();
}
