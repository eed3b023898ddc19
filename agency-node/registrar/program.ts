/** The registrar out of its directory: keys, chain, certificates, settings. */
import { CausewayError } from "../../shared/core/errors.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { probeCrypto } from "../../shared/crypto/probe.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import { installRoots } from "../../shared/party/install.ts";
import { readTls } from "../../shared/party/tls.ts";
import { certificateDer, identityOfCertificate } from "../../shared/platform/tls.ts";
import { ChainFollower } from "../../shared/rpc/chain-follower.ts";
import { natsUrlIn } from "../../shared/settings/addresses.ts";
import type { World } from "../../shared/world/world.ts";
import type { RegistrarConfig } from "./config.ts";
import { freshnessSeedOf, readRegistrarKeys } from "./keys.ts";
import { natsServerDirectories } from "./nats-servers.ts";
import { certificateIn, freshnessIn, natsAt, servedCertificateIn } from "./places.ts";
import { assembleRegistrar } from "./registrar.ts";
import { BrokerLink } from "./rpc/broker-link.ts";
import { events } from "./events.ts";

export type Registrar = AsyncDisposable & {
  /** The chain as it is known here. */
  readonly federation: () => Federation;
};

const DAY_MS = 24 * 3_600_000;

/** Starts; waits for broker and NATS as long as it takes. Throws ENVIRONMENT or UNPROVEN if its directory cannot be used. */
export function startRegistrar(config: RegistrarConfig, world: World): Registrar {
  probeCrypto();
  const { dir, natsUrl, natsServerDir, freshnessHours } = config;
  const { log } = world;
  assertRegistrar(dir);
  using starting = new DisposableStack();
  const chain = starting.use(new ChainFollower({ dir, world }));
  const { id } = chain.federation;
  const address = (): string => chain.federation.found.broker.address;
  // The one key of this machine that the chain names.
  const signer = () => signingKeyPair(freshnessSeedOf(dir, chain.federation.found.freshnessKey));
  const caller = { federation: id, signer, world };
  const broker = starting.use(new BrokerLink({ address, tls: () => readTls(dir), caller }));
  const ports = {
    keys: () => readRegistrarKeys(dir, chain.federation.found.tlsRoots.at(-1)),
    keepRoots: () => void installRoots(dir, chain.federation),
    chain,
    broker,
    connect: natsAt(() => natsUrlIn(chain.federation, natsUrl), dir, world),
    freshness: freshnessIn(dir),
    certificates: { own: certificateIn(dir), natsServers: natsServerDirectories(dir).map(certificateIn) },
    servedCertificate: natsServerDir === undefined ? undefined : servedCertificateIn(dir, natsServerDir),
    world,
  };
  const lives = { certificateMs: config.certificateDays * DAY_MS, natsUserMs: config.natsUserDays * DAY_MS };
  ports.keepRoots();
  const stop = new AbortController();
  const running = assembleRegistrar(ports, { freshnessHours, lives })(stop.signal);
  events.registrar.started(log, { directive: chain.federation.head.number });
  const resources = starting.move();
  return {
    federation: () => chain.federation,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      resources.dispose();
    },
  };
}

function assertRegistrar(dir: string): void {
  const identity = identityOfCertificate(certificateDer(readTls(dir).certificatePem));
  if (identity?.kind !== "registrar") throw new CausewayError("UNPROVEN", "the certificate is not the registrar's");
}
