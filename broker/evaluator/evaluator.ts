/**
 * An evaluator (protocol section 2.2): multiplies blinded elements by its key share for members of the federation, within
 * their budgets, and proves on demand that it did so.
 *
 * It sees uniformly random elements: how many a member hardens, and when, and nothing about whom. It holds one key share, which
 * stays in its worker threads, and a signing key, with which it commits itself to each answer before it learns which pairs it must
 * prove. Known weakness: all evaluators of a generation together can try identifiers; they lack the salt.
 *
 * The same thing is hosted by the broker and, as a small program of its own, by another operator: see `main.ts`.
 */
import { equalBytes } from "../../shared/core/bytes.ts";
import type { Admit, Federation } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { publicKeyOf } from "../../shared/crypto/oprf.ts";
import { probeCrypto } from "../../shared/crypto/probe.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import type { Clock } from "../../shared/platform/clock.ts";
import { grpcService } from "../../shared/platform/grpc.ts";
import type { GrpcService } from "../../shared/platform/grpc.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import { EvaluationServiceDefinition } from "../../shared/wire/gen/causeway/v1/evaluation.ts";
import { startEngine } from "./engine.ts";
import type { Engine } from "./engine.ts";
import { keptBatches } from "./kept-batches.ts";
import type { KeptBatches } from "./kept-batches.ts";
import { evaluateRpc } from "./rpc/evaluate.ts";
import { getBudgetRpc } from "./rpc/get-budget.ts";
import { openBudgetStore } from "./store/budget-store.ts";
import type { BudgetStore } from "./store/budget-store.ts";

/** What an operator should hear of. Counts only: elements never leave the engine. */
export type EvaluatorEvent =
  | { readonly kind: "evaluated"; readonly member: MemberId; readonly elements: number; readonly charged: boolean }
  | { readonly kind: "refused"; readonly member: MemberId; readonly elements: number; readonly reason: string }
  /** A charge took the member over `ALARM_SHARE` of what it may use in a day. */
  | { readonly kind: "budgetAlarm"; readonly member: MemberId; readonly usedInWindow: number; readonly perDay: number };

export type EvaluatorOptions = {
  /** As it stands in the directive's list of evaluators. */
  readonly name: string;
  /** The federation as last folded from the chain; asked at every request. */
  readonly federation: () => Federation;
  /** 32 bytes, secret. */
  readonly keyShare: Uint8Array;
  /** 32-byte seed of the Ed25519 key for statements, secret. */
  readonly signingSeed: Uint8Array;
  /** File of budgets and batch ids. */
  readonly databasePath: string;
  readonly clock: Clock;
  /** For the audit trail and alarms. Must not throw. */
  readonly onEvent: (event: EvaluatorEvent) => void;
  /** Worker threads; default one for each core. */
  readonly workers?: number;
};

export type Evaluator = AsyncDisposable & { readonly service: GrpcService };

/** What the calls of an evaluator share. */
export type EvaluatorParts = Pick<EvaluatorOptions, "federation" | "clock" | "onEvent"> & {
  readonly engine: Engine;
  readonly store: BudgetStore;
  readonly kept: KeptBatches;
  readonly signing: SigningKeyPair;
};

/**
 * Starts an evaluator. Throws ENVIRONMENT if the cryptography is broken, or if the federation's list does not have this
 * name with these keys: answers under other keys would be refused by every node.
 */
export function createEvaluator(options: EvaluatorOptions): Evaluator {
  probeCrypto();
  const signing = signingKeyPair(options.signingSeed);
  const publicKey = publicKeyOf(options.keyShare);
  assertListed(options, publicKey, signing.publicKey);
  const { federation, clock, onEvent } = options;
  const store = openBudgetStore(options.databasePath);
  const engine = startEngine({ keyShare: options.keyShare, publicKey }, options.workers);
  const parts: EvaluatorParts = { federation, clock, onEvent, engine, store, kept: keptBatches(), signing };
  return {
    service: grpcService(EvaluationServiceDefinition, { evaluate: evaluateRpc(parts), getBudget: getBudgetRpc(parts) }),
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      store[Symbol.dispose]();
    },
  };
}

/** The terms of the member who calls, now. Throws FORBIDDEN for any other party and for whoever is no member any more. */
export function callerOf(peer: PeerIdentity, federation: Federation): Admit {
  const member = peer.kind === "member" ? federation.members.get(peer.member) : undefined;
  if (member === undefined)
    throw new CausewayError("FORBIDDEN", "only members of the federation may have elements evaluated");
  return member;
}

function assertListed(options: EvaluatorOptions, sharePublicKey: Uint8Array, signingKey: Uint8Array): void {
  const listed = options.federation().found.evaluators.find((each) => each.name === options.name);
  if (listed === undefined) {
    throw new CausewayError("ENVIRONMENT", "the federation's directives list no evaluator of this name");
  }
  if (!equalBytes(listed.sharePublicKey, sharePublicKey) || !equalBytes(listed.signingKey, signingKey)) {
    throw new CausewayError(
      "ENVIRONMENT",
      "the key files are not those of the evaluator of this name in the directives",
    );
  }
}
