/** Child process of the benchmark: real evaluators on loopback, and what they cost. */
import { AMPLE, identityOf, newMember, startFederation } from "../hardening/evaluators.ts";
import { evaluatorLimitSeconds, processSeconds } from "./harden-limits.ts";

export type EvaluatorCost = { readonly processSeconds: number; readonly limitSeconds: number };

const LIMIT_ELEMENTS = 4_000;

const test = await startFederation({ evaluators: Number(process.argv[2]), workers: Number(process.argv[3]) });
const member = newMember();
test.setMember(member, { ...AMPLE, initial: 100_000_000 });
const tls = await test.tlsFor(identityOf(member));

process.on("message", () => {
  // The reading first: the limit must not be part of what it is compared with.
  const cost = processSeconds();
  process.send?.({
    processSeconds: cost,
    limitSeconds: evaluatorLimitSeconds(LIMIT_ELEMENTS),
    after: processSeconds(),
  });
});
process.on("disconnect", () => void test[Symbol.asyncDispose]());
process.send?.({ federation: test.federation, nowMs: test.nowMs, member, tls });
