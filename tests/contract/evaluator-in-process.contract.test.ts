import { inProcessEngines } from "../../broker/evaluator/engine.ts";
import { createEvaluator } from "../../broker/evaluator/evaluator.ts";
import type { EvaluatorEvent } from "../../broker/evaluator/ports.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { generateKeyShare, publicKeyOf } from "../../shared/crypto/oprf.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import { chargedTo, emptyFederation, identityOf, withMember, withSuspended } from "../hardening/evaluators.ts";
import { evaluatorsInProcess } from "../support/evaluators-in-process.ts";
import type { Asked } from "../support/evaluators-in-process.ts";
import { HandWorld } from "../support/hand-world.ts";
import { evaluatorContract } from "./evaluator.ts";
import type { EvaluatorHarness } from "./evaluator.ts";

const NAME = "key-office";

async function start(): Promise<EvaluatorHarness> {
  const world = new HandWorld();
  const keyShare = generateKeyShare(world.randomBytes(64));
  const signing = signingKeyPair(world.randomBytes(32));
  const listed = {
    name: NAME,
    address: "nowhere:1",
    signingKey: signing.publicKey,
    sharePublicKey: publicKeyOf(keyShare),
  };
  const empty = emptyFederation();
  const found = { ...empty.found, evaluators: [listed] };
  let federation: Federation = { ...empty, found, generations: new Map([[1, [listed]]]) };
  const events: EvaluatorEvent[] = [];
  const evaluator = createEvaluator(
    {
      name: NAME,
      federation: () => federation,
      shares: { read: () => keyShare, generations: () => [1], destroy: () => undefined },
      signing,
      databasePath: ":memory:",
      startEngine: inProcessEngines(world),
      onEvent: (event) => events.push(event),
    },
    world,
  );
  let silent = false;
  let connection = Promise.withResolvers<never>();
  const asked: Asked = {
    answer: async (peer, request) => (silent ? await connection.promise : await evaluator.answer(peer, request)),
    budget: (peer) => evaluator.budget(peer),
  };
  const running = new Map([[NAME, asked]]);
  return {
    get federation() {
      return federation;
    },
    keyShare,
    get nowMs() {
      return world.clock();
    },
    charged: (member) => chargedTo(member, events),
    evaluatorsOf: async (member) => evaluatorsInProcess(running, identityOf(member), world),
    admit: (member, budget) => void (federation = withMember(federation, member, budget)),
    suspend: (member) => void (federation = withSuspended(federation, member)),
    pass: (ms) => world.pass(ms),
    fallSilent: (now) => void (silent = now),
    async goAway() {
      running.clear();
      connection.promise.catch(() => undefined);
      connection.reject(new CausewayError("UNAVAILABLE", "the connection is lost"));
      connection = Promise.withResolvers();
    },
    comeBack: async () => void running.set(NAME, asked),
    [Symbol.asyncDispose]: () => evaluator[Symbol.asyncDispose](),
  };
}

evaluatorContract("an evaluator in the same process", start);
