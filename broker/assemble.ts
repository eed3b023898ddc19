/**
 * The broker's parts over its ports: nothing is opened here but databases, and nothing runs before `run`. The one list of who hears of a
 * directive, and the one of what goes on at the same time.
 */
import type { Directive } from "../shared/core/directive.ts";
import type { MemberId } from "../shared/core/ids.ts";
import type { Log } from "../shared/world/log.ts";
import { WatchedTimers } from "../shared/world/watched-timers.ts";
import { insist } from "./bus/insist.ts";
import { recall } from "./bus/recall.ts";
import { assembleDataPlane } from "./data-plane.ts";
import type { DataPlane } from "./data-plane.ts";
import { assembleDesk } from "./desk.ts";
import type { Desk } from "./desk.ts";
import { Directives } from "./directives.ts";
import type { Hearers } from "./directives.ts";
import { layGround } from "./ground.ts";
import type { Ground } from "./ground.ts";
import { events as journalEvents } from "./journal/events.ts";
import type { Journal } from "./journal/journal.ts";
import type { Lease } from "./journal/lease.ts";
import type { BrokerPorts } from "./ports.ts";
import { keepHouse, prepareDigests } from "./upkeep.ts";
import { Endings } from "./writer/endings.ts";
import { Standings } from "./writer/standings.ts";
import { events } from "./events.ts";

/** The broker before it runs. Disposal stops it, leaves the bus and closes the databases; doors that were opened must have been closed. */
export type Assembled = AsyncDisposable & {
  readonly ground: Ground;
  readonly plane: DataPlane;
  readonly desk: Desk;
  readonly directives: Directives;
  /** All that goes on at the same time once memory is back. Each ends when the tasks are told to stop. */
  readonly loops: readonly (() => Promise<void>)[];
  /**
   * Resolves when this process has held tokens of an epoch that is gone, since memory that was freed still holds them, and when another key
   * of the broker is to be taken: replace the process, see `main.ts`.
   */
  readonly restartNeeded: Promise<void>;
};

/** Throws ENVIRONMENT if keys or databases are not those of this federation's broker, and as `Directory` for what is no proven chain. */
export function assemble(ports: BrokerPorts): Assembled {
  using opened = new DisposableStack();
  const timers = new WatchedTimers(ports.world);
  const ground = layGround({ ...ports, world: timers.world });
  ground.tasks.run(timers.run(ground.tasks.signal));
  opened.use(ground.ledger);
  const plane = assembleDataPlane(ground);
  const desk = assembleDesk(ground, plane);
  opened.use(desk.board);
  const restart = Promise.withResolvers<void>();
  const { world, directory, tasks } = ground;
  const { signal } = tasks;
  const hearers = hearersOf({ ground, plane, desk, onRestartNeeded: () => restart.resolve() });
  const directives = new Directives({ directory, hearers, watch: plane.watch, world, signal });
  directory.onGrown(() => directives.tellAtOnce());
  void ground.journal.steppedDown.then(() => restart.resolve());
  const databases = opened.move();
  return {
    ground,
    plane,
    desk,
    directives,
    loops: loopsOf(ground, plane, desk, directives),
    restartNeeded: restart.promise,
    async [Symbol.asyncDispose]() {
      tasks.stop();
      await ground.bus[Symbol.asyncDispose]();
      await desk.evaluator?.[Symbol.asyncDispose]();
      // Nothing changes memory any more.
      await plane.snapshots.save();
      databases.dispose();
    },
  };
}

/** Who hears of a directive, in this order. */
function hearersOf(of: { ground: Ground; plane: DataPlane; desk: Desk; onRestartNeeded: () => void }): Hearers {
  const { ground, plane, desk, onRestartNeeded } = of;
  const { world } = ground;
  const standings = standingsOf(ground, plane);
  const endings = endingsOf(ground, plane);
  return {
    atOnce: [
      // Whoever may not speak any more is off the line before anything else.
      () => desk.callers.recheck(),
      () => retireShares(desk, world.log),
      () => plane.plane.stopOthers(),
      // Before anything is matched without whoever is suspended.
      () => standings.note(),
    ],
    soon: [
      // Before those are served who may seal to the key of a new epoch.
      () => ground.sealing.refresh(),
      () => heedOtherKey(ground, onRestartNeeded),
      () => serveNew(ground, plane),
    ],
    inTime: [
      () => standings.settle(),
      async () => {
        if (await endings.settle()) onRestartNeeded();
      },
    ],
  };
}

