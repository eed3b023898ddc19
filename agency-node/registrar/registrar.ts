/**
 * The registrar: the board's program that stays on-line, so that what the board decides has its effect while the administrators sleep. It
 * follows the chain and does what follows from it: freshness statements, certificates and NATS users for whoever has a place in the
 * chain, NATS accounts closed for whoever has none any more. It decides nothing, listens nowhere and can be restarted at any time.
 *
 * Adversaries: the broker, which may withhold, repeat or invent what it passes on, and the NATS operator. See `keys.ts` for what
 * somebody gains who steals its directory.
 */
import { resolve } from "node:path";
import { CausewayError } from "../../shared/core/errors.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { probeCrypto } from "../../shared/crypto/probe.ts";
import type { Clock } from "../../shared/world/clock.ts";
import type { Log } from "../../shared/world/log.ts";
import { readTls } from "../../shared/party/tls.ts";
import { certificateDer, identityOfCertificate } from "../../shared/platform/tls.ts";
import { ChainFollower } from "../../shared/rpc/chain-follower.ts";
import { Wake } from "../wake.ts";
import { AccountKeeper } from "./accounts.ts";
import type { RegistrarConfig } from "./config.ts";
import { FreshnessSpeaker } from "./freshness.ts";
import { readRegistrarKeys } from "./keys.ts";
import { keepCertificate } from "./kept-certificate.ts";
import { keepNatsServer, natsServerDirectory } from "./nats-server.ts";
import { RequestDesk } from "./requests.ts";
import { BrokerLink } from "./rpc/broker-link.ts";

export type Registrar = AsyncDisposable & {
  /** The chain as it is known here. */
  readonly federation: () => Federation;
  /** Rejects when a part of it cannot go on. */
  readonly failed: Promise<never>;
};

const DAY_MS = 24 * 3_600_000;

/** Starts; waits for broker and NATS as long as it takes. Throws ENVIRONMENT or UNPROVEN if its directory cannot be used. */
export function startRegistrar(
  config: RegistrarConfig,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Registrar {
  probeCrypto();
  const { dir } = config;
  assertRegistrar(dir);
  const resources = new DisposableStack();
  const follower = resources.use(new ChainFollower({ dir, clock, log }));
  const federation = (): Federation => follower.federation;
  const { address } = federation().found.broker;
  const broker = resources.use(new BrokerLink({ address, tls: () => readTls(dir) }));
  const keys = readRegistrarKeys(dir);
  const common = { dir, broker, federation, clock, log };
  const lives = { certificateMs: config.certificateDays * DAY_MS, natsUserMs: config.natsUserDays * DAY_MS };
  const directives = new Wake();
  const freshness = new FreshnessSpeaker({ ...common, hours: config.freshnessHours });
  const desk = new RequestDesk({ ...common, keys, directives, lives });
  const nats = { url: config.natsUrl, roots: () => readTls(dir).rootsPem, authority: keys.nats };
  const accounts = new AccountKeeper({ ...common, ...nats, chain: () => follower.chain });
  const onDirective = (): void => {
    for (const part of [accounts, freshness]) part.wake();
    directives.set();
  };
  const { failed, stop } = runAll(log, [
    (signal) => follower.run(signal, onDirective),
    (signal) => freshness.run(signal),
    (signal) => desk.run(signal),
    (signal) => accounts.run(signal),
    ...[dir, natsServerDirectory(dir)].map(
      (kept) => (signal: AbortSignal) =>
        keepCertificate({ ...common, dir: kept, keys, lifeMs: lives.certificateMs }, signal),
    ),
    (signal) => keepNatsServer({ ...common, ...nats, serverDir: natsServerDirOf(config) }, signal),
  ]);
  log.info("registrar.started", { directive: federation().head.number });
  return {
    federation,
    failed,
    async [Symbol.asyncDispose]() {
      await stop();
      resources.dispose();
    },
  };
}

/** Runs until `stop`, or until one fails for good: then all stop. */
function runAll(log: Log, loops: readonly ((signal: AbortSignal) => Promise<void>)[]) {
  const stopping = new AbortController();
  const { promise: failed, reject } = Promise.withResolvers<never>();
  // Whoever does not wait for it is not ended by it.
  failed.catch(() => undefined);
  const running = loops.map(async (loop) => {
    try {
      await loop(stopping.signal);
    } catch (error) {
      if (stopping.signal.aborted) return;
      log.error("registrar.failed", error);
      reject(error);
      stopping.abort();
    }
  });
  const stop = async (): Promise<void> => {
    stopping.abort();
    await Promise.all(running);
  };
  return { failed, stop };
}

function natsServerDirOf({ dir, natsServerDir }: RegistrarConfig): string | undefined {
  return natsServerDir === undefined ? undefined : resolve(dir, natsServerDir);
}

function assertRegistrar(dir: string): void {
  const identity = identityOfCertificate(certificateDer(readTls(dir).certificatePem));
  if (identity?.kind !== "registrar") throw new CausewayError("UNPROVEN", "the certificate is not the registrar's");
}
