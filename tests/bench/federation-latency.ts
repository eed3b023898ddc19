/**
 * Records that are entered one by one, each of which matches one that another unit holds: how long from the moment its import is asked for
 * until the match is open, and until it says whom to call, at both sides. Seen by clients that watch both nodes, as the pages do.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { LiaisonServiceDefinition } from "../../agency-node/wire/gen/causeway/node/v1/liaison.ts";
import type { Match } from "../../agency-node/wire/gen/causeway/node/v1/liaison.ts";
import type { TestFederation, UnitName } from "../support/federation.ts";
import { minus } from "./federation-meter.ts";
import { Parties } from "./federation-parties.ts";
import type { Reading } from "./federation-parties.ts";
import { profiled } from "./federation-profile.ts";
import { Importer, knowsUrgent, plainPersons } from "./federation-records.ts";
import { percentile, rounded } from "./measure.ts";
import type { BenchOptions } from "./measure.ts";

const HOLDER: UnitName = "ct";
const SEEKER: UnitName = "wcu";
const SIDES = [HOLDER, SEEKER] as const;
const SECONDS = 20;
const RATES: readonly (readonly [perSecond: number, seconds: number])[] = [
  [1, SECONDS],
  [10, SECONDS],
  [100, SECONDS],
];
const QUICK_RATES: typeof RATES = [
  [1, 3],
  [10, 2],
  [100, 1],
];
const IDLE_RECORDS = 20;
const QUICK_IDLE_RECORDS = 3;
/** Between one record that is alone and the next, of different lengths: a rhythm could fall in with the programs' own. */
const IDLE_PAUSE_MS = [700, 1_900, 1_200, 2_300] as const;
const WARM_RECORDS = 20;
const LOOK_MS = 20;
const WAIT_MS_MAX = 15 * 60_000;

type Percentiles = Readonly<Record<"openP50Ms" | "openP99Ms" | "namedP50Ms" | "namedP99Ms", number>>;
type Rate = Percentiles & {
  readonly recordsPerSecond: number;
  readonly records: number;
  /** From the last record's import to the last match named: what had piled up. */
  readonly drainMs: number;
  /** Import, hardening, publication and match, watchers included. */
  readonly cpuMsPerRecord: number;
  readonly cpuMsPerRecordOf: Readonly<Record<string, number>>;
  /** Of this process, which imports and watches. It is in no other figure. */
  readonly clientCpuMsPerRecord: number;
  readonly messagesPerRecord: number;
};

type Costs = Pick<Rate, "cpuMsPerRecord" | "cpuMsPerRecordOf" | "clientCpuMsPerRecord" | "messagesPerRecord">;
type TimedRate = Omit<Rate, keyof Costs>;

export type Latency = {
  /** Of one record at a time, when nothing else is on its way. */
  readonly idle: Percentiles & { readonly records: number };
  readonly latency: readonly Rate[];
  /** How records went past the node's beat: "urgent", or "beatMs 0" for a version without such an option. */
  readonly latencyBeat: string;
};

export async function latencyOf(options: BenchOptions): Promise<Latency> {
  const rates = ratesOf(options);
  const idleRecords = options.quick || options.count !== undefined ? QUICK_IDLE_RECORDS : IDLE_RECORDS;
  const total = rates.reduce((sum, [perSecond, seconds]) => sum + perSecond * seconds, WARM_RECORDS + idleRecords);
  const nodeSettings = knowsUrgent ? {} : { beatMs: 0 };
  await using parties = await Parties.start({ units: SIDES, nodeSettings });
  await using bench = await LatencyBench.start(parties, total);
  await bench.atRate(WARM_RECORDS / 2, 2);
  const idle = { records: idleRecords, ...(await bench.idle(idleRecords)) };
  options.say(`latency, idle: ${JSON.stringify(idle)}`);
  const latency: Rate[] = [];
  for (const [perSecond, seconds] of rates) {
    const before = await parties.read();
    const client = process.cpuUsage();
    const timed = await profiled(parties, options, async () => await bench.atRate(perSecond, seconds));
    const clientCpuMsPerRecord = rounded(processorMs(process.cpuUsage(client)) / timed.records);
    const rate = { ...timed, ...costsOf(before, await parties.read(), timed.records), clientCpuMsPerRecord };
    options.say(`latency: ${JSON.stringify(rate)}`);
    latency.push(rate);
  }
  return { idle, latency, latencyBeat: knowsUrgent ? "urgent" : "beatMs 0" };
}

/** With `--count`: that one, in records a second. */
function ratesOf({ quick, count }: BenchOptions): typeof RATES {
  if (count !== undefined) return [[count, SECONDS]];
  return quick ? QUICK_RATES : RATES;
}

