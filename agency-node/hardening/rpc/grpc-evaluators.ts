/** (node) The federation's evaluators, over gRPC. */
import type { Evaluator, Federation } from "../../../shared/core/directive.ts";
import { equalBytes } from "../../../shared/core/bytes.ts";
import { grpcClient } from "../../../shared/platform/grpc.ts";
import type { GrpcTls } from "../../../shared/platform/grpc.ts";
import type { Caller } from "../../../shared/platform/party-calls.ts";
import { evaluatorIdentity } from "../../../shared/platform/standing.ts";
import type { PeerIdentity } from "../../../shared/platform/tls.ts";
import { EvaluationServiceDefinition } from "../../../shared/wire/gen/causeway/v1/evaluation.ts";
import type { World } from "../../../shared/world/world.ts";
import type { Evaluators } from "../evaluators.ts";
import { evaluatorClient } from "./evaluator-client.ts";

/** `tls` is asked at each connection. `caller`: this member. */
export function grpcEvaluators({
  tls,
  caller,
  world,
}: {
  readonly tls: () => GrpcTls;
  readonly caller: Caller;
  readonly world: Pick<World, "after">;
}): Evaluators {
  return {
    clientOf(evaluator, federation) {
      const expected = serverIdentity(evaluator, federation);
      return evaluatorClient({ address: evaluator.address, tls, expected, caller, world });
    },
    async budgetAt(evaluator, federation, signal) {
      const expected = serverIdentity(evaluator, federation);
      const to = { address: evaluator.address, tls, expected, caller };
      using connection = grpcClient(EvaluationServiceDefinition, to);
      const { usedInWindow, perDay, available } = await connection.client.getBudget({}, { signal });
      return { used: Number(usedInWindow), perDay: Number(perDay), available: Number(available) };
    },
  };
}

/** The evaluator that the broker hosts answers under the broker's certificate: a party has one. */
function serverIdentity(evaluator: Evaluator, { found }: Federation): PeerIdentity {
  return equalBytes(evaluator.signingKey, found.broker.signingKey) ? { kind: "broker" } : evaluatorIdentity(evaluator);
}
