/**
 * A broker that starts again with so many padded tokens in its books, from the snapshot that it wrote when it was stopped: until it takes
 * submissions, and the memory that it has then. After that a node connects and both compare what they hold: the digest.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { UnitName } from "../support/federation.ts";
import { PLACES_PER_RECORD } from "./federation-limits.ts";
import { costOf, minus, residentBytes } from "./federation-meter.ts";
import { Parties } from "./federation-parties.ts";
import { rounded } from "./measure.ts";
import type { BenchOptions } from "./measure.ts";
import { fillCache } from "./rotate-cache.ts";

const MILLION = 1_000_000;
/** Tokens that each unit adds before the broker starts again: no unit may spend more than five millions. */
const STEPS: readonly Step[] = [{ units: { ct: MILLION } }, { units: { thb: 4.5 * MILLION, wcu: 4.5 * MILLION } }];
const QUICK_STEPS: readonly Step[] = [{ units: { ct: 20_000 } }, { units: { thb: 40_000, wcu: 40_000 } }];
const LOOK_MS = 500;
/** For the collector to tidy up what the start has left. */
const REST_MS = 10_000;
const MIB = 1_024 * 1_024;

type Step = { readonly units: Partial<Readonly<Record<UnitName, number>>> };

type Start = {
  readonly tokens: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of the broker, ten seconds later. */
  readonly residentBytes: number;
};

type DigestCost = {
  readonly tokens: number;
  /** From the node's start to the word that both hold the same. */
  readonly seconds: number;
  readonly brokerCpuMs: number;
  /** Its own start included. */
  readonly nodeCpuMs: number;
};

export type Starts = {
  readonly start: readonly Start[];
  /** Of the broker's resident memory, the program itself included. */
  readonly bytesPerToken: number;
  /** Of what it has above a broker with an empty index. */
  readonly indexBytesPerToken: number;
  readonly emptyBroker: Start;
  readonly digests: readonly DigestCost[];
};

export async function startsOf({ quick, say }: BenchOptions): Promise<Starts> {
  await using parties = await Parties.found({ units: [], submissionBytesMax: 1_024 * MIB });
  await parties.startServers();
  const bench = new StartBench(parties);
  const emptyBroker = await bench.restart(0);
  const start: Start[] = [];
  const digests: DigestCost[] = [];
  let tokens = 0;
  for (const { units } of quick ? QUICK_STEPS : STEPS) {
    for (const [unit, added] of Object.entries(units)) {
      const began = performance.now();
      tokens += await bench.publish(unit as UnitName, added);
      const seconds = rounded((performance.now() - began) / 1_000);
      say(`start: ${unit} has published after ${seconds} s, ${tokens} tokens in all`);
    }
    const started = await bench.restart(tokens);
    say(`start: ${JSON.stringify(started)}`);
    start.push(started);
    for (const [unit, added] of Object.entries(units).slice(0, 1)) {
      const digest = await bench.digest(unit as UnitName, added);
      say(`digest: ${JSON.stringify(digest)}`);
      digests.push(digest);
    }
  }
  const most = start.at(-1) as Start;
  const bytesPerToken = rounded(most.residentBytes / most.tokens);
  const indexBytesPerToken = rounded((most.residentBytes - emptyBroker.residentBytes) / most.tokens);
  return { start, bytesPerToken, indexBytesPerToken, emptyBroker, digests };
}

class StartBench {
  readonly #parties: Parties;

  constructor(parties: Parties) {
    this.#parties = parties;
  }

  /** Resolves with how many it was, once the node is gone again. */
  async publish(unit: UnitName, tokens: number): Promise<number> {
    const records = Math.ceil(tokens / PLACES_PER_RECORD);
    const { federation } = this.#parties;
    const { generation } = federation.board.federation.found;
    fillCache(federation.dir(unit), { records, epoch: 1, generation });
    this.#parties.startNode(unit);
    await this.#agreed(unit, records, 0);
    await this.#parties.stop(unit);
    return records * PLACES_PER_RECORD;
  }

  async restart(tokens: number): Promise<Start> {
    await this.#parties.stop("broker");
    const seconds = await this.#parties.startBroker();
    if (tokens > 0 && !this.#parties.program("broker").logged("snapshot.loaded")) {
      throw new Error(`the broker did not start from its snapshot:\n${this.#parties.program("broker").lastLines}`);
    }
    const cpuSeconds = costOf(this.#parties.pidOf("broker")).processorMs / 1_000;
    await sleep(REST_MS);
    const bytes = residentBytes(this.#parties.pidOf("broker"));
    return { tokens, seconds: rounded(seconds), cpuSeconds: rounded(cpuSeconds), residentBytes: bytes };
  }

  async digest(unit: UnitName, tokens: number): Promise<DigestCost> {
    const broker = this.#parties.pidOf("broker");
    const before = costOf(broker);
    const [began, startedMs] = [performance.now(), Date.now()];
    this.#parties.startNode(unit);
    await this.#agreed(unit, Math.ceil(tokens / PLACES_PER_RECORD), startedMs);
    const seconds = rounded((performance.now() - began) / 1_000);
    const brokerCpuMs = minus(costOf(broker), before).processorMs;
    const nodeCpuMs = costOf(this.#parties.pidOf(unit)).processorMs;
    await this.#parties.stop(unit);
    return { tokens, seconds, brokerCpuMs, nodeCpuMs };
  }

  /** The node and the broker have said after `sinceMs` that they hold the same. */
  async #agreed(unit: UnitName, records: number, sinceMs: number): Promise<void> {
    await this.#parties.until(async () => {
      const status = await this.#parties.statusIfAny(unit);
      if (status !== undefined && status.rejected > 0n) throw new Error("the broker has refused records");
      const [epoch] = status?.epochs ?? [];
      if (epoch === undefined || Number(epoch.published) !== records) return undefined;
      return Number(epoch.digestAgreedMs) > sinceMs || undefined;
    }, LOOK_MS);
  }
}
