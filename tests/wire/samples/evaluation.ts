/** Node and evaluator. Without `encode`: gRPC hands over decoded messages, so nothing is said of bytes that are none. Requests and answers travel over gRPC unsigned; what the evaluator signs is the statement. */
import { concat } from "../../../shared/core/bytes.ts";
import type {
  EvaluationRequest,
  EvaluationResponse,
  EvaluationStatement,
  RefusalReason,
} from "../../../shared/core/evaluation.ts";
import {
  parseEvaluateRequest,
  readEvaluationResponse,
  readStatement,
  statementPayload,
  toWireRequest,
  toWireResponse,
} from "../../../shared/wire/evaluation.ts";
import { REFUSAL_REASON } from "../../../shared/wire/enumerations.ts";
import * as gen from "../../../shared/wire/gen/causeway/v1/evaluation.ts";
import { filled, MEMBER, SIGNER_ID } from "./invented.ts";
import type { MessageType } from "./message-type.ts";

const batchId = filled(16, 1);
const request = (fields: gen.EvaluateRequest["request"]): Uint8Array =>
  gen.EvaluateRequest.encode({ request: fields }).finish();
const response = (fields: gen.EvaluateResponse["response"]): Uint8Array =>
  gen.EvaluateResponse.encode({ response: fields }).finish();

const REQUESTS: readonly (readonly [string, EvaluationRequest])[] = [
  ["batch", { kind: "batch", batchId, generation: 1, blinded: filled(64, 2) }],
  ["prove", { kind: "prove", batchId, indices: [0, 1] }],
];

export const EVALUATE_REQUEST: MessageType<EvaluationRequest> = {
  name: "EvaluateRequest",
  decode: (bytes) => parseEvaluateRequest(gen.EvaluateRequest.decode(bytes)),
  good: REQUESTS.map(([name, value]) => ({
    name,
    why: "",
    bytes: gen.EvaluateRequest.encode(toWireRequest(value)).finish(),
  })),
  bad: [
    { name: "of no kind", why: "", bytes: request(undefined) },
    {
      name: "with a field that is not known",
      why: "it could change what the rest means",
      bytes: concat(gen.EvaluateRequest.encode(toWireRequest(REQUESTS[0]![1])).finish(), Uint8Array.of(0x7a, 1, 7)),
    },
    {
      name: "with a short batch id",
      why: "the answer could not be told apart",
      bytes: request({ $case: "prove", value: { batchId: filled(15, 1), indices: [] } }),
    },
  ],
};

const statement = { payload: filled(100, 3), keyId: SIGNER_ID, signature: filled(64, 4) };
const RESPONSES: readonly (readonly [string, EvaluationResponse])[] = [
  ["evaluated", { kind: "evaluated", batchId, evaluated: filled(64, 5), statement }],
  ["proof", { kind: "proof", batchId, proof: filled(64, 6) }],
  ...(Object.keys(REFUSAL_REASON.numbers) as RefusalReason[]).map(
    (reason) => [`refused, ${reason}`, { kind: "refused", batchId, reason, bad: [3], retryAtMs: null }] as const,
  ),
  ["refused until", { kind: "refused", batchId, reason: "budget", bad: [], retryAtMs: 1_796_126_400_000 }],
];

export const EVALUATE_RESPONSE: MessageType<EvaluationResponse> = {
  name: "EvaluateResponse",
  decode: (bytes) => readEvaluationResponse(gen.EvaluateResponse.decode(bytes)),
  good: RESPONSES.map(([name, value]) => ({
    name,
    why: "",
    bytes: gen.EvaluateResponse.encode(toWireResponse(value)).finish(),
  })),
  bad: [
    { name: "of no kind", why: "", bytes: response(undefined) },
    {
      name: "refused for a reason that is none",
      why: "",
      bytes: response({ $case: "refused", value: { batchId, reason: 7 as never, bad: [], retryAtMs: -1n } }),
    },
    {
      name: "a proof of 63 bytes",
      why: "",
      bytes: response({ $case: "proof", value: { batchId, proof: filled(63, 1) } }),
    },
    {
      name: "evaluated without a statement",
      why: "",
      bytes: response({ $case: "evaluated", value: { batchId, evaluated: filled(32, 1), statement: undefined } }),
    },
  ],
};

export const EVALUATION_STATEMENT: MessageType<EvaluationStatement> = {
  name: "EvaluationStatement",
  encode: statementPayload,
  decode: readStatement,
  good: [
    {
      name: "of a batch",
      why: "",
      value: { batchId, generation: 1, member: MEMBER, blindedHash: filled(32, 1), evaluatedHash: filled(32, 2) },
    },
  ],
};
