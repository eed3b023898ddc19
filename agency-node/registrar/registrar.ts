/**
 * The registrar: the board's program that stays on-line, so that what the board decides has its effect while the administrators sleep. It
 * follows the chain and does what follows from it: freshness statements, certificates and NATS users for whoever has a place in the
 * chain, NATS accounts closed for whoever has none any more. It decides nothing, listens nowhere and can be restarted at any time.
 *
 * Adversaries: the broker, which may withhold, repeat or invent what it passes on, and the NATS operator. See `keys.ts` for what
 * somebody gains who steals its directory.
 */
import { hostsOf } from "../../shared/core/addresses.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { keepGoing } from "../../shared/world/loop.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";
import { AccountKeeper } from "./accounts.ts";
import { FreshnessSpeaker } from "./freshness.ts";
import type { Lives } from "./issue.ts";
import type { IssuingKeys } from "./keys.ts";
import { keepCertificate } from "./kept-certificate.ts";
import { keepNatsServer } from "./nats-server.ts";
import type { BrokerPort, CertificatePlace, ChainPort, ConnectNats, FreshnessPlace } from "./ports.ts";
import { RequestDesk } from "./requests.ts";
import { events } from "./events.ts";

export type RegistrarPorts = {
  /** What is issued with now: the TLS root is the last in the chain. Throws ENVIRONMENT if its key is not here. */
  readonly keys: () => IssuingKeys;
  /** Puts the TLS roots of the chain in place. Throws ENVIRONMENT. */
  readonly keepRoots: () => void;
  readonly chain: ChainPort;
  readonly broker: BrokerPort;
  readonly connect: ConnectNats;
  readonly freshness: FreshnessPlace;
  /** Its own certificate, and the one that it keeps for the NATS server. */
  readonly certificates: { readonly own: CertificatePlace; readonly natsServers: readonly CertificatePlace[] };
  /** The NATS server's own directory, if it is on this machine. */
  readonly servedCertificate: CertificatePlace | undefined;
  readonly world: World;
};

export type RegistrarTerms = { readonly freshnessHours: number; readonly lives: Lives };

const RETRY_MS = 1_000;

/** Puts a registrar together, which runs until the signal aborts, whatever its peers do. */
export function assembleRegistrar(
  ports: RegistrarPorts,
  terms: RegistrarTerms,
): (signal: AbortSignal) => Promise<void> {
  const { keys, chain, broker, connect, certificates, world } = ports;
  const { freshnessHours: hours, lives } = terms;
  const federation = (): Federation => chain.federation;
  const directives = new Wake(world);
  const freshness = new FreshnessSpeaker({ broker, place: ports.freshness, federation, hours, world });
  const desk = new RequestDesk({ broker, keys, federation, directives, lives, world });
  const { nats } = keys();
  const accounts = new AccountKeeper({ connect, authority: nats, chain: () => chain.chain, world });
  // Who hears of a directive, in this order: who is out loses its connections before anything else.
  const onDirective = (): void => {
    accounts.wake();
    freshness.wake();
    directives.set();
    ports.keepRoots();
  };
  const certificate = { authority: () => keys().authority, lifeMs: lives.certificateMs, world };
  const natsHosts = (): string[] => {
    const { natsAddress } = chain.federation;
    return natsAddress === undefined ? [] : hostsOf(natsAddress);
  };
  const served = {
    connect,
    authority: nats,
    kept: certificates.natsServers,
    server: ports.servedCertificate,
    world,
  };
  const loops: readonly ((signal: AbortSignal) => Promise<void>)[] = [
    (signal) => chain.run(signal, onDirective),
    (signal) => freshness.run(signal),
    (signal) => desk.run(signal),
    (signal) => accounts.run(signal),
    (signal) => keepCertificate({ ...certificate, place: certificates.own }, signal),
    ...certificates.natsServers.map(
      (place) => (signal: AbortSignal) => keepCertificate({ ...certificate, place, hosts: natsHosts }, signal),
    ),
    (signal) => keepNatsServer(served, signal),
  ];
  const afterFailure = () => ({ failed: events.registrar.loopFailed, retryMs: RETRY_MS });
  return async (signal) =>
    void (await Promise.all(loops.map((round) => keepGoing(world, signal, { round, afterFailure }))));
}
