/**
 * An agency node as a process, out of its directory: the only place where the unit's records and the epoch's salts exist together. Real
 * adapters for its ports, and its doors, gRPC for the unit's own people. `assemble.ts` puts the parts together.
 */
import { join } from "node:path";
import { probeCrypto } from "../shared/crypto/probe.ts";
import { readNatsCredentials } from "../shared/party/credentials.ts";
import { readTls } from "../shared/party/tls.ts";
import { connectNats } from "../shared/platform/nats.ts";
import { ChainFollower } from "../shared/rpc/chain-follower.ts";
import { keepPartyRenewed } from "../shared/rpc/membership-link.ts";
import { MEMBER_API_PREFIX, memberInboxPrefix } from "../shared/wire/subjects.ts";
import { natsUrlIn } from "../shared/settings/addresses.ts";
import { createLog } from "../shared/world/log.ts";
import { systemWorld } from "../shared/world/world.ts";
import type { World } from "../shared/world/world.ts";
import { assemble, run } from "./assemble.ts";
import type { NodeConfig } from "./config.ts";
import { evidenceOnDisk } from "./disk/evidence-on-disk.ts";
import { keysOnDisk } from "./disk/keys-on-disk.ts";
import { grpcEvaluators } from "./hardening/rpc/grpc-evaluators.ts";
import { workerEngine } from "./hardening/worker-engine.ts";
import type { NodePorts } from "./ports.ts";
import { openSocket, openToWorkstations } from "./rpc/doors.ts";
import { MembershipClient } from "./rpc/membership-client.ts";
import { events } from "./events.ts";

export type Node = AsyncDisposable & {
  /** Where the unit's workstations are served; undefined if they are not. */
  readonly workstationPort: number | undefined;
  /** Settles when the node has stopped; rejects when a part of it has failed for good. */
  readonly running: Promise<void>;
};

/** Starts a node from its directory. Throws ENVIRONMENT, INVALID or UNPROVEN when keys, chain or configuration cannot be used. */
export async function createNode(config: NodeConfig, world: World = systemWorld(createLog("node"))): Promise<Node> {
  probeCrypto();
  await using resources = new AsyncDisposableStack();
  const stop = new AbortController();
  const node = resources.use(assemble(portsOf(config, world, resources)));
  resources.use(await openSocket(config, node));
  const workstations = resources.use(await openToWorkstations(config, node));
  events.node.started(world.log, { member: node.trust.lastAdmit?.slug, port: workstations?.port });
  const renewal = { dir: config.dir, federation: node.federation, world, onRenewed: () => undefined };
  const running = run(
    node,
    stop.signal,
    (signal) => keepPartyRenewed(renewal, signal),
    async (signal) => await workstations?.run(signal),
  );
  // A caller that never looks at `running` must not turn a stop into a crash.
  running.catch(() => undefined);
  const held = resources.move();
  return {
    workstationPort: workstations?.port,
    running,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running.catch(() => undefined);
      await held.disposeAsync();
    },
  };
}

function portsOf(
  { dir, natsUrl, workers, canaries, beatMs, endedKeptDays }: NodeConfig,
  world: World,
  resources: AsyncDisposableStack,
): NodePorts {
  const tls = () => readTls(dir);
  const keys = keysOnDisk(dir);
  const { member, signer } = keys;
  const directory = resources.use(new ChainFollower({ dir, world, signer }));
  const { id } = directory.federation;
  const address = (): string => directory.federation.found.broker.address;
  const caller = { federation: id, signer: () => signer, world };
  return {
    world,
    keys,
    directory,
    connectBus: (connection) =>
      connectNats({
        ...connection,
        url: () => natsUrlIn(directory.federation, natsUrl),
        // Read anew for each connection, since credentials are replaced while the node runs.
        creds: () => readNatsCredentials(dir),
        roots: () => tls().rootsPem,
        inboxPrefix: memberInboxPrefix(member),
        apiPrefix: MEMBER_API_PREFIX,
        // Shown to the NATS operator, who may know the member by its id only.
        name: `node ${member}`,
        // A suspension lasts for days: the link asks again seldom, and at once when a directive comes.
        endsWhenRefused: true,
        log: world.log,
      }),
    desk: resources.use(new MembershipClient({ address, tls, caller })),
    evaluators: grpcEvaluators({ tls, caller, world }),
    engine: workerEngine(workers === 0 ? undefined : workers),
    onEvidence: evidenceOnDisk(dir, world),
    database: join(dir, "node.sqlite"),
    settings: { canaries: canaries === "on", beatMs, endedKeptDays },
  };
}