/** What goes on at the same time, beside a task for each member (`Plane.serve`). */
function loopsOf(ground: Ground, plane: DataPlane, desk: Desk, directives: Directives): Assembled["loops"] {
  const { world, directory, settings, tasks } = ground;
  const { watch, publications, proofs, reteller, sweeper } = plane;
  const { signal } = tasks;
  return [
    () => plane.plane.run(),
    () => reteller.run(signal),
    () => keepHouse({ directory, directives, watch, sweeper, proofs, world, signal }),
    () => directives.carryOut(),
    () => plane.streamWatch.run(signal),
    () => prepareDigests({ publications, world, signal }),
    () => plane.snapshots.run(signal),
    ...(settings.console === undefined ? [] : [() => desk.consoleData.follow(signal)]),
  ];
}

export type Running = {
  /**
   * Resolves once memory is back and submissions are taken; waits for the bus as long as it takes. Resolves as well in a process that has to
   * give way, whose tasks were told to stop. Rejects with what this process cannot go on from; later that is told by `Tasks.failed`.
   */
  readonly ready: Promise<void>;
  /** Whether the broker does all of its work now. */
  isReady(): boolean;
};

/** From assembled to running, until the tasks are told to stop. */
export function run(assembled: Assembled): Running {
  const { bus, isNamed, journal } = assembled.ground;
  let isCaughtUp = false;
  const ready = begin(assembled).then((hasBegun) => void (isCaughtUp = hasBegun));
  // Whoever awaits it gets its failure; nobody has to.
  ready.catch(() => undefined);
  return { ready, isReady: () => isCaughtUp && bus.connected && journal.status.refused === undefined && isNamed() };
}

/** False if it ended before. */
async function begin({ ground, plane, directives, loops }: Assembled): Promise<boolean> {
  const { federation, bus, connectBus, tasks } = ground;
  const { signal } = tasks;
  // What was decided while no process was here.
  directives.tellAtOnce();
  await bus.connect(connectBus, signal);
  if (!(await takeOffice(ground))) return false;
  const members = (): MemberId[] => [...federation().members.keys(), ...federation().suspended.keys()];
  const undecided = await recall({ ...ground, ...plane, members, signal });
  if (signal.aborted) return false;
  plane.plane.beginAt(undecided);
  serveNew(ground, plane);
  for (const loop of loops) tasks.run(loop());
  await plane.streams.tried();
  return true;
}

/** Becomes the active broker, with databases that are the same in both copies. False if this process has to give way. */
async function takeOffice({ journal, lease, tasks, world }: Ground): Promise<boolean> {
  const { signal } = tasks;
  const taken = await insist({ world, signal }, () => lease.acquire());
  if (typeof taken === "object") {
    journal.giveWay();
    return false;
  }
  if (!(await insist({ world, signal }, () => journal.compare()))) return false;
  tasks.run(journal.run());
  tasks.run(keepLease(lease, journal, world.log));
  return true;
}

async function keepLease(lease: Lease, journal: Journal, log: Log): Promise<void> {
  if (!(await lease.hold())) return;
  journalEvents.lease.lost(log);
  journal.giveWay();
}

function standingsOf(ground: Ground, { streams, publications, spaces, snapshots }: DataPlane): Standings {
  const { ledger, federation, world, tasks } = ground;
  const deleteStreams = (member: MemberId): Promise<void> => streams.remove(member);
  const forgetSnapshots = (): Promise<void> => snapshots.forget();
  return new Standings({
    ledger,
    publications,
    spaces,
    federation,
    forgetSnapshots,
    deleteStreams,
    world,
    signal: tasks.signal,
  });
}

function endingsOf(ground: Ground, { streams, publications, spaces, snapshots }: DataPlane): Endings {
  const { ledger, federation, directory, sealing, keys, world, tasks } = ground;
  return new Endings({
    ledger,
    publications,
    spaces,
    federation,
    directives: (): readonly Directive[] => directory.directives,
    purge: (member, epoch) => streams.purge(member, epoch),
    forgetSnapshot: (epoch) => snapshots.forget(epoch),
    destroyKey: (epoch) => sealing.destroy(epoch),
    beginJournalAnew: () => ground.journal.beginAnew(),
    signer: keys.signer,
    world,
    signal: tasks.signal,
  });
}

function serveNew({ tasks }: Ground, { plane }: DataPlane): void {
  for (const member of plane.newMembers()) tasks.run(plane.serve(member));
}

function retireShares({ evaluator }: Desk, log: Log): void {
  evaluator?.retire().catch((error: unknown) => events.evaluator.retireFailed(log, error));
}

/**
 * Members go on asking here what the chain says, also which key they are to believe now. They are served by whoever has that key: this
 * broker after a restart, if the key was made in its directory.
 */
function heedOtherKey({ isNamed, keys, federation, world }: Ground, onOwn: () => void): void {
  if (isNamed()) return;
  events.alarm.keyReplaced(world.log);
  if (keys.isNextDue(federation())) onOwn();
}
