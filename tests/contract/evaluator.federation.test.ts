import type { Server } from "nice-grpc";
import { grpcEvaluators } from "../../agency-node/hardening/rpc/grpc-evaluators.ts";
import type { GrpcService } from "../../shared/platform/grpc.ts";
import type { EvaluateRequest, EvaluationServiceImplementation } from "../../shared/wire/gen/causeway/v1/evaluation.ts";
import { chargedTo, identityOf, startFederation, withSuspended } from "../hardening/evaluators.ts";
import { HandWorld } from "../support/hand-world.ts";
import { evaluatorContract } from "./evaluator.ts";
import type { EvaluatorHarness } from "./evaluator.ts";

async function start(): Promise<EvaluatorHarness> {
  // The node's timers: nobody waits five minutes for silence.
  const world = new HandWorld();
  let silent = false;
  const test = await startFederation({ evaluators: 1, wrap: (service) => deaf(service, () => silent) });
  const evaluator = test.evaluators[0]!;
  return {
    get federation() {
      return test.federation;
    },
    keyShare: evaluator.keyShare,
    get nowMs() {
      return test.nowMs;
    },
    charged: (member) => chargedTo(member, evaluator.events),
    async evaluatorsOf(member) {
      const tls = await test.tlsFor(identityOf(member));
      return grpcEvaluators({ tls: () => tls, caller: test.caller, world });
    },
    admit: (member, budget) => test.setMember(member, budget),
    suspend: (member) => void (test.federation = withSuspended(test.federation, member)),
    async pass(ms) {
      test.nowMs += ms;
      await world.pass(ms);
    },
    fallSilent: (now) => void (silent = now),
    goAway: () => evaluator.stop(),
    comeBack: () => evaluator.start(),
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  };
}

/** Takes what it is asked while it is deaf, and never hears of it again. */
function deaf(service: GrpcService, isDeaf: () => boolean): GrpcService {
  async function* heard(requests: AsyncIterable<EvaluateRequest>): AsyncGenerator<EvaluateRequest> {
    for await (const request of requests) if (!isDeaf()) yield request;
  }
  return {
    name: service.name,
    addTo(server) {
      const add = (definition: never, honest: EvaluationServiceImplementation): void =>
        server.add(definition, {
          ...honest,
          evaluate: (requests: AsyncIterable<EvaluateRequest>, context: never) =>
            honest.evaluate(heard(requests), context),
        } as never);
      service.addTo({ add } as unknown as Server);
    },
  };
}

evaluatorContract("an evaluator over gRPC", start);
