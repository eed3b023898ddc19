/** (board) The directives that found a federation: out of values, keys and randomness that are given, without a file or a clock. */
import type { Administrator, Admit, Evaluator, Federation, Found } from "../../shared/core/directive.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { decide } from "./board.ts";
import type { Sitting } from "./board.ts";
import { machineDealer, makeSalts } from "./salts.ts";
import type { Dealer } from "./salts.ts";

/** The terms on which the board admits a member. */
export type MemberTerms = Omit<Admit, "member" | "signingKey" | "sealingKey">;

/** All of it public, but for the keys of those who sign. */
export type Founding = {
  readonly name: string;
  /** 16 random bytes. */
  readonly federationId: Uint8Array;
  readonly board: readonly Administrator[];
  readonly quorum: number;
  /** Of the quorum that sits together. */
  readonly signers: readonly SigningKeyPair[];
  readonly broker: Found["broker"];
  /** Of epoch 1. */
  readonly brokerSealingKey: Uint8Array;
  /** In the order of the key shares. */
  readonly evaluators: readonly Evaluator[];
  readonly members: readonly Admit[];
  /** DER. */
  readonly tlsRoot: Uint8Array;
  readonly freshnessKey: Uint8Array;
  /** Name of the linkage scheme of epoch 1. */
  readonly scheme: string;
  readonly nowMs: number;
  /** When epoch 1 is to end. */
  readonly retiresAtMs: number;
};

const GENERATION = 1;

/** found, admit for each member, epoch-open 1, epoch-activate 1. Throws as `foldDirective` for a plan that breaks a rule of the protocol. */
export async function decideFounding(
  plan: Founding,
  dealer: Dealer = machineDealer,
): Promise<Sitting & { readonly state: Federation }> {
  const { federationId: federation, signers, nowMs } = plan;
  const { randomBytes } = dealer;
  const empty: Sitting = { federation, signers, nowMs, randomBytes, chain: [], state: undefined };
  let sitting = decide(empty, { type: "found", ...foundOf(plan) });
  for (const admit of plan.members) sitting = decide(sitting, { type: "admit", ...admit, salts: [] });
  sitting = decide(sitting, {
    type: "epochOpen",
    epoch: 1,
    salts: await makeSalts(sitting.state, 1, dealer),
    scheme: plan.scheme,
    generation: GENERATION,
    brokerSealingKey: plan.brokerSealingKey,
    opensAtMs: nowMs,
    retiresAtMs: plan.retiresAtMs,
    evaluators: [],
    memberKeys: [],
  });
  return decide(sitting, { type: "epochActivate", epoch: 1, laggards: [] });
}

function foundOf({ name, board, quorum, broker, evaluators, tlsRoot, freshnessKey }: Founding): Found {
  return { name, board, quorum, broker, evaluators, generation: GENERATION, tlsRoots: [tlsRoot], freshnessKey };
}
