/** The evaluator that the directives list under the broker's own key, if they list one. */
import { equalBytes } from "../shared/core/bytes.ts";
import type { Federation } from "../shared/core/directive.ts";
import type { MemberId } from "../shared/core/ids.ts";
import { evaluatorsIn } from "../shared/platform/standing.ts";
import type { World } from "../shared/world/world.ts";
import { createEvaluator } from "./evaluator/evaluator.ts";
import type { Evaluator } from "./evaluator/evaluator.ts";
import type { StartEngine } from "./evaluator/engine.ts";
import type { EvaluatorEvent } from "./evaluator/ports.ts";
import type { SecondCopy } from "../shared/store/second-copy.ts";
import type { OwnKeys } from "./ports.ts";
import type { Watch } from "./writer/watch.ts";
import { tellOperator } from "./evaluator/events.ts";

export type HostedParts = {
  readonly name: string;
  readonly federation: () => Federation;
  readonly keys: Pick<OwnKeys, "signer" | "shares">;
  readonly databasePath: string;
  readonly secondCopy: SecondCopy;
  readonly startEngine: StartEngine;
  readonly watch: Pick<Watch, "evaluated" | "raise">;
  readonly world: Pick<World, "clock" | "log">;
};

/** Its name; undefined if there is none. */
export function hostedName(federation: Federation, { signer }: Pick<OwnKeys, "signer">): string | undefined {
  return evaluatorsIn(federation).find(({ signingKey }) => equalBytes(signingKey, signer.publicKey))?.name;
}

/** Throws as `createEvaluator`. */
export function hostEvaluator(parts: HostedParts): Evaluator {
  const { name, federation, keys, databasePath, secondCopy, startEngine, watch, world } = parts;
  const slugOf = (member: MemberId): string | undefined => federation().members.get(member)?.slug;
  const onEvent = (event: EvaluatorEvent): void => {
    if (event.kind === "shareMissing") return tellOperator(world.log, undefined, event);
    const { member } = event;
    tellOperator(world.log, slugOf(member), event);
    if (event.kind === "evaluated" && event.charged) watch.evaluated(member, event.elements, world.clock());
    if (event.kind === "budgetAlarm") watch.raise("evaluationBudget", member, world.clock());
  };
  const { shares, signer: signing } = keys;
  return createEvaluator({ name, federation, shares, signing, databasePath, secondCopy, startEngine, onEvent }, world);
}
