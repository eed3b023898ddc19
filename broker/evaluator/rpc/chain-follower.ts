/**
 * Follows the chain of directives, so that a suspension or removal reaches this evaluator too. The broker serves the chain and is
 * not believed: each directive is folded here, from the pinned fingerprint on. What a broker withholds shows in the freshness
 * statement, which the board signs; it is logged for the operator, who can fetch the chain by another way.
 */
import { judgeFreshness } from "../../../shared/core/chain.ts";
import type { Federation } from "../../../shared/core/directive.ts";
import type { FreshnessVerdict } from "../../../shared/core/chain.ts";
import { isCausewayError } from "../../../shared/core/errors.ts";
import type { ErrorCode } from "../../../shared/core/errors.ts";
import { appendDirective, loadChain } from "../../../shared/platform/chain-file.ts";
import type { Clock } from "../../../shared/platform/clock.ts";
import { grpcClient } from "../../../shared/platform/grpc.ts";
import type { Log } from "../../../shared/platform/log.ts";
import { partyFile, readPin, readTls } from "../../../shared/platform/party.ts";
import { pause } from "../../../shared/platform/retry.ts";
import { decodeSignedDirective, decodeSignedFreshness } from "../../../shared/wire/directive.ts";
import { DirectoryServiceDefinition } from "../../../shared/wire/gen/causeway/v1/directory.ts";
import { SignedDirective } from "../../../shared/wire/gen/causeway/v1/federation.ts";
import { Signed } from "../../../shared/wire/gen/causeway/v1/signed.ts";

const POLL_MS = 10_000;

export type ChainFollower = Disposable & {
  federation(): Federation;
  /** Follows until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
};

/** Loads and proves the stored chain. Throws as `loadChain`. */
export function chainFollower(of: { readonly dir: string; readonly clock: Clock; readonly log: Log }): ChainFollower {
  const { dir, clock, log } = of;
  const context = () => ({ pinnedFingerprint: readPin(dir), nowMs: clock() });
  const path = partyFile(dir, "chain");
  let chain = loadChain(path, context());
  const { address } = chain.federation.found.broker;
  const connection = grpcClient(DirectoryServiceDefinition, {
    address,
    tls: readTls(dir),
    expected: { kind: "broker" },
  });

  const catchUp = async (signal: AbortSignal): Promise<void> => {
    const fromNumber = BigInt(chain.federation.head.number + 1);
    for await (const { directive } of connection.client.listDirectives({ fromNumber }, { signal })) {
      const bytes = SignedDirective.encode(SignedDirective.fromPartial(directive ?? {})).finish();
      chain = appendDirective(path, chain, decodeSignedDirective(bytes), context());
      log.info("evaluator.directive", { number: chain.federation.head.number });
    }
  };
  const judge = async (signal: AbortSignal): Promise<FreshnessVerdict> => {
    const { freshness } = await connection.client.getFreshness({}, { signal });
    const signed = decodeSignedFreshness(Signed.encode(Signed.fromPartial(freshness ?? {})).finish());
    return judgeFreshness(chain.federation, signed, clock());
  };
  const outcome = async (signal: AbortSignal): Promise<FreshnessVerdict | ErrorCode> => {
    try {
      await catchUp(signal);
      return await judge(signal);
    } catch (error) {
      if (isCausewayError(error)) return error.code;
      throw error;
    }
  };
  return {
    federation: () => chain.federation,
    async run(signal) {
      let last: string = "fresh";
      while (!signal.aborted) {
        const now = await outcome(signal);
        if (signal.aborted) return;
        // Said once for each change: an outage of days is not a line every ten seconds.
        if (now !== last)
          log.warn(now === "fresh" ? "evaluator.policy-proven" : "evaluator.policy-unproven", { outcome: now });
        last = now;
        await pause(POLL_MS, signal);
      }
    },
    [Symbol.dispose]: () => connection[Symbol.dispose](),
  };
}
