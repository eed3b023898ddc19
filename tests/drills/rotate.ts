/**
 * Two rotations of the salts and one that is aborted, while three units publish all through, one of them off-line for the first, and the
 * broker is killed in every state. Afterwards every match that the records in plain text hold must have been told to both sides once,
 * and no token of an ended epoch may be found in the broker's memory, on its disk or in the streams.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { sealingKeyEpochs } from "../../shared/party/keys.ts";
import type { UnitName } from "../support/federation.ts";
import { TestFederation } from "../support/federation.ts";
import { BrokerProcess } from "./broker-process.ts";
import { booksIn, readBooks } from "./evidence.ts";
import type { Books } from "./evidence.ts";
import { isFlawless, judge } from "./judge.ts";
import type { Verdict } from "./judge.ts";
import { expectedPairs, fileOf } from "./model.ts";
import type { Pair, PlainRecord } from "./model.ts";
import { residueOf } from "./residue.ts";
import { seeded } from "./seeded.ts";
import type { Seeded } from "./seeded.ts";
import { tokensPublishedIn } from "./tokens.ts";

export type RotateOptions = {
  /** Of all units together, before the first rotation begins. */
  readonly records: number;
  /** New records a second, of all units together, from then on. */
  readonly perSecond: number;
  readonly seed: number;
  readonly say: (line: string) => void;
};

export type RotateReport = Verdict & {
  readonly drill: "rotate";
  readonly pairs: number;
  readonly records: number;
  readonly brokerKills: number;
  /** Tokens of the epochs that ended, that were searched for. */
  readonly retiredTokens: number;
  /** Of them, in memory, on disk and in streams. */
  readonly retiredTokensFound: number;
  /** The same search, while the first epoch still was in use: shows that the search finds what is there. */
  readonly liveTokensFound: number;
  readonly flawless: boolean;
  readonly seconds: number;
  readonly seed: number;
};

const UNITS: readonly UnitName[] = ["ct", "thb", "wcu"];
const SETTLE_MS_MAX = 1_800_000;
const STAGED_MS_MAX = 1_800_000;
const FILE_RECORDS_MAX = 2_000;
/** Of the tokens that were published in an epoch, as many are searched for. */
const SAMPLE_TOKENS = 200_000;

/** `look` may read the books once everything has stopped. */
export async function rotate(
  options: RotateOptions,
  look: (books: Books, expected: ReadonlySet<Pair>) => Promise<void> | void = () => undefined,
): Promise<RotateReport> {
  await using drill = await RotationDrill.start(options);
  return await drill.run(look);
}

class RotationDrill implements AsyncDisposable {
  readonly #options: RotateOptions;
  readonly #federation: TestFederation;
  readonly #feed: Feed;
  readonly #started = performance.now();
  #broker: BrokerProcess;
  #kills = 0;
  readonly #retired: Uint8Array[] = [];

  private constructor(options: RotateOptions, federation: TestFederation, broker: BrokerProcess) {
    this.#options = options;
    this.#federation = federation;
    this.#broker = broker;
    this.#feed = new Feed(federation, seeded(options.seed), options);
  }

  static async start(options: RotateOptions): Promise<RotationDrill> {
    const federation = await TestFederation.found();
    const { dir } = federation.configureBroker();
    await federation.nats.start();
    await federation.startEvaluator();
    const broker = new BrokerProcess(dir);
    await broker.logged("broker.ready");
    for (const unit of UNITS) await federation.startNode(unit);
    return new RotationDrill(options, federation, broker);
  }

