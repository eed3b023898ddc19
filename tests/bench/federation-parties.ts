/**
 * A founded federation whose parties are all processes of their own: nats-server, broker, second evaluator and nodes. Their settings are
 * the defaults of the programs, but for test records, which would be counted as well.
 */
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../deploy/demo/ports.ts";
import type { GetStatusResponse } from "../../agency-node/wire/gen/causeway/node/v1/records.ts";
import { TestFederation } from "../support/federation.ts";
import type { UnitName } from "../support/federation.ts";
import { costOf, messagesAt, NO_COST, plus } from "./federation-meter.ts";
import type { Cost, Messages } from "./federation-meter.ts";
import { ProfiledProgram } from "./profiled-program.ts";

export type PartyName = "nats-server" | "broker" | "evaluator" | UnitName;
export type Reading = { readonly of: ReadonlyMap<PartyName, Cost>; readonly all: Cost; readonly messages: Messages };

const MIB = 1_024 * 1_024;
/** Everything that is waited for comes far sooner; a figure that was not reached is said, not waited for. */
const WAIT_MS_MAX = 60 * 60_000;
const READY_LOOK_MS = 20;

export type PartiesOptions = {
  readonly units: readonly UnitName[];
  /** Over the node's defaults. */
  readonly nodeSettings?: Readonly<Record<string, unknown>>;
  readonly submissionBytesMax?: number;
  /** Members whose nodes run nowhere. */
  readonly others?: number;
};

export class Parties implements AsyncDisposable {
  readonly federation: TestFederation;
  readonly units: readonly UnitName[];
  readonly #options: PartiesOptions;
  readonly #programs = new Map<PartyName, ProfiledProgram>();
  readonly #monitor: string;

  private constructor(federation: TestFederation, monitor: string, options: PartiesOptions) {
    this.federation = federation;
    this.units = options.units;
    this.#monitor = monitor;
    this.#options = options;
  }

  /** Nothing runs yet. */
  static async found(options: PartiesOptions): Promise<Parties> {
    const federation = await TestFederation.found({ others: options.others ?? 0 });
    const port = await freePort();
    appendFileSync(join(federation.dir("nats"), "nats-server.conf"), `http: "127.0.0.1:${port}"\n`);
    return new Parties(federation, `http://127.0.0.1:${port}`, options);
  }

  /** Everything runs and every node is connected. */
  static async start(options: PartiesOptions): Promise<Parties> {
    const parties = await Parties.found(options);
    try {
      await parties.startServers();
      for (const unit of options.units) parties.startNode(unit);
      await parties.connected();
    } catch (error) {
      await parties[Symbol.asyncDispose]();
      throw error;
    }
    return parties;
  }

  async startServers(): Promise<void> {
    await this.federation.nats.start();
    await this.startBroker();
    await this.startEvaluator();
  }

  async startEvaluator(): Promise<void> {
    const dir = this.federation.dir("key-office");
    const settings = { listen: this.federation.address("key-office"), workers: 1 };
    writeFileSync(join(dir, "evaluator.json"), JSON.stringify(settings));
    this.#run("evaluator", "broker/evaluator/main.ts", dir);
    await this.#logged("evaluator", "evaluator.ready");
  }

  /** Seconds until it took submissions. */
  async startBroker(): Promise<number> {
    const { submissionBytesMax = 512 * MIB } = this.#options;
    this.federation.configureBroker({ submissionBytesMax });
    const began = performance.now();
    this.#run("broker", "broker/main.ts", this.federation.dir("broker"));
    await this.#logged("broker", "broker.ready");
    return (performance.now() - began) / 1_000;
  }

  startNode(unit: UnitName): void {
    this.federation.configureNode(unit);
    const settings = { natsUrl: this.federation.natsUrl, workers: 1, canaries: "off", ...this.#options.nodeSettings };
    writeFileSync(join(this.federation.dir(unit), "node.json"), JSON.stringify(settings));
    this.#run(unit, "agency-node/main.ts", this.federation.dir(unit));
  }

  async connected(): Promise<void> {
    for (const unit of this.units) {
      await this.until(async () => (await this.statusIfAny(unit))?.brokerConnected === true || undefined);
    }
  }

  async stop(name: PartyName): Promise<void> {
    await this.#programs.get(name)?.[Symbol.asyncDispose]();
    this.#programs.delete(name);
  }

  pidOf(name: PartyName): number {
    return name === "nats-server" ? this.federation.nats.pid : this.program(name).pid;
  }

  program(name: PartyName): ProfiledProgram {
    const program = this.#programs.get(name);
    if (program === undefined) throw new Error(`${name} does not run`);
    return program;
  }

  /** All that run, but for nats-server, which is not ours. */
  get programs(): ReadonlyMap<PartyName, ProfiledProgram> {
    return this.#programs;
  }

  /** What all parties have cost since they were started. */
  async read(): Promise<Reading> {
    const names: PartyName[] = ["nats-server", ...this.#programs.keys()];
    const of = new Map(names.map((name) => [name, costOf(this.pidOf(name))]));
    return { of, all: [...of.values()].reduce(plus, NO_COST), messages: await messagesAt(this.#monitor) };
  }

  /** None while the node starts. */
  async statusIfAny(unit: UnitName): Promise<GetStatusResponse | undefined> {
    return await this.federation.status(unit).catch(() => undefined);
  }

  /** When all that these units hold is published and receipted. */
  async published(units: readonly UnitName[] = this.units, lookMs = 250): Promise<void> {
    for (const unit of units) {
      await this.until(async () => {
        const status = await this.statusIfAny(unit);
        if (status === undefined) return undefined;
        if (status.rejected > 0n) throw new Error("the broker has refused records");
        return status.hardening + status.waiting + status.outbox === 0n ? true : undefined;
      }, lookMs);
    }
  }

  /** Looks again and again until `look` finds something. Throws if a program ends meanwhile. */
  async until<T>(look: () => Promise<T | undefined>, lookMs = 250): Promise<T> {
    const deadline = performance.now() + WAIT_MS_MAX;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      for (const program of this.#programs.values()) program.assertRuns();
      if (performance.now() > deadline) throw new Error("it does not come to an end");
      await sleep(lookMs);
    }
  }

  #run(name: PartyName, main: string, dir: string): void {
    this.#programs.set(name, new ProfiledProgram(main, dir));
  }

  /** Since its directory was made: a program that is started again must write it again. */
  async #logged(name: PartyName, event: string): Promise<void> {
    const program = this.program(name);
    await this.until(async () => program.logged(event) || undefined, READY_LOOK_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.#programs.values()].map((program) => program[Symbol.asyncDispose]()));
    await this.federation[Symbol.asyncDispose]();
  }
}
