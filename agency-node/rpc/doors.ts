/** The node's doors, both for the unit's own people only: a Unix socket, and a port for workstations where one is set. */
import { startPinnedServer, keyOfCaller } from "../../shared/platform/grpc-pinned.ts";
import { CallerSessions } from "../../shared/platform/grpc-sessions.ts";
import { startSocketServer } from "../../shared/platform/grpc-socket.ts";
import { pause } from "../../shared/world/wait.ts";
import type { Assembled } from "../assemble.ts";
import { socketPlace } from "../config.ts";
import type { NodeConfig } from "../config.ts";
import { ensureLocalKey } from "../disk/local-key.ts";
import { PinnedWorkstations, readWorkstations } from "../disk/pinned-workstations.ts";
import { activityService } from "./activity-service.ts";
import { liaisonService } from "./liaison-service.ts";
import { SOCKET, WORKSTATIONS } from "./local-caller.ts";
import type { Door, KeyHolder } from "./local-caller.ts";
import { recordsService } from "./records-service.ts";
import { statusOf } from "./status.ts";

/** How soon a workstation that was removed is cut off. */
const RECHECK_MS = 1_000;

type WorkstationDoor = AsyncDisposable & {
  readonly port: number;
  /** Cuts off whoever is pinned no more, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
};

/** Throws ENVIRONMENT, INVALID as `startSocketServer`. */
export async function openSocket(config: NodeConfig, node: Assembled): Promise<AsyncDisposable> {
  const services = servicesFor(SOCKET, node);
  return await startSocketServer({ ...socketPlace(config), services, world: node.world, own: true });
}

/** None unless the settings say where. Throws ENVIRONMENT where it cannot listen, or key or pins cannot be read. */
export async function openToWorkstations(
  { dir, workstations }: NodeConfig,
  node: Assembled,
): Promise<WorkstationDoor | undefined> {
  if (workstations === undefined) return undefined;
  const { world } = node;
  // A fault of the file is said at the start.
  readWorkstations(dir);
  const callers = sessionsOf(new PinnedWorkstations(dir, world.log), node);
  const server = await startPinnedServer({
    address: workstations.listen,
    tls: await ensureLocalKey(dir, world.clock()),
    services: servicesFor(WORKSTATIONS, node),
    callers,
    world,
    own: true,
  });
  return {
    ...server,
    async run(signal) {
      while (!signal.aborted) {
        callers.recheck();
        await pause(world, RECHECK_MS, signal);
      }
    },
  };
}

/** Whoever was recognised under one name does not stay under another. */
function sessionsOf(pinned: PinnedWorkstations, { world }: Assembled): CallerSessions<KeyHolder> {
  const nameOf = (key: string | undefined) => (key === undefined ? undefined : pinned.nameOf(key));
  return new CallerSessions<KeyHolder>(
    {
      recognise(call) {
        const key = keyOfCaller(call);
        return { key, workstation: nameOf(key) };
      },
      nameOf: ({ key = "" }) => key,
      maySpeak: ({ key, workstation }) => workstation !== undefined && nameOf(key) === workstation,
      refusal: "the node does not know this workstation's key",
    },
    world,
  );
}

function servicesFor(door: Door, node: Assembled) {
  return [
    recordsService({ ...node, door, status: () => statusOf(node) }),
    liaisonService({ ...node, door, records: node.store }),
    activityService({ ...node, door }),
  ];
}
