/**
 * Before a broker opens its databases: waits until it may be the active one, and makes their files as whole as the two copies allow. A standby
 * spends its life here, following the stream.
 */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import type { Bus, BusConnector } from "../../shared/bus/bus.ts";
import { pause, within } from "../../shared/world/wait.ts";
import type { World } from "../../shared/world/world.ts";
import { insist } from "../bus/insist.ts";
import type { DatabasePaths } from "../ports.ts";
import { ALONE_AFTER_MS, FOLLOW_MS } from "./core/limits.ts";
import type { OwnFiles } from "./file-look.ts";
import { Follower } from "./follower.ts";
import type { DatabaseName } from "./follower.ts";
import { Lease } from "./lease.ts";
import type { Held } from "./lease.ts";
import { UnknownJournalKey } from "./stream.ts";
import type { JournalKeys, JournalSizes } from "./stream.ts";
import { events } from "./events.ts";

export type StartParts = {
  readonly connectBus: BusConnector;
  readonly keys: JournalKeys;
  readonly files: OwnFiles | undefined;
  readonly databases: DatabasePaths;
  readonly federation: Uint8Array;
  readonly place: string;
  readonly sizes: JournalSizes;
  readonly world: World;
  /** The program is to end. */
  readonly signal: AbortSignal;
};

/** How this process has come to be the one that may open the databases. */
export type Began = {
  /** The broker that was active before has gone silent. */
  readonly hasTakenOver: boolean;
  /** The ledger and its copy at NATS are both gone. */
  readonly hasLostLedger: boolean;
};

const AS_EVER: Began = { hasTakenOver: false, hasLostLedger: false };

/**
 * Resolves when this process may open the databases: it holds the lease, or NATS is away and it has all that it needs. Throws ENVIRONMENT if
 * another process has the files, or the stream's key is not in this directory; UNAVAILABLE when the signal aborts.
 */
export async function mayStart(parts: StartParts): Promise<Began> {
  const leave = new AbortController();
  const signal = AbortSignal.any([parts.signal, leave.signal]);
  try {
    const bus = await connect(parts, signal);
    if (bus === undefined) return AS_EVER;
    await using connected = bus;
    const reading = { ...parts, bus: connected };
    using follower = new Follower({ ...reading, isStandby: () => existsSync(markOf(parts)) });
    follower.lookAtFiles();
    return await standBy({ ...reading, signal }, follower);
  } finally {
    leave.abort();
  }
}

/** Undefined if NATS is away and this broker may go on without it. */
async function connect(parts: StartParts, signal: AbortSignal): Promise<Bus | undefined> {
  const lacks = lacking(parts);
  if (lacks !== undefined) events.lease.waitsForCopy(parts.world.log, { database: lacks });
  if (lacks !== undefined || existsSync(markOf(parts))) return await parts.connectBus({ signal });
  try {
    return await within(parts.world, ALONE_AFTER_MS, signal, (limited) => parts.connectBus({ signal: limited }));
  } catch (error) {
    if (!isCausewayError(error, "UNAVAILABLE") || signal.aborted) throw error;
    return undefined;
  }
}

/** A database that was here before, and is not, or not whole. */
function lacking(parts: StartParts): string | undefined {
  using follower = new Follower({ ...parts, bus: NO_BUS, isStandby: () => false });
  const missing = follower.lookAtFiles();
  return parts.keys.generations().length > 0
    ? missing.find((name) => name === "ledger" || name === "board")
    : undefined;
}

const NO_BUS: Pick<Bus, "replay" | "streamState"> = {
  streamState: async () => undefined,
  async *replay() {
    // Nothing is asked of it.
  },
};

type Reading = StartParts & { readonly bus: Bus };

async function standBy(parts: Reading, follower: Follower): Promise<Began> {
  const { world, signal } = parts;
  const lease = new Lease(parts);
  let isStandby = false;
  let canFollow = true;
  for (;;) {
    // One that cannot read the stream would put an old ledger in its place.
    const taken = canFollow ? await insist(parts, () => lease.acquire()) : "cannot";
    if (taken === "acquired" || taken === "takenOver") return await takeOver(parts, follower, taken);
    if (taken !== "cannot" && !isStandby) noteStandby(parts, taken);
    isStandby = true;
    const couldFollow = canFollow;
    canFollow = await follow(parts, follower, couldFollow);
    await pause(world, FOLLOW_MS, signal);
    if (signal.aborted) throw new CausewayError("UNAVAILABLE", "the program is stopping");
  }
}

/** Nobody else appends any more: what the stream holds now is all. */
async function takeOver(parts: Reading, follower: Follower, how: "acquired" | "takenOver"): Promise<Began> {
  const { log } = parts.world;
  // If it cannot be read, `Journal.compare` says what becomes of it.
  await follow(parts, follower, false);
  rmSync(markOf(parts), { force: true });
  if (how === "takenOver") events.lease.takenOver(log);
  else events.lease.acquired(log);
  const lost = lostBy(parts);
  for (const database of lost) events.journal.bothGone(log, undefined, { database });
  return { hasTakenOver: how === "takenOver", hasLostLedger: lost.includes("ledger") };
}

/** What neither copy has, although a broker has kept it before. */
function lostBy({ keys, databases }: StartParts): DatabaseName[] {
  if (keys.generations().length === 0) return [];
  return (["ledger", "board"] as const).filter((name) => !existsSync(databases(name)));
}

/** Whether all of the stream can be read here: a key that was made since this directory was copied is missing. */
async function follow(parts: Reading, follower: Follower, isNews: boolean): Promise<boolean> {
  try {
    await insist(parts, () => follower.follow());
    return true;
  } catch (error) {
    if (!isCausewayError(error, "UNPROVEN") && !isCausewayError(error, "INVALID")) throw error;
    if (!(error instanceof UnknownJournalKey) || parts.keys.isGivenUp()) return true;
    if (isNews) events.journal.keyTooOld(parts.world.log, error, { generation: error.generation });
    return false;
  }
}

function noteStandby(parts: StartParts, { sinceMs }: Held): void {
  markStandby(parts);
  events.lease.standingBy(parts.world.log, { activeSince: new Date(sinceMs).toISOString() });
}

/** This broker is not the active one, so without NATS it does not take itself for that at its next start. */
export function markStandby(parts: Pick<StartParts, "databases">): void {
  writeFileSync(markOf(parts), "", { mode: 0o600 });
}

function markOf({ databases }: Pick<StartParts, "databases">): string {
  return join(dirname(databases("ledger")), "standby");
}
