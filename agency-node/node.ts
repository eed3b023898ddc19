/**
 * An agency node: the only place where the unit's records and the epoch's salts exist together. It imports records, has their
 * identifiers hardened, publishes tokens, and keeps the matches that come back. This file starts and ends it; `parts.ts` puts it together.
 */
import { isCausewayError } from "../shared/core/errors.ts";
import { probeCrypto } from "../shared/crypto/probe.ts";
import { systemClock } from "../shared/world/clock.ts";
import { startGrpcServer } from "../shared/platform/grpc.ts";
import { createLog } from "../shared/world/log.ts";
import type { Log } from "../shared/world/log.ts";
import { readTls } from "../shared/party/tls.ts";
import { pause } from "../shared/platform/retry.ts";
import { keepPartyRenewed } from "../shared/rpc/membership-link.ts";
import type { NodeConfig } from "./config.ts";
import { assemble } from "./parts.ts";
import type { NodeParts, Surroundings } from "./parts.ts";
import type { Records } from "./records.ts";
import { liaisonService } from "./rpc/liaison-service.ts";
import { recordsService } from "./rpc/records-service.ts";
import { statusOf } from "./rpc/status.ts";
import { systemWorld } from "../shared/world/world.ts";

export type Node = AsyncDisposable & {
  /** Of the node's own services. */
  readonly port: number;
  /** Settles when the node has stopped; rejects when a part of it has failed for good. */
  readonly running: Promise<void>;
};

const SWEEP_MS = 60_000;

/** Starts a node from its directory. Throws ENVIRONMENT, INVALID or UNPROVEN when keys, chain or configuration cannot be used. */
export async function createNode(
  config: NodeConfig,
  surroundings: Surroundings = { clock: systemClock, log: createLog("node") },
): Promise<Node> {
  probeCrypto();
  await using resources = new AsyncDisposableStack();
  const stop = new AbortController();
  const parts = assemble(config, surroundings, resources);
  const owner = parts.trust.identity;
  const server = resources.use(
    await startGrpcServer({
      address: config.listen,
      tls: parts.trust.tls,
      services: [
        recordsService({ ...parts, owner, status: () => statusOf(parts) }),
        liaisonService({ ...parts, owner, records: parts.store }),
      ],
      world: systemWorld(surroundings.log),
    }),
  );
  surroundings.log.info("node.started", { member: parts.trust.lastAdmit?.slug, port: server.port });
  const onRenewed = (): void => server.useTls(readTls(config.dir));
  const renewal = { dir: config.dir, federation: () => parts.trust.federation, ...surroundings, onRenewed };
  const running = run(surroundings, parts, stop.signal, (signal) => keepPartyRenewed(renewal, signal));
  // A caller that never looks at `running` must not turn a stop into a crash.
  running.catch(() => undefined);
  const held = resources.move();
  return {
    port: server.port,
    running,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running.catch(() => undefined);
      await held.disposeAsync();
    },
  };
}

/** Runs every loop until the signal aborts; when one fails for good, all stop. */
async function run(
  { log }: Surroundings,
  parts: NodeParts,
  signal: AbortSignal,
  renew: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const stopping = AbortSignal.any([signal, failed.signal]);
  const onDirective = (): void => {
    parts.canaries.onDirective();
    parts.records.onDirective();
    parts.epochs.onDirective();
    parts.link.onDirective();
  };
  const loops = [
    parts.directory.run(stopping, onDirective),
    parts.epochs.run(stopping),
    parts.canaries.run(stopping),
    parts.preparer.run(stopping),
    parts.publisher.run(stopping),
    parts.digests.run(stopping),
    parts.health.run(stopping),
    sweep(parts.records, log, stopping),
    parts.keyOffers.run(stopping),
    parts.spending.run(stopping),
    parts.link.run(stopping),
    renew(stopping),
  ];
  const outcomes = await Promise.allSettled(
    loops.map((loop) =>
      loop.catch((error: unknown) => {
        log.error("node.failed", error);
        failed.abort();
        throw error;
      }),
    ),
  );
  const failure = outcomes.find((outcome) => outcome.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}

async function sweep(records: Records, log: Log, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      records.sweep();
    } catch (error) {
      // Without an active epoch nothing can be taken back, and nobody compares it either.
      if (!isCausewayError(error)) throw error;
      log.error("sweep.waiting", error);
    }
    await pause(SWEEP_MS, signal);
  }
}
