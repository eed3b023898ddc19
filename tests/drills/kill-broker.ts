/**
 * The broker dies, again and again, at any moment, while three units publish records that overlap; now and then nats-server dies
 * as well. Afterwards the books of the broker and of every node are compared with the records in plain text: both sides of each
 * match must have learned of it, once, or something was lost.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { UnitName } from "../support/federation.ts";
import { TestFederation } from "../support/federation.ts";
import { BrokerProcess } from "./broker-process.ts";
import { booksIn, readBooks } from "./evidence.ts";
import type { Books } from "./evidence.ts";
import { isFlawless, judge } from "./judge.ts";
import type { Verdict } from "./judge.ts";
import { expectedPairs, fileOf } from "./model.ts";
import type { Pair, PlainRecord } from "./model.ts";
import { seeded } from "./seeded.ts";
import type { Seeded } from "./seeded.ts";

export type KillOptions = {
  /** How often the broker is killed. */
  readonly runs: number;
  readonly seed: number;
  /** Every so many runs, nats-server is killed too; 0 is never. */
  readonly natsEvery: number;
  readonly say: (line: string) => void;
};

export type KillReport = Verdict & {
  readonly drill: "kill-broker";
  readonly runs: number;
  readonly natsKills: number;
  readonly records: number;
  /** Kills after which the ledger held more matches than before. */
  readonly runsWithMatches: number;
  readonly flawless: boolean;
  readonly seconds: number;
  readonly seed: number;
};

const UNITS: readonly UnitName[] = ["ct", "thb", "wcu"];
const SETTLE_MS_MAX = 240_000;

/** A federation whose broker is a process of its own. `look` may read the books once everything has stopped. */
export async function killBroker(
  options: KillOptions,
  look: (books: Books, expected: ReadonlySet<Pair>) => Promise<void> | void = () => undefined,
): Promise<KillReport> {
  const started = performance.now();
  await using federation = await TestFederation.found();
  const { dir } = federation.configureBroker();
  await federation.nats.start();
  await federation.startEvaluator();
  let broker = new BrokerProcess(dir);
  await broker.logged("broker.ready");
  for (const unit of UNITS) await federation.startNode(unit);
  try {
    const chance = seeded(options.seed);
    const publishing = new Publishing(federation, seeded(options.seed + 1));
    const publishers = UNITS.map((unit) => publishing.run(unit));
    let [natsKills, runsWithMatches, matchesBefore] = [0, 0, 0];
    for (let run = 1; run <= options.runs; run += 1) {
      const moment = await untilMoment(broker, chance);
      const withNats = options.natsEvery > 0 && run % options.natsEvery === 0;
      if (withNats && chance.next() < 0.5) await federation.nats.kill();
      await broker.kill();
      if (withNats) {
        await federation.nats.kill();
        natsKills += 1;
        await sleep(chance.between(0, 1_000));
      }
      const matches = await openedAt(federation, "ct");
      if (matches > matchesBefore) runsWithMatches += 1;
      matchesBefore = matches;
      options.say(
        `kill ${run} ${moment}${withNats ? ", nats-server too" : ""}; ct has ${matches} notices of ${publishing.records.length} records in all`,
      );
      if (chance.next() < 0.3) await sleep(chance.between(0, 500));
      broker = new BrokerProcess(dir);
      if (withNats) await federation.nats.start();
    }
    publishing.stop();
    await Promise.all(publishers);
    options.say("all kills done; waiting until nothing is on its way");
    await broker.logged("broker.ready");
    await federation.settled(UNITS, SETTLE_MS_MAX);
    await broker.kill();
    broker = new BrokerProcess(dir);
    await broker.logged("broker.ready");
    // Whatever the last rebuild had lost would meet nobody now.
    await publishing.probe();
    await federation.settled(UNITS, SETTLE_MS_MAX);
    await broker.stop();
    for (const unit of UNITS) await federation.stop(unit);
    const expected = expectedPairs(publishing.records);
    const books = booksIn(federation.root, federation.founded.members);
    await look(books, expected);
    const seconds = Math.round((performance.now() - started) / 1_000);
    const { runs, seed } = options;
    const verdict = judge(expected, readBooks(books));
    return {
      drill: "kill-broker",
      runs,
      natsKills,
      records: publishing.records.length,
      ...verdict,
      flawless: isFlawless(verdict),
      runsWithMatches,
      seconds,
      seed,
    };
  } finally {
    await broker[Symbol.asyncDispose]();
  }
}

