import type { Server } from "nice-grpc";
import { grpcEvaluators } from "../../agency-node/hardening/rpc/grpc-evaluators.ts";
import type { GrpcService } from "../../shared/platform/grpc.ts";
import type { EvaluateRequest, EvaluationServiceImplementation } from "../../shared/wire/gen/causeway/v1/evaluation.ts";
import {
  AMPLE,
  chargedTo,
  identityOf,
  memberCaller,
  newMember,
  startFederation,
  withSuspended,
} from "../hardening/evaluators.ts";
import { evaluatorClient } from "../../agency-node/hardening/rpc/evaluator-client.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { systemTimers } from "../../shared/world/world.ts";
import { describe, expect, it } from "vitest";
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

describe("a member whose clock is wrong", () => {
  it("takes it for an outage: it says nothing of the evaluator", async () => {
    await using test = await startFederation({ evaluators: 1 });
    const member = newMember();
    test.setMember(member, AMPLE);
    const [evaluator] = test.evaluators;
    using client = evaluatorClient({
      address: `127.0.0.1:${evaluator!.port}`,
      tls: await test.tlsFor(identityOf(member)),
      expected: evaluator!.identity,
      caller: memberCaller(test.federation, () => test.nowMs - 6 * 60_000),
      world: systemTimers,
    });
    for (const question of [
      { kind: "batch", batchId: randomBytes(16), generation: 1, blinded: new Uint8Array(32) },
      { kind: "prove", batchId: randomBytes(16), indices: [0] },
    ] as const) {
      await expect(client.ask(question)).rejects.toMatchObject({ code: "UNAVAILABLE", fields: ["clock"] });
    }
  });
});
