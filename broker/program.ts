/**
 * The broker as a process, out of its directory: real adapters for its ports, and its doors, which open in this order and close in the
 * reverse: gRPC for the parties of the federation, the door for those who are to join, and once memory is back the administrators' console.
 */
import { join, resolve } from "node:path";
import { probeCrypto } from "../shared/crypto/probe.ts";
import { startGrpcServer } from "../shared/platform/grpc.ts";
import type { GrpcServer } from "../shared/platform/grpc.ts";
import { natsUrlIn } from "../shared/settings/addresses.ts";
import type { Federation } from "../shared/core/directive.ts";
import { isCausewayError } from "../shared/core/errors.ts";
import { makePrivateDirectory } from "../shared/party/key-files.ts";
import { aborted } from "../shared/world/wait.ts";
import { connectNats } from "../shared/platform/nats.ts";
import { readNatsCredentials } from "../shared/party/credentials.ts";
import { loadChain } from "../shared/party/chain-file.ts";
import { partyFile } from "../shared/party/files.ts";
import { takeNextKey } from "../shared/party/next-key.ts";
import { readPin } from "../shared/party/pin.ts";
import { readTls } from "../shared/party/tls.ts";
import { within } from "../shared/world/wait.ts";
import { BROKER_INBOX_PREFIX } from "../shared/wire/subjects.ts";
import type { World } from "../shared/world/world.ts";
import { assemble, run } from "./assemble.ts";
import type { Assembled, Running } from "./assemble.ts";
import type { BrokerConfig } from "./config.ts";
import { startConsole } from "./console/console.ts";
import type { BrokerStatus } from "./desk.ts";
import { chainOnDisk } from "./disk/chain-on-disk.ts";
import { keysOnDisk } from "./disk/keys-on-disk.ts";
import { ownFilesOnDisk, placeOf } from "./disk/own-files.ts";
import { snapshotsOnDisk } from "./disk/snapshots-on-disk.ts";
import { Doors } from "./doors.ts";
import { enrolmentDoor } from "./enrolment/enrolment.ts";
import { workerEngines } from "./evaluator/doors.ts";
import type { Oversight } from "./oversight.ts";
import { markStandby, mayStart } from "./journal/start.ts";
import type { Began, StartParts } from "./journal/start.ts";
import type { BrokerPorts } from "./ports.ts";
import { keepOwnRenewed } from "./renewal.ts";
import { events } from "./events.ts";

/** A broker whose gRPC is open. Disposal closes all doors and lets go of all files. */
export type OpenBroker = AsyncDisposable & {
  /** Where gRPC listens. */
  readonly port: number;
  readonly status: BrokerStatus;
  readonly oversight: Oversight;
  /** See `Running.ready`; the console stands as well then. */
  readonly ready: Promise<void>;
  /** Rejects when the broker cannot go on; dispose of it then. */
  readonly failed: Promise<never>;
  /** See `Assembled.restartNeeded`. */
  readonly restartNeeded: Promise<void>;
};

/**
 * Waits as long as another broker is active, or until the signal aborts: then it throws UNAVAILABLE. Throws ENVIRONMENT, UNPROVEN or INVALID if
 * the directory does not hold what the federation's broker needs, or a port is in use.
 */
