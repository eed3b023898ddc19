/**
 * Many records at once, at a unit alone. From a file: read, made comparable, hardened by two evaluators, salted, padded, sent, kept and
 * receipted. From hardened identifiers, as after years: a cache that was filled ahead, and all the rest. And the import alone, while nobody
 * hardens: how fast the node reads, checks and keeps records.
 */
import { identifiersOf } from "../../agency-node/linkage/identifiers.ts";
import { classOf } from "../../agency-node/linkage/scheme.ts";
import { paddedCount } from "../../agency-node/core/padding.ts";
import { TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type { UnitName } from "../support/federation.ts";
import { hashedTokensPerCpuSecond, hashesPerSecond, jetStreamLimit, PLACES_PER_RECORD } from "./federation-limits.ts";
import type { JetStreamLimit } from "./federation-limits.ts";
import { minus } from "./federation-meter.ts";
import { Parties } from "./federation-parties.ts";
import { profiled } from "./federation-profile.ts";
import { fullPersonOf, fullPersons, Importer } from "./federation-records.ts";
import { rounded } from "./measure.ts";
import type { BenchOptions } from "./measure.ts";
import { fillCache } from "./rotate-cache.ts";

const UNIT: UnitName = "wcu";
const FILLED: UnitName = "ct";
const LOOK_MS = 200;
const START_LOOK_MS = 20;
/** How many of them, and their memory, are what a unit has; the hardening of as many would take an hour. */
const SIZES = { imported: 20_000, fromFile: 5_000, fromHardened: 50_000 };
const QUICK_SIZES = { imported: 1_000, fromFile: 300, fromHardened: 2_000 };

type Rate = {
  /** Padded tokens that the broker has in its index, by its receipts. */
  readonly tokens: number;
  readonly seconds: number;
  readonly tokensPerSecond: number;
  /** Of all parties together. */
  readonly tokensPerCpuSecond: number;
  readonly cpuSecondsOf: Readonly<Record<string, number>>;
  readonly diskBytesPerToken: number;
};

export type Bulk = {
  readonly import: {
    readonly records: number;
    readonly recordsPerSecond: number;
    readonly recordsPerCpuSecond: number;
  };
  /** From hardened identifiers; `limit`: by hashes alone, a second and core. */
  readonly bulk: Rate & { readonly limit: number; readonly fromFile: Rate };
  readonly limits: JetStreamLimit & { readonly hashesPerSecond: number };
};

export async function bulkOf(options: BenchOptions): Promise<Bulk> {
  const sizes = options.quick ? QUICK_SIZES : SIZES;
  await using parties = await Parties.found({ units: [UNIT] });
  await parties.federation.nats.start();
  const limits = { hashesPerSecond: hashesPerSecond(), ...(await jetStreamLimit(parties.federation)) };
  options.say(`limits: ${JSON.stringify(limits)}`);
  await parties.startBroker();
  parties.startNode(UNIT);
  await parties.connected();
  const imported = await importAlone(parties, sizes.imported);
  options.say(`import: ${JSON.stringify(imported)}`);
  return { import: imported, bulk: await ratesOf(sizes, options), limits };
}

/** At a node whose second evaluator does not run. */
async function importAlone(parties: Parties, records: number): Promise<Bulk["import"]> {
  using importer = new Importer(parties.federation, UNIT);
  await importer.import(fullPersons({ unit: UNIT, from: 0, count: Math.ceil(records / 10) }));
  const before = await parties.read();
  const began = performance.now();
  await importer.import(fullPersons({ unit: UNIT, from: records, count: records }));
  const seconds = (performance.now() - began) / 1_000;
  const { of } = await parties.read();
  const cpuMs = (of.get(UNIT)?.processorMs ?? 0) - (before.of.get(UNIT)?.processorMs ?? 0);
  return {
    records,
    recordsPerSecond: rounded(records / seconds),
    recordsPerCpuSecond: rounded((1_000 * records) / cpuMs),
  };
}

async function ratesOf(sizes: typeof SIZES, options: BenchOptions): Promise<Bulk["bulk"]> {
  await using parties = await Parties.start({ units: [UNIT] });
  const fromFile = await profiled(parties, options, async () => await fileRate(parties, sizes.fromFile));
  options.say(`bulk from a file: ${JSON.stringify(fromFile)}`);
  const { generation } = parties.federation.board.federation.found;
  fillCache(parties.federation.dir(FILLED), { records: sizes.fromHardened, epoch: 1, generation });
  parties.startNode(FILLED);
  const fromHardened = await profiled(parties, options, async () => await hardenedRate(parties, sizes.fromHardened));
  return { ...fromHardened, limit: hashedTokensPerCpuSecond(), fromFile };
}

async function fileRate(parties: Parties, records: number): Promise<Rate> {
  using importer = new Importer(parties.federation, UNIT);
  return await rateOf(parties, placesOf(records), async () => {
    await importer.import(fullPersons({ unit: UNIT, from: 0, count: records }));
    await parties.published([UNIT], LOOK_MS);
  });
}

/** From the moment that the node, which has just started, answers. */
async function hardenedRate(parties: Parties, records: number): Promise<Rate> {
  await parties.until(async () => await parties.statusIfAny(FILLED), START_LOOK_MS);
  return await rateOf(parties, records * PLACES_PER_RECORD, async () => {
    await parties.until(async () => {
      const status = await parties.federation.status(FILLED);
      return Number(status.records) === records && status.outbox === 0n ? true : undefined;
    }, LOOK_MS);
  });
}

async function rateOf(parties: Parties, tokens: number, work: () => Promise<void>): Promise<Rate> {
  const before = await parties.read();
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1_000;
  const after = await parties.read();
  const { processorMs, diskBytes } = minus(after.all, before.all);
  const cpuSecondsOf = [...after.of].map(
    ([name, cost]) => [name, rounded((cost.processorMs - (before.of.get(name)?.processorMs ?? 0)) / 1_000)] as const,
  );
  return {
    tokens,
    seconds: rounded(seconds),
    tokensPerSecond: rounded(tokens / seconds),
    tokensPerCpuSecond: rounded((1_000 * tokens) / processorMs),
    cpuSecondsOf: Object.fromEntries(cpuSecondsOf),
    diskBytesPerToken: rounded(diskBytes / tokens),
  };
}

/** Of so many persons of `fullPersons`, from the first. */
function placesOf(records: number): number {
  let places = 0;
  for (let number = 0; number < records; number += 1) {
    const identifiers = [...identifiersOf(fullPersonOf(number))];
    for (const tokenClass of TOKEN_CLASSES) {
      const count = identifiers.filter(({ kind }) => classOf(kind) === tokenClass).length;
      places += paddedCount(tokenClass, count);
    }
  }
  return places;
}
