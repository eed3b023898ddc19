/** An evaluator on its own, out of a party's directory: keys, chain, certificate, settings, budgets. */
import { join } from "node:path";
import type { Federation } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { EVALUATION_REQUEST_BYTES_MAX } from "../../shared/core/limits.ts";
import { startGrpcServer } from "../../shared/platform/grpc.ts";
import { GrpcSessions } from "../../shared/platform/grpc-sessions.ts";
import { readTls } from "../../shared/party/tls.ts";
import { readSigningKeys } from "../../shared/party/keys.ts";
import { evaluatorIdentity, isInGoodStanding } from "../../shared/platform/standing.ts";
import { certificateDer, identityOfCertificate } from "../../shared/platform/tls.ts";
import { ChainFollower } from "../../shared/rpc/chain-follower.ts";
import { keepPartyRenewed } from "../../shared/rpc/membership-link.ts";
import { keepGoing } from "../../shared/world/loop.ts";
import type { World } from "../../shared/world/world.ts";
import type { EvaluatorConfig } from "./config.ts";
import { sharesIn, workerEngines } from "./doors.ts";
import { createEvaluator } from "./evaluator.ts";
import type { EvaluatorEvent } from "./ports.ts";
import { PreparationLink } from "./rpc/preparation-link.ts";
import { offerShares } from "./share-offers.ts";
import { events, tellOperator } from "./events.ts";

export type EvaluatorProgram = AsyncDisposable & { readonly port: number };

const RETRY_MS = 1_000;

/** Starts and serves. Throws ENVIRONMENT, or UNPROVEN for a certificate that is no evaluator's. */
export async function startEvaluatorProgram(config: EvaluatorConfig, world: World): Promise<EvaluatorProgram> {
  const { dir, listen, workers } = config;
  const { log } = world;
  await using starting = new AsyncDisposableStack();
  const tls = readTls(dir);
  const name = nameIn(tls.certificatePem);
  const signer = readSigningKeys(dir);
  const shares = sharesIn(dir);
  const follower = starting.use(new ChainFollower({ dir, world, signer }));
  const federation = (): Federation => follower.federation;
  const options = {
    name,
    federation,
    shares,
    signing: signer,
    databasePath: join(dir, "evaluator.sqlite"),
    startEngine: workerEngines(world, workers === 0 ? undefined : workers),
    onEvent: (event: EvaluatorEvent) => tellOperator(log, "member" in event ? event.member : undefined, event),
  };
  const evaluator = starting.use(createEvaluator(options, world));
  const callers = new GrpcSessions((peer) => isInGoodStanding(peer, federation()), world);
  const services = [evaluator.service];
  const recipient = {
    identity: evaluatorIdentity({ name, signingKey: signer.publicKey }),
    federation,
    clock: world.clock,
  };
  const door = { address: listen, tls, callers, recipient, requestBytesMax: EVALUATION_REQUEST_BYTES_MAX };
  const server = starting.use(await startGrpcServer({ ...door, services, world }));
  const onDirective = (): void => {
    callers.recheck();
    evaluator.retire().catch((error: unknown) => events.evaluator.retireFailed(log, error));
  };
  onDirective();
  const { id } = federation();
  const caller = { federation: id, signer: () => signer, world };
  const address = (): string => federation().found.broker.address;
  const preparations = starting.use(new PreparationLink({ address, tls: () => readTls(dir), caller }));
  const renewal = { dir, federation, world, onRenewed: () => server.useTls(readTls(dir)) };
  const stop = new AbortController();
  const running = [
    (signal: AbortSignal) => follower.run(signal, onDirective),
    (signal: AbortSignal) => offerShares({ name, signer, federation, shares, preparations, world }, signal),
    (signal: AbortSignal) => keepPartyRenewed(renewal, signal),
  ].map((round) => {
    const afterFailure = () => ({ failed: events.evaluator.loopFailed, retryMs: RETRY_MS });
    return keepGoing(world, stop.signal, { round, afterFailure });
  });
  starting.defer(async () => {
    stop.abort();
    await Promise.all(running);
  });
  const resources = starting.move();
  events.evaluator.ready(log, { port: server.port });
  return { port: server.port, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

function nameIn(certificatePem: string): string {
  const identity = identityOfCertificate(certificateDer(certificatePem));
  if (identity?.kind === "evaluator") return identity.name;
  throw new CausewayError("UNPROVEN", "the certificate is not an evaluator's");
}
