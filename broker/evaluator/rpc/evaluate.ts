/**
 * One stream of batches and proofs. Requests of a stream are worked on side by side, so that a proof does not wait behind the next batch.
 */
import type { CallContext } from "nice-grpc";
import { EVALUATION_REQUESTS_IN_WORK_MAX } from "../../../shared/core/limits.ts";
import { peerOf } from "../../../shared/platform/grpc.ts";
import { parseEvaluateRequest, toWireResponse } from "../../../shared/wire/evaluation.ts";
import type { EvaluateRequest, EvaluateResponse } from "../../../shared/wire/gen/causeway/v1/evaluation.ts";
import { answerTo, callerOf } from "../evaluation.ts";
import type { EvaluationParts } from "../evaluation.ts";
import { sideBySide } from "../side-by-side.ts";

export function evaluateRpc(parts: EvaluationParts) {
  return (requests: AsyncIterable<EvaluateRequest>, context: CallContext): AsyncGenerator<EvaluateResponse> => {
    const peer = peerOf(context);
    const handle = async (message: EvaluateRequest): Promise<EvaluateResponse> => {
      // Before anything of it is read.
      callerOf(peer, parts.federation());
      return toWireResponse(await answerTo(parts, peer, parseEvaluateRequest(message)));
    };
    return sideBySide(requests, EVALUATION_REQUESTS_IN_WORK_MAX, handle);
  };
}
