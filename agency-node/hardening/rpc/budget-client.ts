/** (node) What an evaluator says of the own budget. */
import type { Evaluator, Federation } from "../../../shared/core/directive.ts";
import { grpcClient } from "../../../shared/platform/grpc.ts";
import type { GrpcTls } from "../../../shared/platform/grpc.ts";
import { EvaluationServiceDefinition } from "../../../shared/wire/gen/causeway/v1/evaluation.ts";
import { serverIdentity } from "../hardener.ts";

/** In elements, over sliding 24 hours. */
export type Balance = { readonly used: number; readonly perDay: number; readonly available: number };

/** Asks once. Throws as every call does, UNAVAILABLE for one that is away. */
export async function budgetAt(
  evaluator: Evaluator,
  of: { readonly federation: Federation; readonly tls: () => GrpcTls; readonly signal: AbortSignal },
): Promise<Balance> {
  const expected = serverIdentity(evaluator, of.federation);
  using connection = grpcClient(EvaluationServiceDefinition, { address: evaluator.address, tls: of.tls, expected });
  const { usedInWindow, perDay, available } = await connection.client.getBudget({}, { signal: of.signal });
  return { used: Number(usedInWindow), perDay: Number(perDay), available: Number(available) };
}
