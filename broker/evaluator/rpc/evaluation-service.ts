/** EvaluationService of `proto/causeway/v1/evaluation.proto`. */
import { grpcService } from "../../../shared/platform/grpc.ts";
import type { GrpcService } from "../../../shared/platform/grpc.ts";
import { EvaluationServiceDefinition } from "../../../shared/wire/gen/causeway/v1/evaluation.ts";
import type { EvaluationParts } from "../evaluation.ts";
import { evaluateRpc } from "./evaluate.ts";
import { getBudgetRpc } from "./get-budget.ts";

export function evaluationService(parts: EvaluationParts): GrpcService {
  return grpcService(EvaluationServiceDefinition, { evaluate: evaluateRpc(parts), getBudget: getBudgetRpc(parts) });
}
