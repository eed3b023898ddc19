/** Evaluators that a node asks without a connection between them; they pass the contract suite that gRPC passes (`tests/contract/evaluator.ts`). */
import { NoAnswer } from "../../agency-node/hardening/evaluators.ts";
import type { Evaluators } from "../../agency-node/hardening/evaluators.ts";
import type { Evaluator } from "../../broker/evaluator/evaluator.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { EvaluationRequest, EvaluationResponse } from "../../shared/core/evaluation.ts";
import { EVALUATION_ANSWER_MS_MAX } from "../../shared/core/limits.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import {
  parseEvaluateRequest,
  readEvaluationResponse,
  toWireRequest,
  toWireResponse,
} from "../../shared/wire/evaluation.ts";
import type { World } from "../../shared/world/world.ts";

export type Asked = Pick<Evaluator, "answer" | "budget">;

/** By their names, as seen by this peer; one that is not there is away, and what it was working on is lost. */
export function evaluatorsInProcess(
  running: ReadonlyMap<string, Asked>,
  peer: PeerIdentity,
  world: Pick<World, "after">,
): Evaluators {
  const named = (name: string): Asked => {
    const evaluator = running.get(name);
    if (evaluator === undefined) throw new CausewayError("UNAVAILABLE", "the evaluator is away");
    return evaluator;
  };
  const answerOf = async (name: string, request: EvaluationRequest): Promise<EvaluationResponse> => {
    const evaluator = named(name);
    // Both sides read what they are sent as strictly as over gRPC.
    const answer = await evaluator.answer(peer, parseEvaluateRequest(toWireRequest(request)));
    if (named(name) !== evaluator) throw new CausewayError("UNAVAILABLE", "the evaluator was restarted");
    return readEvaluationResponse(toWireResponse(answer));
  };
  return {
    clientOf({ name }) {
      const open = new Set<string>();
      return {
        async ask(request) {
          const key = toHex(request.batchId);
          if (open.has(key)) throw new CausewayError("CONFLICT", "this batch is on its way already");
          open.add(key);
          const silence = Promise.withResolvers<never>();
          const callOff = world.after(EVALUATION_ANSWER_MS_MAX, () =>
            silence.reject(new NoAnswer("no answer in time")),
          );
          try {
            return await Promise.race([answerOf(name, request), silence.promise]);
          } finally {
            callOff();
            open.delete(key);
          }
        },
        [Symbol.dispose]: () => undefined,
      };
    },
    async budgetAt({ name }) {
      const { usedInWindow, perDay, available } = named(name).budget(peer);
      return { used: usedInWindow, perDay, available };
    },
  };
}