  async run(look: (books: Books, expected: ReadonlySet<Pair>) => Promise<void> | void): Promise<RotateReport> {
    const federation = this.#federation;
    await this.#feed.load();
    await federation.settled(UNITS, SETTLE_MS_MAX);
    this.#say("loaded, published and matched in epoch 1");
    const liveTokensFound = await this.#find(await tokensPublishedIn(federation, 1, SAMPLE_TOKENS));
    const publishing = this.#feed.run(UNITS.filter((unit) => unit !== "wcu"));

    await this.#killBroker("before anything is planned");
    await federation.stop("wcu");
    this.#say("wcu is off-line");
    await this.#aborted(2);
    await this.#rotation({ from: 1, to: 3, ready: ["ct", "thb"], laggards: ["wcu"] });

    await federation.startNode("wcu");
    this.#feed.resume("wcu");
    this.#say("wcu is back");
    await this.#rotation({ from: 3, to: 4, ready: UNITS, laggards: [] });

    this.#feed.stop();
    await publishing;
    this.#say("publishing has ended");
    await federation.settled(UNITS, SETTLE_MS_MAX);
    this.#say("nothing is on its way any more");
    await this.#killBroker("after the last rotation");
    await federation.settled(UNITS, SETTLE_MS_MAX);
    const retiredTokensFound = await this.#find(this.#retired);
    return await this.#verdict(look, { liveTokensFound, retiredTokensFound });
  }