export async function openBroker(
  config: BrokerConfig,
  world: World,
  signal: AbortSignal = new AbortController().signal,
): Promise<OpenBroker> {
  probeCrypto();
  const began = await mayStart({ ...startPartsOf(config, world), signal });
  takeOwnNextKey(config.dir, world);
  await using owned = new AsyncDisposableStack();
  const broker: Assembled = owned.use(assemble(portsOf(config, world, () => broker.ground.federation())));
  const { tasks, lease } = broker.ground;
  owned.defer(() => lease.release());
  tellOfBeginning(broker.ground, began);
  const steppedDown = broker.ground.journal.steppedDown.then(() => markStandby(broker.ground));
  steppedDown.catch(() => undefined);
  const doors = owned.use(new Doors());
  owned.defer(() => tasks.stop());
  const running = run(broker);
  const { port } = await openToParties(config, broker, running, doors);
  const ready = openConsole(config, broker, running, doors);
  // Whoever awaits it gets its failure; nobody has to.
  ready.catch(() => undefined);
  const resources = owned.move();
  return {
    port,
    get status() {
      return broker.desk.status();
    },
    oversight: broker.desk.oversight,
    ready,
    failed: tasks.failed,
    restartNeeded: broker.restartNeeded,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Serves until the signal aborts, or until the process has to be replaced. Throws what the broker cannot go on from. */
export async function serveBroker(
  config: BrokerConfig,
  world: World,
  signal: AbortSignal,
): Promise<"stopped" | "replace"> {
  let opened: OpenBroker;
  try {
    opened = await openBroker(config, world, signal);
  } catch (error) {
    // A standby that is told to end.
    if (signal.aborted && isCausewayError(error, "UNAVAILABLE")) return "stopped";
    throw error;
  }
  await using broker = opened;
  const stopped = aborted(signal).then(() => "stopped" as const);
  const replace = broker.restartNeeded.then(() => (signal.aborted ? ("stopped" as const) : ("replace" as const)));
  const ends = [broker.failed, stopped, replace];
  await Promise.race([broker.ready, ...ends]);
  return await Promise.race(ends);
}

/** The console says it until a person has looked into it. */
function tellOfBeginning({ watch, world }: Assembled["ground"], { hasTakenOver, hasLostLedger }: Began): void {
  if (hasTakenOver) watch.raise("takenOver", undefined, world.clock());
  if (hasLostLedger) watch.raise("ledgerLost", undefined, world.clock());
}

/** The key that the board has given the broker since, if it was made here. */
function takeOwnNextKey(dir: string, world: World): void {
  const context = { pinnedFingerprint: readPin(dir), nowMs: world.clock() };
  if (takeNextKey(dir, loadChain(partyFile(dir, "chain"), context).federation, context.nowMs)) {
    events.broker.keyTaken(world.log);
  }
}

/** `federation`: for later, when there is a broker. */
function portsOf(config: BrokerConfig, world: World, federation: () => Federation): BrokerPorts {
  const { dir, natsUrl } = config;
  const dataDir = dataDirOf(config);
  makePrivateDirectory(dataDir);
  return {
    world,
    connectBus: (connection) =>
      connectNats({
        ...connection,
        url: () => natsUrlIn(federation(), natsUrl),
        creds: () => readNatsCredentials(dir),
        roots: () => readTls(dir).rootsPem,
        inboxPrefix: BROKER_INBOX_PREFIX,
        name: "causeway-broker",
        log: world.log,
      }),
    chain: chainOnDisk(dir),
    keys: keysOnDisk(dir),
    snapshots: snapshotsOnDisk(join(dataDir, "snapshots")),
    databases: (name) => join(dataDir, `${name}.sqlite`),
    files: ownFilesOnDisk(dir),
    place: placeOf(dir),
    startEngine: workerEngines(world, config.evaluatorWorkers),
    settings: config,
  };
}

/** With the chain as it lies there: a standby's own goes on with the journal. */
function startPartsOf(config: BrokerConfig, world: World): Omit<StartParts, "signal"> {
  const { dir } = config;
  const federation = (): Federation =>
    loadChain(partyFile(dir, "chain"), { pinnedFingerprint: readPin(dir), nowMs: world.clock() }).federation;
  const ports = portsOf(config, world, federation);
  const { keys, settings, files } = ports;
  return { ...ports, keys: keys.journal, files, federation: federation().id, sizes: settings.streams };
}

function dataDirOf({ dir, dataDir }: BrokerConfig): string {
  return resolve(dir, dataDir);
}

/** Opens gRPC, and the door for those who have no certificate yet; both under a certificate that is renewed by itself. */
async function openToParties(
  config: BrokerConfig,
  { ground, desk }: Assembled,
  { isReady }: Running,
  doors: Doors,
): Promise<GrpcServer> {
  const { dir, listen: address, enrolment, natsUrl: ownNatsUrl } = config;
  const { world, directory, federation, keys, tasks } = ground;
  const { clock, log } = world;
  const { services, callers, board } = desk;
  const tls = readTls(dir);
  const beforeAnswer = (): Promise<void> => untilKept(ground, isReady);
  const recipient = { identity: { kind: "broker" } as const, federation, clock };
  const server = await doors.open(
    startGrpcServer({ address, tls, services, world, isReady, callers, recipient, beforeAnswer }),
  );
  const servers = [server];
  if (enrolment !== undefined) {
    const { listen, natsUrl: membersNatsUrl = ownNatsUrl } = enrolment;
    const natsUrl = (): string => natsUrlIn(federation(), membersNatsUrl);
    const door = enrolmentDoor({ listen, natsUrl, tls, directory, desk: board, world, randomness: world, clock, log });
    servers.push(await doors.open(startGrpcServer(door)));
  }
  const onRenewed = (): void => servers.forEach((each) => each.useTls(readTls(dir)));
  const own = { dir, signingKey: keys.signer.publicKey, credentials: board.credentials, world };
  tasks.run(keepOwnRenewed({ ...own, federation, onRenewed }, tasks.signal));
  return server;
}

const KEPT_MS_MAX = 5_000;

/**
 * What somebody was told at the desk is in both copies, keys that were made for it too. As long as NATS is away the desk serves all the same:
 * that is how its server gets a new certificate.
 */
async function untilKept({ journal, tasks, world }: Assembled["ground"], isReady: () => boolean): Promise<void> {
  if (isReady()) await within(world, KEPT_MS_MAX, tasks.signal, () => journal.keptWithFiles());
}

/** For administrators, by their browsers, once the broker does its work. */
async function openConsole(config: BrokerConfig, broker: Assembled, running: Running, doors: Doors): Promise<void> {
  const { dir, console: settings } = config;
  const { world, tasks } = broker.ground;
  await running.ready;
  if (tasks.signal.aborted) return;
  const { consoleData: data, signIn, status } = broker.desk;
  if (settings !== undefined) {
    const databasePath = join(dataDirOf(config), "console.sqlite");
    const secondCopy = broker.ground.journal.copyOf("console");
    const standing = await doors.open(startConsole({ config: settings, dir, data, databasePath, secondCopy, world }));
    signIn.open((user) => standing.issueCode(user));
  }
  const { members, records, matchesOpen } = status();
  events.broker.ready(world.log, { members, records, matchesOpen });
}
