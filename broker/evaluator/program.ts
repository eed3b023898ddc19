/** An evaluator on its own, out of a party's directory: keys, chain, certificate, settings, budgets. */
import { join } from "node:path";
import { CausewayError } from "../../shared/core/errors.ts";
import type { Clock } from "../../shared/world/clock.ts";
import { startGrpcServer } from "../../shared/platform/grpc.ts";
import type { Log } from "../../shared/world/log.ts";
import { readTls } from "../../shared/party/credentials.ts";
import { readSigningKeys } from "../../shared/party/keys.ts";
import { isInGoodStanding } from "../../shared/platform/standing.ts";
import { certificateDer, identityOfCertificate } from "../../shared/platform/tls.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import { ChainFollower } from "../../shared/rpc/chain-follower.ts";
import { keepPartyRenewed } from "../../shared/rpc/membership-link.ts";
import type { EvaluatorConfig } from "./config.ts";
import { createEvaluator } from "./evaluator.ts";
import type { EvaluatorEvent } from "./parts.ts";
import { offerShares } from "./rpc/offer-shares.ts";
import { sharesIn } from "./shares.ts";

export type EvaluatorProgram = AsyncDisposable & {
  readonly port: number;
  /** Rejects if it can no longer follow the chain for a fault of its own. */
  readonly failed: Promise<never>;
};

/** Starts and serves. Throws ENVIRONMENT, or UNPROVEN for a certificate that is no evaluator's. */
export async function startEvaluatorProgram(
  config: EvaluatorConfig,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<EvaluatorProgram> {
  const { dir, listen, workers } = config;
  await using starting = new AsyncDisposableStack();
  const tls = readTls(dir);
  const name = nameIn(tls.certificatePem);
  const signing = readSigningKeys(dir);
  const follower = starting.use(new ChainFollower({ dir, clock, log }));
  const evaluator = starting.use(
    createEvaluator({
      name,
      federation: () => follower.federation,
      shares: sharesIn(dir),
      signing,
      databasePath: join(dir, "evaluator.sqlite"),
      clock,
      onEvent: (event) => logEvent(log, event),
      ...(workers === 0 ? {} : { workers }),
    }),
  );
  const maySpeak = (peer: PeerIdentity): boolean => isInGoodStanding(peer, follower.federation);
  const services = [evaluator.service];
  const server = starting.use(await startGrpcServer({ address: listen, tls, services, log, maySpeak }));
  const stop = new AbortController();
  const { promise: failed, reject } = Promise.withResolvers<never>();
  // Whoever does not wait for it is not ended by it.
  failed.catch(() => undefined);
  const onDirective = (): void => {
    server.recheck();
    evaluator.retire().catch(reject);
  };
  onDirective();
  const offering = { dir, name, signer: signing, federation: () => follower.federation, tls: () => readTls(dir), log };
  const onRenewed = (): void => server.useTls(readTls(dir));
  const renewal = { dir, federation: () => follower.federation, clock, log, onRenewed };
  const running = [
    follower.run(stop.signal, onDirective),
    offerShares(offering, stop.signal),
    keepPartyRenewed(renewal, stop.signal),
  ].map((each) => each.catch(reject));
  starting.defer(async () => {
    stop.abort();
    await Promise.all(running);
  });
  const resources = starting.move();
  log.info("evaluator.ready", { port: server.port });
  return { port: server.port, failed, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

function nameIn(certificatePem: string): string {
  const identity = identityOfCertificate(certificateDer(certificatePem));
  if (identity?.kind === "evaluator") return identity.name;
  throw new CausewayError("UNPROVEN", "the certificate is not an evaluator's");
}

/** Members stand in the log by the start of their id, which `log.ts` cuts. */
function logEvent(log: Log, { kind, ...counts }: EvaluatorEvent): void {
  if (kind === "evaluated") log.info("evaluator.evaluated", counts);
  else log.warn(`evaluator.${kind}`, counts);
}
