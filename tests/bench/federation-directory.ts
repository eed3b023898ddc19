/** What two hundred members cost a broker and a node, of whom three run: the chain that names them all, and two streams for each. */
import { statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { partyFile } from "../../shared/party/files.ts";
import type { UnitName } from "../support/federation.ts";
import { costOf, minus, residentBytes } from "./federation-meter.ts";
import { Parties } from "./federation-parties.ts";
import type { PartyName } from "./federation-parties.ts";
import { rounded } from "./measure.ts";
import type { BenchOptions } from "./measure.ts";

const MEMBERS = 200;
const QUICK_MEMBERS = 20;
const UNIT: UnitName = "ct";
const UNITS = 3;
const IDLE_MS = 60_000;
const QUICK_IDLE_MS = 5_000;
const MIB = 1_024 * 1_024;
const MINUTE_MS = 60_000;

export type Directory = {
  readonly members: number;
  readonly chainBytes: number;
  /** Until the broker took submissions: with all streams to make, and with all of them there. */
  readonly firstStartSeconds: number;
  readonly startSeconds: number;
  readonly startCpuSeconds: number;
  /** From its start until a node that has never been there was connected. */
  readonly nodeSeconds: number;
  readonly nodeCpuSeconds: number;
  readonly residentBytes: Readonly<Partial<Record<PartyName, number>>>;
  /** Of processor time, while nobody does anything. */
  readonly idleMsPerMinute: Readonly<Partial<Record<PartyName, number>>>;
};

export async function directoryOf({ quick, say, count }: BenchOptions): Promise<{ readonly directory: Directory }> {
  const members = count ?? (quick ? QUICK_MEMBERS : MEMBERS);
  const others = members - UNITS;
  await using parties = await Parties.found({ units: [UNIT], others, submissionBytesMax: MIB });
  await parties.federation.nats.start();
  const firstStartSeconds = rounded(await parties.startBroker());
  say(`directory: the first start with ${members} members took ${firstStartSeconds} s`);
  await parties.stop("broker");
  const startSeconds = rounded(await parties.startBroker());
  const startCpuSeconds = rounded(costOf(parties.pidOf("broker")).processorMs / 1_000);
  const began = performance.now();
  parties.startNode(UNIT);
  await parties.connected();
  const nodeSeconds = rounded((performance.now() - began) / 1_000);
  const nodeCpuSeconds = rounded(costOf(parties.pidOf(UNIT)).processorMs / 1_000);
  const names = ["nats-server", "broker", UNIT] as const;
  const idleMsPerMinute = await idleOf(parties, names, quick ? QUICK_IDLE_MS : IDLE_MS);
  const memory = names.map((name) => [name, residentBytes(parties.pidOf(name))] as const);
  const directory = {
    members,
    chainBytes: statSync(partyFile(parties.federation.dir("broker"), "chain")).size,
    firstStartSeconds,
    startSeconds,
    startCpuSeconds,
    nodeSeconds,
    nodeCpuSeconds,
    residentBytes: Object.fromEntries(memory),
    idleMsPerMinute,
  };
  return { directory };
}

async function idleOf(
  parties: Parties,
  names: readonly PartyName[],
  forMs: number,
): Promise<Directory["idleMsPerMinute"]> {
  const before = await parties.read();
  await sleep(forMs);
  const after = await parties.read();
  const spent = names.map((name) => {
    const [from, to] = [before.of.get(name), after.of.get(name)];
    const ms = from === undefined || to === undefined ? Number.NaN : minus(to, from).processorMs;
    return [name, rounded((ms * MINUTE_MS) / forMs)] as const;
  });
  return Object.fromEntries(spent);
}