function costsOf(before: Reading, after: Reading, records: number): Omit<Costs, "clientCpuMsPerRecord"> {
  const each = [...after.of].map(([name, cost]) => {
    const spentMs = cost.processorMs - (before.of.get(name)?.processorMs ?? 0);
    return [name, rounded(spentMs / records)] as const;
  });
  const messages = minus(after.messages, before.messages);
  return {
    cpuMsPerRecord: rounded(minus(after.all, before.all).processorMs / records),
    cpuMsPerRecordOf: Object.fromEntries(each),
    messagesPerRecord: rounded((messages.in + messages.out) / records),
  };
}

function processorMs({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000;
}

/** When each person's match was first seen, in ms of this process's clock. */
type Seen = { readonly open: Map<string, number>; readonly named: Map<string, number> };

class LatencyBench implements AsyncDisposable {
  readonly #importer: Importer;
  readonly #seen: ReadonlyMap<UnitName, Seen>;
  readonly #end = new AbortController();
  readonly #watching: Promise<unknown>;
  /** The next person of whom the other unit knows already. */
  #next = 0;

  private constructor(federation: TestFederation) {
    this.#importer = new Importer(federation, SEEKER);
    const seen = SIDES.map((unit) => [unit, { open: new Map(), named: new Map() }] as const);
    this.#seen = new Map(seen);
    const watches = seen.map(async ([unit, of]) => await watch(federation, unit, of, this.#end.signal));
    this.#watching = Promise.all(watches).catch((error: unknown) => {
      if (!this.#end.signal.aborted) throw error;
    });
    this.#watching.catch(() => undefined);
  }

  static async start(parties: Parties, records: number): Promise<LatencyBench> {
    using holder = new Importer(parties.federation, HOLDER);
    await holder.import(plainPersons({ unit: HOLDER, from: 0, count: records }));
    await parties.published();
    return new LatencyBench(parties.federation);
  }

  async idle(records: number): Promise<Percentiles> {
    const began = new Map<number, number>();
    for (let i = 0; i < records; i += 1) {
      const [number, imported] = this.#enter(began);
      await imported;
      await this.#named([number]);
      await sleep(IDLE_PAUSE_MS[i % IDLE_PAUSE_MS.length] as number);
    }
    return this.#percentiles(began);
  }

  /** As many a second, whether those before have arrived or not. */
  async atRate(recordsPerSecond: number, seconds: number): Promise<TimedRate> {
    const records = recordsPerSecond * seconds;
    const began = new Map<number, number>();
    const imports: Promise<unknown>[] = [];
    const start = performance.now();
    for (let i = 0; i < records; i += 1) {
      await sleep(Math.max(0, start + (1_000 * i) / recordsPerSecond - performance.now()));
      imports.push(this.#enter(began)[1]);
    }
    const last = performance.now();
    await Promise.all(imports);
    await this.#named([...began.keys()]);
    const drainMs = rounded(performance.now() - last);
    return { recordsPerSecond, records, ...this.#percentiles(began), drainMs };
  }

  #enter(began: Map<number, number>): readonly [number: number, imported: Promise<unknown>] {
    const number = this.#next;
    this.#next += 1;
    const file = plainPersons({ unit: SEEKER, from: number, count: 1 });
    began.set(number, performance.now());
    const imported = this.#importer.import(file, { urgent: knowsUrgent });
    imported.catch(() => undefined);
    return [number, imported];
  }

  async #named(numbers: readonly number[]): Promise<void> {
    const deadline = performance.now() + WAIT_MS_MAX;
    const isNamed = (number: number): boolean => !Number.isNaN(this.#bothSides(number, "named"));
    while (!numbers.every(isNamed)) {
      if (performance.now() > deadline) throw new Error("matches are missing");
      await Promise.race([sleep(LOOK_MS), this.#watching]);
    }
  }

  /** NaN before both have seen it. */
  #bothSides(number: number, what: keyof Seen): number {
    return Math.max(...SIDES.map((unit) => this.#seen.get(unit)?.[what].get(`${unit}-${number}`) ?? Number.NaN));
  }

  #percentiles(began: ReadonlyMap<number, number>): Percentiles {
    const took = (what: keyof Seen): number[] =>
      [...began].map(([number, atMs]) => this.#bothSides(number, what) - atMs);
    const [open, named] = [took("open"), took("named")];
    return {
      openP50Ms: rounded(percentile(open, 0.5)),
      openP99Ms: rounded(percentile(open, 0.99)),
      namedP50Ms: rounded(percentile(named, 0.5)),
      namedP99Ms: rounded(percentile(named, 0.99)),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#watching.catch(() => undefined);
    this.#importer[Symbol.dispose]();
  }
}

async function watch(federation: TestFederation, unit: UnitName, seen: Seen, signal: AbortSignal): Promise<void> {
  using liaison = federation.connect(LiaisonServiceDefinition, unit);
  for await (const { match } of liaison.client.watchMatches({}, { signal })) {
    if (match !== undefined) note(match, seen);
  }
}

function note({ reference, state, counterpart }: Match, { open, named }: Seen): void {
  const now = performance.now();
  if (!open.has(reference)) open.set(reference, now);
  if (state === "proven" && counterpart?.contact !== undefined && !named.has(reference)) named.set(reference, now);
}