/** Lets the broker live until a moment that chance chooses: while it starts, after some work, or at any time. */
async function untilMoment(broker: BrokerProcess, chance: Seeded): Promise<string> {
  const kind = chance.next();
  if (kind < 0.15) {
    const ms = chance.between(0, 1_500);
    await sleep(ms);
    return `${ms} ms after its start`;
  }
  await broker.logged("broker.ready");
  if (kind < 0.55) {
    const times = broker.count("publication.applied") + chance.between(1, 6);
    await Promise.race([broker.logged("publication.applied", times), sleep(6_000)]).catch(() => undefined);
    return "right after it had applied a publication";
  }
  const ms = chance.between(0, 3_000);
  await sleep(ms);
  return `${ms} ms after it was ready`;
}

async function openedAt(federation: TestFederation, unit: UnitName): Promise<number> {
  return Number((await federation.status(unit)).notices);
}

/** Many small imports at every unit, of passports that the others hold, some of them, too. */
class Publishing {
  readonly records: PlainRecord[] = [];
  readonly #federation: TestFederation;
  readonly #chance: Seeded;
  readonly #stop = new AbortController();

  constructor(federation: TestFederation, chance: Seeded) {
    this.#federation = federation;
    this.#chance = chance;
  }

  stop(): void {
    this.#stop.abort();
  }

  async run(unit: UnitName): Promise<void> {
    for (let number = 1; !this.#stop.signal.aborted;) {
      const file = Array.from({ length: this.#chance.between(1, 2) }, () => this.#record(unit, number++));
      await this.#import(unit, file);
      const change = this.#chance.next();
      // Now and then with something else changed that nobody compares, or taken back and given again: no match opens twice.
      if (change < 0.2) await this.#federation.import(unit, fileOf(file), { caseReference: "CASE-INVENTED-2" });
      else if (change < 0.35) await this.#takeBackAndGive(unit, file);
      await sleep(this.#chance.between(100, 900));
    }
  }

  /** Another unit publishes each passport once more. */
  async probe(): Promise<void> {
    const published = [...this.records];
    for (const [i, unit] of UNITS.entries()) {
      const others = published.filter((record) => record.unit === UNITS[(i + 1) % UNITS.length]);
      const probes = others.map(({ passport }, at) => ({ unit, reference: `${unit}-probe-${at}`, passport }));
      await this.#import(unit, probes);
    }
  }

  async #takeBackAndGive(unit: UnitName, file: readonly PlainRecord[]): Promise<void> {
    await sleep(this.#chance.between(0, 1_500));
    using records = this.#federation.records(unit);
    for (const { reference } of file) await records.client.withdraw({ reference, reason: "invented" });
    await sleep(this.#chance.between(0, 1_500));
    await this.#federation.import(unit, fileOf(file));
  }

  async #import(unit: UnitName, records: readonly PlainRecord[]): Promise<void> {
    await this.#federation.import(unit, fileOf(records));
    this.records.push(...records);
  }

  #record(unit: UnitName, number: number): PlainRecord {
    const digits = String(number).padStart(6, "0");
    const passport =
      this.#chance.next() < 0.6 ? `ZX9${digits}` : `${unit === "ct" ? "C" : unit === "thb" ? "T" : "W"}Q8${digits}`;
    return { unit, reference: `${unit}-${number}`, passport };
  }
}
