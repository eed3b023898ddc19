/**
 * An evaluator (protocol section 2.2): multiplies blinded elements by its key share for members of the federation, within
 * their budgets, and proves on demand that it did so.
 *
 * It sees uniformly random elements: how many a member hardens, and when, and nothing about whom. It holds one key share, which
 * stays in it and its worker processes, and a signing key, with which it commits itself to each answer before it learns which
 * pairs it must prove. Known weakness: all evaluators of a generation together can try identifiers; they lack the salt.
 *
 * The same thing is hosted by the broker and, as a small program of its own, by another operator: see `main.ts`.
 */
import { equalBytes } from "../../shared/core/bytes.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { EvaluationRequest, EvaluationResponse } from "../../shared/core/evaluation.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { balanceOf } from "../../shared/core/quota.ts";
import type { Balance } from "../../shared/core/quota.ts";
import { probeCrypto } from "../../shared/crypto/probe.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import type { GrpcService } from "../../shared/platform/grpc.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import type { World } from "../../shared/world/world.ts";
import type { StartEngine } from "./engine.ts";
import { Engines, listingsOf } from "./engines.ts";
import { answerTo, budgetFor } from "./evaluation.ts";
import type { EvaluationParts } from "./evaluation.ts";
import { keptBatches } from "./kept-batches.ts";
import type { EvaluatorEvent, KeyShares } from "./ports.ts";
import { evaluationService } from "./rpc/evaluation-service.ts";
import type { SecondCopy } from "../../shared/store/second-copy.ts";
import { openBudgetStore } from "./store/budget-store.ts";

export type EvaluatorOptions = {
  /** As it stands in the directive's list of evaluators. */
  readonly name: string;
  /** The federation as last folded from the chain; asked at every request. */
  readonly federation: () => Federation;
  readonly shares: KeyShares;
  /** For statements. */
  readonly signing: SigningKeyPair;
  /** File of budgets and batch ids, or `:memory:`. */
  readonly databasePath: string;
  /** Of an evaluator that a broker hosts. */
  readonly secondCopy?: SecondCopy | undefined;
  readonly startEngine: StartEngine;
  /** For the audit trail and alarms. Must not throw. */
  readonly onEvent: (event: EvaluatorEvent) => void;
};

export type Evaluator = AsyncDisposable & {
  /** What it answers, for a gRPC server. */
  readonly service: GrpcService;
  /** The same without one: answers a request of this peer. Throws FORBIDDEN for whoever is no member in good standing. */
  answer(peer: PeerIdentity, request: EvaluationRequest): Promise<EvaluationResponse>;
  /** What this peer may still have evaluated. Throws as `answer`. */
  budget(peer: PeerIdentity): Balance;
  /** What a member in good standing has used of its budget here; undefined for others. */
  balanceOf(member: MemberId): Balance | undefined;
  /** To be called when the chain has grown: ends the generations that are over, and destroys their shares. */
  retire(): Promise<void>;
};

/**
 * Puts an evaluator together. Throws ENVIRONMENT if the cryptography is broken, or if the federation's list does not have this name with
 * this signing key: answers under another would be refused by every node. A share that is missing is told of (`shareMissing`).
 */
export function createEvaluator(options: EvaluatorOptions, { clock }: Pick<World, "clock">): Evaluator {
  probeCrypto();
  const engines = new Engines(options);
  assertListed(options);
  const { federation, onEvent, signing } = options;
  for (const generation of sharesMissing(options, engines)) onEvent({ kind: "shareMissing", generation });
  const store = openBudgetStore(options.databasePath, options.secondCopy);
  const parts: EvaluationParts = { federation, clock, onEvent, engines, store, kept: keptBatches(), signing };
  return {
    service: evaluationService(parts),
    answer: (peer, request) => answerTo(parts, peer, request),
    budget: (peer) => budgetFor(parts, peer),
    balanceOf: (member) => balanceIn(parts, member),
    retire: () => engines.retire(),
    async [Symbol.asyncDispose]() {
      await engines[Symbol.asyncDispose]();
      store[Symbol.dispose]();
    },
  };
}

function balanceIn({ federation, store, clock }: EvaluationParts, member: MemberId): Balance | undefined {
  const { members, found } = federation();
  const budget = members.get(member)?.budget;
  return budget && balanceOf(store.usage(member, found.generation).account, budget, clock());
}

function assertListed({ federation, name, signing }: EvaluatorOptions): void {
  const listings = [...listingsOf(federation(), name).values()];
  if (listings.length === 0) {
    throw new CausewayError("ENVIRONMENT", "the federation's directives list no evaluator of this name");
  }
  if (listings.every(({ signingKey }) => equalBytes(signingKey, signing.publicKey))) return;
  throw new CausewayError("ENVIRONMENT", "the key files are not those of the evaluator of this name in the directives");
}

/**
 * Generations in use under which nothing can be evaluated any more, because the share is lost. Whoever has lost it must run all the same:
 * only so can it offer one of the next generation.
 */
function sharesMissing({ federation, name }: EvaluatorOptions, engines: Engines): number[] {
  return [...listingsOf(federation(), name).keys()].filter((generation) => engines.of(generation) === undefined);
}
