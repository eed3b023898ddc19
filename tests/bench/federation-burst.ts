/**
 * One unit holds records; another imports as many that match them. Beside it, in the same run and first, as many that match nobody: the
 * difference is what the matches cost. Both come after a tenth of each, so that all code has run once before it is measured.
 *
 * How far the nodes are is asked of their status, twice a second: watching every match would be a cost of its own.
 */
import type { UnitName } from "../support/federation.ts";
import { minus } from "./federation-meter.ts";
import type { Cost, Messages } from "./federation-meter.ts";
import { Parties } from "./federation-parties.ts";
import type { PartyName, Reading } from "./federation-parties.ts";
import { profiled } from "./federation-profile.ts";
import { Importer, plainPersons } from "./federation-records.ts";
import { rounded } from "./measure.ts";
import type { BenchOptions } from "./measure.ts";

const HOLDER: UnitName = "ct";
const SEEKER: UnitName = "wcu";
export const SIDES = [HOLDER, SEEKER] as const;
const LOOK_MS = 500;
const QUICK_LOOK_MS = 100;

export type Burst = {
  readonly matches: number;
  /** From the start of the import to the last match open, and named, at both sides. */
  readonly secondsToOpen: number;
  readonly secondsToNamed: number;
  readonly matchesPerSecondNamed: number;
  /** Over all parties, above what the records cost that match nobody. */
  readonly cpuMsPerMatch: number;
  readonly diskBytesPerMatch: number;
  /** That nats-server took and gave, what JetStream needs for itself (acknowledgements, requests for more) included. */
  readonly messagesPerMatch: number;
  readonly messagesTakenPerMatch: number;
  readonly messagesGivenPerMatch: number;
  readonly messagesStoredPerMatch: number;
  readonly wireBytesPerMatch: number;
  readonly cpuMsPerMatchOf: Readonly<Record<string, number>>;
  readonly diskBytesPerMatchOf: Readonly<Record<string, number>>;
  /** The records that match nobody: until they were published, and what each cost. */
  readonly unmatched: {
    readonly seconds: number;
    readonly cpuMs: number;
    readonly diskBytes: number;
    readonly messages: number;
  };
};

type Phase = { readonly before: Reading; readonly after: Reading; readonly seconds: number };

export async function burstOf(matches: number, options: BenchOptions): Promise<Burst> {
  await using parties = await Parties.start({ units: SIDES });
  using importer = new Importer(parties.federation, SEEKER);
  const bench = new BurstBench(parties, importer, matches < 1_000 ? QUICK_LOOK_MS : LOOK_MS);
  const warm = Math.ceil(matches / 10);
  const total = warm + matches;
  await bench.hold(total);
  await bench.publish(total, warm);
  await bench.meet(0, warm);
  const unmatched = await bench.publish(total + warm, matches);
  options.say(`burst: ${matches} records that match nobody published in ${rounded(unmatched.seconds)} s`);
  let openSeconds = 0;
  const matched = await profiled(parties, options, async () => {
    const met = await bench.meet(warm, matches);
    openSeconds = met.openSeconds;
    return met;
  });
  await bench.assertNamed(total);
  return report({ matches, openSeconds, matched, unmatched });
}

/** A unit that holds records, and another that imports. */
export class BurstBench {
  readonly #parties: Parties;
  readonly #importer: Importer;
  readonly #lookMs: number;

  constructor(parties: Parties, importer: Importer, lookMs: number) {
    this.#parties = parties;
    this.#importer = importer;
    this.#lookMs = lookMs;
  }

