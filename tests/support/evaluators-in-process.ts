/** Evaluators that a node asks without a wire between them; they pass the contract suite that gRPC passes (`tests/contract/evaluator.ts`). */
import type { Evaluators } from "../../agency-node/hardening/evaluators.ts";
import type { Evaluator } from "../../broker/evaluator/evaluator.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";

/** By their names, as seen by this peer; one that is not there is away. */
export function evaluatorsInProcess(
  running: ReadonlyMap<string, Pick<Evaluator, "answer" | "budget">>,
  peer: PeerIdentity,
): Evaluators {
  const named = (name: string): Pick<Evaluator, "answer" | "budget"> => {
    const evaluator = running.get(name);
    if (evaluator === undefined) throw new CausewayError("UNAVAILABLE", "the evaluator is away");
    return evaluator;
  };
  return {
    clientOf({ name }) {
      const open = new Set<string>();
      return {
        async ask(request) {
          const key = toHex(request.batchId);
          if (open.has(key)) throw new CausewayError("CONFLICT", "this batch is on its way already");
          open.add(key);
          try {
            return await named(name).answer(peer, request);
          } finally {
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