  /** An epoch that is opened, filled for a while, and taken back. */
  async #aborted(epoch: number): Promise<void> {
    await this.#federation.openEpoch(epoch, { newKeysOf: this.#members(["ct", "thb"]) });
    await this.#killBroker(`in staging of epoch ${epoch}, which will be aborted`);
    await this.#staged(epoch, ["ct", "thb"]);
    this.#retired.push(...(await tokensPublishedIn(this.#federation, epoch, SAMPLE_TOKENS)));
    this.#federation.abort(epoch);
    await this.#purged(epoch);
    await this.#killBroker(`after the abort of epoch ${epoch}`);
  }

  async #rotation(of: {
    readonly from: number;
    readonly to: number;
    readonly ready: readonly UnitName[];
    readonly laggards: readonly UnitName[];
  }): Promise<void> {
    const { from, to, ready, laggards } = of;
    await this.#federation.openEpoch(to, { newKeysOf: this.#members(ready) });
    await this.#killBroker(`in staging of epoch ${to}`);
    await this.#staged(to, ready);
    this.#federation.activate(to, laggards);
    await this.#killBroker(`with epoch ${to} active and epoch ${from} closing`);
    await this.#federation.informed(ready);
    this.#retired.push(...(await tokensPublishedIn(this.#federation, from, SAMPLE_TOKENS)));
    this.#federation.retire(from, "rotated", laggards);
    await this.#killBroker(`while epoch ${from} is being retired`);
    await this.#purged(from);
    await this.#killBroker(`with epoch ${from} retired`);
  }

  /** Every record that these units hold stands in the epoch, and node and broker agree on it. */
  async #staged(epoch: number, units: readonly UnitName[]): Promise<void> {
    const started = performance.now();
    for (const unit of units) {
      for (;;) {
        const { epochs } = await this.#federation.status(unit);
        const progress = epochs.find((each) => each.epoch === epoch);
        if (progress !== undefined && progress.digestAgreedMs > 0n) break;
        if (performance.now() - started > STAGED_MS_MAX)
          throw new Error(`${unit} does not get ready for epoch ${epoch}`);
        await sleep(250);
      }
    }
    this.#say(`epoch ${epoch} staged at ${units.join(" and ")} in ${seconds(started)} s`);
  }

  /** The last thing that goes is the key: with it, what anybody has copied of the streams. */
  async #purged(epoch: number): Promise<void> {
    const started = performance.now();
    while (sealingKeyEpochs(this.#federation.dir("broker")).includes(epoch)) {
      if (performance.now() - started > SETTLE_MS_MAX) throw new Error(`the broker does not purge epoch ${epoch}`);
      await sleep(100);
    }
    this.#say(`epoch ${epoch} purged`);
  }

  async #killBroker(when: string): Promise<void> {
    await sleep(this.#feed.chance.between(0, 1_500));
    await this.#broker.kill();
    this.#kills += 1;
    this.#say(`broker killed ${when}`);
    await sleep(this.#feed.chance.between(0, 500));
    this.#broker = new BrokerProcess(this.#federation.dir("broker"));
    await this.#broker.logged("broker.ready", 1, SETTLE_MS_MAX);
  }

  async #find(tokens: readonly Uint8Array[]): Promise<number> {
    const dirs = [this.#federation.dir("broker"), this.#federation.dir("nats")];
    return await residueOf(tokens, { pid: this.#broker.pid, dirs });
  }

  async #verdict(
    look: (books: Books, expected: ReadonlySet<Pair>) => Promise<void> | void,
    found: { readonly liveTokensFound: number; readonly retiredTokensFound: number },
  ): Promise<RotateReport> {
    await this.#broker.stop();
    for (const unit of UNITS) await this.#federation.stop(unit);
    const expected = expectedPairs(this.#feed.records);
    const books = booksIn(this.#federation.root, this.#federation.founded.members);
    await look(books, expected);
    const verdict = judge(expected, readBooks(books));
    return {
      drill: "rotate",
      pairs: expected.size,
      ...verdict,
      records: this.#feed.records.length,
      brokerKills: this.#kills,
      retiredTokens: this.#retired.length,
      ...found,
      flawless: isFlawless(verdict) && found.retiredTokensFound === 0 && found.liveTokensFound > 0,
      seconds: seconds(this.#started),
      seed: this.#options.seed,
    };
  }

  #members(units: readonly UnitName[]) {
    return units.map((unit) => this.#federation.member(unit));
  }

  #say(line: string): void {
    this.#options.say(`${seconds(this.#started)} s: ${line}; ${this.#feed.records.length} records`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#feed.stop();
    await this.#broker[Symbol.asyncDispose]();
    await this.#federation[Symbol.asyncDispose]();
  }
}

/** Records of passports, some of which another unit holds too; a file of them at once, then a few every moment. */
class Feed {
  readonly records: PlainRecord[] = [];
  readonly chance: Seeded;
  readonly #federation: TestFederation;
  readonly #options: RotateOptions;
  readonly #stop = new AbortController();
  readonly #numbers = new Map<UnitName, number>();
  #units: UnitName[] = [];

  constructor(federation: TestFederation, chance: Seeded, options: RotateOptions) {
    this.#federation = federation;
    this.chance = chance;
    this.#options = options;
  }

  async load(): Promise<void> {
    const each = Math.ceil(this.#options.records / UNITS.length);
    for (const unit of UNITS) await this.#import(unit, each);
  }

  /** About every second, each of these units imports its part of what is due by then; what an outage held up is made up for. */
  async run(units: readonly UnitName[]): Promise<void> {
    this.#units = [...units];
    const before = this.records.length;
    const started = performance.now();
    while (!this.#stop.signal.aborted) {
      const next = sleep(1_000);
      const due = before + ((performance.now() - started) / 1_000) * this.#options.perSecond - this.records.length;
      const each = Math.min(FILE_RECORDS_MAX, Math.max(1, Math.ceil(due / this.#units.length)));
      for (const unit of this.#units) await this.#import(unit, each);
      await next;
    }
  }

  resume(unit: UnitName): void {
    this.#units.push(unit);
  }

  stop(): void {
    this.#stop.abort();
  }

  async #import(unit: UnitName, count: number): Promise<void> {
    const records = Array.from({ length: count }, () => this.#record(unit));
    await this.#federation.import(unit, fileOf(records));
    this.records.push(...records);
  }

  /** One passport in twenty is of a range that all units draw from in the same order, so that records overlap across time. */
  #record(unit: UnitName): PlainRecord {
    const number = (this.#numbers.get(unit) ?? 0) + 1;
    this.#numbers.set(unit, number);
    const digits = String(number).padStart(7, "0");
    const isShared = number % 20 === 0;
    const passport = isShared ? `ZX${digits}` : `${unit === "ct" ? "C" : unit === "thb" ? "T" : "W"}Q${digits}`;
    return { unit, reference: `${unit}-${number}`, passport };
  }
}

function seconds(startedMs: number): number {
  return Math.round((performance.now() - startedMs) / 1_000);
}