  async hold(count: number): Promise<void> {
    using importer = new Importer(this.#parties.federation, HOLDER);
    await importer.import(plainPersons({ unit: HOLDER, from: 0, count }));
    await this.#parties.published();
  }

  /** Persons that nobody else has. */
  async publish(from: number, count: number): Promise<Phase> {
    return await this.#phase(from, count, async () => await this.#parties.published([SEEKER], this.#lookMs));
  }

  /** Persons that the holder has: from `from` on, all before having met already. */
  async meet(from: number, count: number): Promise<Phase & { readonly openSeconds: number }> {
    const began = performance.now();
    let openSeconds = 0;
    const phase = await this.#phase(from, count, async () => {
      await this.#everySide((status) => Number(status.openMatches) >= from + count);
      openSeconds = (performance.now() - began) / 1_000;
      await this.#everySide((status) => status.unprovenMatches === 0n);
      await this.#parties.published(SIDES, this.#lookMs);
    });
    return { ...phase, openSeconds };
  }

  async #everySide(
    isThere: (status: { readonly openMatches: bigint; readonly unprovenMatches: bigint }) => boolean,
  ): Promise<void> {
    for (const unit of SIDES) {
      await this.#parties.until(async () => {
        const status = await this.#parties.statusIfAny(unit);
        return status !== undefined && isThere(status) ? true : undefined;
      }, this.#lookMs);
    }
  }

  async #phase(from: number, count: number, end: () => Promise<void>): Promise<Phase> {
    const before = await this.#parties.read();
    const began = performance.now();
    await this.#importer.import(plainPersons({ unit: SEEKER, from, count }));
    await end();
    const seconds = (performance.now() - began) / 1_000;
    return { before, after: await this.#parties.read(), seconds };
  }

  /** Every match is proven at both sides and says whom to call. */
  async assertNamed(count: number): Promise<void> {
    for (const unit of SIDES) {
      const matches = await this.#parties.federation.matches(unit);
      const named = matches.filter(
        ({ state, counterpart }) => state === "proven" && counterpart?.contact !== undefined,
      );
      if (named.length !== count) throw new Error(`${named.length} of ${count} matches are named at ${unit}`);
    }
  }
}

function report(of: {
  readonly matches: number;
  readonly openSeconds: number;
  readonly matched: Phase;
  readonly unmatched: Phase;
}): Burst {
  const { matches, matched, unmatched } = of;
  const cost = above(costIn(matched), costIn(unmatched), matches);
  const messages = above(messagesIn(matched), messagesIn(unmatched), matches);
  const parties = [...matched.after.of.keys()];
  const costOfParty = (name: PartyName): Cost => above(costIn(matched, name), costIn(unmatched, name), matches);
  const perParty = (value: keyof Cost) =>
    Object.fromEntries(parties.map((name) => [name, rounded(costOfParty(name)[value])]));
  const [alone, aloneMessages] = [costIn(unmatched), messagesIn(unmatched)];
  return {
    matches,
    secondsToOpen: rounded(of.openSeconds),
    secondsToNamed: rounded(matched.seconds),
    matchesPerSecondNamed: rounded(matches / matched.seconds),
    cpuMsPerMatch: rounded(cost.processorMs),
    diskBytesPerMatch: rounded(cost.diskBytes),
    messagesPerMatch: rounded(messages.in + messages.out),
    messagesTakenPerMatch: rounded(messages.in),
    messagesGivenPerMatch: rounded(messages.out),
    messagesStoredPerMatch: rounded(messages.stored),
    wireBytesPerMatch: rounded(messages.inBytes),
    cpuMsPerMatchOf: perParty("processorMs"),
    diskBytesPerMatchOf: perParty("diskBytes"),
    unmatched: {
      seconds: rounded(unmatched.seconds),
      cpuMs: rounded(alone.processorMs / matches),
      diskBytes: rounded(alone.diskBytes / matches),
      messages: rounded((aloneMessages.in + aloneMessages.out) / matches),
    },
  };
}

function costIn({ before, after }: Phase, party?: PartyName): Cost {
  if (party === undefined) return minus(after.all, before.all);
  return minus(after.of.get(party) as Cost, before.of.get(party) as Cost);
}

function messagesIn({ before, after }: Phase): Messages {
  return minus(after.messages, before.messages);
}

function above<Counts extends Readonly<Record<string, number>>>(one: Counts, other: Counts, count: number): Counts {
  return Object.fromEntries(Object.entries(minus(one, other)).map(([name, value]) => [name, value / count])) as Counts;
}
