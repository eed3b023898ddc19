/**
 * A whole federation for tests: founded for real, a real nats-server, broker, second evaluator and nodes in this process, TLS
 * everywhere. All units, records and numbers are invented.
 *
 *   await using federation = await TestFederation.start();
 *   await federation.import("ct", rows);
 *   await federation.settled();
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { foundFederation } from "../../agency-node/admin/found.ts";
import type { Founded } from "../../agency-node/admin/found.ts";
import { readConfig, socketPlace } from "../../agency-node/config.ts";
import type { NodeConfig } from "../../agency-node/config.ts";
import { SCHEME } from "../../agency-node/linkage/scheme.ts";
import { createNode } from "../../agency-node/program.ts";
import type { Node } from "../../agency-node/program.ts";
import { openBroker } from "../../broker/program.ts";
import type { OpenBroker } from "../../broker/program.ts";
import { toBrokerConfig } from "../../broker/config.ts";
import type { BrokerConfig, BrokerSettings } from "../../broker/config.ts";
import { startEvaluatorProgram } from "../../broker/evaluator/program.ts";
import type { Admit, DirectiveBody, Federation } from "../../shared/core/directive.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { systemClock } from "../../shared/world/clock.ts";
import type { Clock } from "../../shared/world/clock.ts";
import { systemWorld } from "../../shared/world/world.ts";
import type { World } from "../../shared/world/world.ts";
import type { GrpcConnection } from "../../shared/platform/grpc.ts";
import { socketClient } from "../../shared/platform/grpc-socket.ts";
import { readTls } from "../../shared/party/tls.ts";
import { installBundle } from "../../shared/party/install.ts";
import { initAdministrator, initBroker, initEvaluator, initNats, initNode } from "../../shared/party/new-party.ts";
import { ACTOR_KEY, encodeStatedActor } from "../../agency-node/wire/stated-actor.ts";
import { LiaisonServiceDefinition } from "../../agency-node/wire/gen/causeway/node/v1/liaison.ts";
import type { Match } from "../../agency-node/wire/gen/causeway/node/v1/liaison.ts";
import { RecordsServiceDefinition } from "../../agency-node/wire/gen/causeway/node/v1/records.ts";
import type {
  GetStatusResponse,
  ImportOptions,
  ImportResponse,
} from "../../agency-node/wire/gen/causeway/node/v1/records.ts";
import { identityOfCertificate } from "../../shared/platform/tls.ts";
import { memberIdentity } from "../../shared/platform/standing.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import { boardUnder } from "./board.ts";
import type { OpeningOptions, TestBoard } from "./board.ts";
import { freePort } from "../../deploy/demo/ports.ts";
import { NatsProcess } from "./nats-process.ts";
import { Wiretap } from "./wiretap.ts";
import type { Caller } from "./wiretap.ts";
import { WrittenLog } from "./written-log.ts";
import { SOON } from "./patience.ts";

/** Who asks the nodes' own services. */
export const OFFICER = { kind: "person", name: "Quillon Overbeck-Test", uid: 4711 } as const;

export type UnitName = "ct" | "thb" | "wcu";

export type TestOptions = {
  /** Puts a `Wiretap` on every wire between the parties. */
  readonly tapped?: boolean;
  /** Default "off": what most tests count are their own records. */
  readonly canaries?: "on" | "off";
  /** Which units' nodes serve their other workstations, and where. */
  readonly workstations?: Partial<Readonly<Record<UnitName, { readonly listen: string }>>>;
  /** The broker serves the administrators' console, on a free port. */
  readonly console?: boolean;
  /** Members besides the three units, admitted and never heard of. Default 0. */
  readonly others?: number;
  /** Of the nodes. Default: the machine's. */
  readonly clock?: Clock;
  /** Of the broker and the evaluator. Default: the machine's. */
  readonly brokerClock?: Clock;
};

/** Where a server listens, and where others find it: the same, unless a wiretap stands between. */
type Ports = { readonly listen: number; readonly found: number };

type UnitTerms = { readonly mandate: string; readonly domains: readonly Domain[] };

const UNITS: Readonly<Record<UnitName, UnitTerms>> = {
  ct: { mandate: "counter-terrorism", domains: ["target"] },
  thb: { mandate: "human-trafficking", domains: ["target", "protected"] },
  wcu: { mandate: "war-crimes", domains: ["target", "protected"] },
};

/** What every unit may spend. */
export const BUDGET = { initial: 5_000_000, perDay: 200_000 };

/** What the names of members begin with whose nodes run nowhere. */
const OTHER = "other-";

const ADMINISTRATORS = ["chair", "deputy", "clerk"];

const MIB = 1024 * 1024;

/** What import files need not say. */
export const IMPORT_DEFAULTS = {
  format: "auto",
  kind: "person",
  role: "suspect",
  legalBasis: "Invented Act, section 1",
  caseReference: "CASE-INVENTED-1",
  handling: "open",
};

export class TestFederation implements AsyncDisposable {
  readonly root: string;
  readonly nats: NatsProcess;
  readonly founded: Founded;
  /** What every program of the federation logged. */
  readonly log = new WrittenLog();
  readonly wiretap = new Wiretap();
  readonly board: TestBoard;
  readonly #ports: Record<string, Ports>;
  readonly #options: TestOptions;
  #natsUrls: string | undefined;
  readonly #running = new Map<string, AsyncDisposable>();

  private constructor(root: string, founded: Founded, ports: Record<string, Ports>, options: TestOptions) {
    this.root = root;
    this.founded = founded;
    this.#ports = ports;
    this.#options = options;
    this.board = boardUnder(root, ADMINISTRATORS, (member) => this.dir(this.unitOf(member)));
    this.nats = new NatsProcess({ dir: (party) => this.dir(party) }, this.#port("nats").listen);
  }

  /** Other NATS servers than the one of this federation, for what is started from now on. */
  useNats(urls: string): void {
    this.#natsUrls = urls;
  }

  /** Founds, installs and starts everything. */
  static async start(options: TestOptions = {}): Promise<TestFederation> {
    const federation = await TestFederation.found(options);
    try {
      await federation.nats.start();
      if (options.tapped === true) await federation.#tap();
      await federation.startBroker();
      await federation.startEvaluator();
      for (const unit of Object.keys(UNITS)) await federation.startNode(unit as UnitName);
    } catch (error) {
      // Nobody else could: a nats-server would run on after the tests.
      await federation[Symbol.asyncDispose]();
      throw error;
    }
    return federation;
  }

  /** Founds and installs; nothing runs yet. */
  static async found(options: TestOptions = {}): Promise<TestFederation> {
    const { tapped = false, others = 0 } = options;
    const root = mkdtempSync(join(tmpdir(), "causeway-test-"));
    chmodSync(root, 0o700);
    const ports: Record<string, Ports> = {};
    for (const party of ["broker", "key-office", "nats"]) {
      const listen = await freePort();
      ports[party] = { listen, found: tapped ? await freePort() : listen };
    }
    const founded = await found(root, (party) => `127.0.0.1:${ports[party]!.found}`, others);
    const fingerprint = founded.fingerprint;
    for (const [party, bundleDir] of founded.bundles) {
      if (party.startsWith(OTHER)) continue;
      installBundle({ partyDir: join(root, party), bundleDir, fingerprint, nowMs: Date.now() });
    }
    return new TestFederation(root, founded, ports, options);
  }

  dir(party: string): string {
    return join(this.root, party);
  }

  /** Writes `broker.json`, also for a broker that runs as a process of its own. */
  configureBroker(streams: Partial<BrokerSettings["streams"]> = {}): BrokerConfig {
    const settings = {
      natsUrl: this.natsUrl,
      listen: `127.0.0.1:${this.#port("broker").listen}`,
      evaluatorWorkers: 1,
      ...(this.#options.console === true ? { console: { listen: "127.0.0.1:0" } } : {}),
      streams: { submissionBytesMax: 64 * MIB, deliveryBytesMax: 32 * MIB, replicas: 1, ...streams },
    };
    writeFileSync(join(this.dir("broker"), "broker.json"), JSON.stringify(settings));
    return toBrokerConfig(this.dir("broker"), settings);
  }

  /** Resolves when the broker takes submissions; waits for NATS as long as it takes. */
  async startBroker(streams: Partial<BrokerSettings["streams"]> = {}): Promise<OpenBroker> {
    const config = this.configureBroker(streams);
    const broker = await openBroker(config, this.#serverWorld("broker"));
    this.#running.set("broker", broker);
    await broker.ready;
    return broker;
  }

  async startEvaluator(): Promise<void> {
    const listen = `127.0.0.1:${this.#port("key-office").listen}`;
    const config = { dir: this.dir("key-office"), listen, workers: 1 };
    this.#running.set("key-office", await startEvaluatorProgram(config, this.#serverWorld("evaluator")));
  }

  #serverWorld(program: string): World {
    const { brokerClock: clock = systemClock } = this.#options;
    return { ...systemWorld(this.log.for(program)), clock };
  }

  /** Writes `node.json`, also for a node that runs as a process of its own. */
  configureNode(unit: UnitName): NodeConfig {
    const dir = this.dir(unit);
    const { canaries = "off" } = this.#options;
    const workstations = this.#options.workstations?.[unit];
    const settings = {
      natsUrl: this.natsUrl,
      workers: 1,
      canaries,
      beatMs: 200,
      ...(workstations && { workstations }),
    };
    writeFileSync(join(dir, "node.json"), JSON.stringify(settings));
    return readConfig(dir);
  }

  async startNode(unit: UnitName): Promise<Node> {
    const { clock = systemClock } = this.#options;
    const node = await createNode(this.configureNode(unit), { ...systemWorld(this.log.for(unit)), clock });
    this.#running.set(unit, node);
    return node;
  }

  /** Stops a party as an orderly shutdown does. */
  async stop(party: string): Promise<void> {
    const running = this.#running.get(party);
    this.#running.delete(party);
    await running?.[Symbol.asyncDispose]();
  }

  /** Imports a file's text at a unit; returns every event. */
  async import(
    unit: UnitName,
    file: string | Uint8Array,
    options: Partial<ImportOptions> = {},
  ): Promise<ImportResponse[]> {
    const bytes = typeof file === "string" ? new TextEncoder().encode(file) : file;
    const reviewBy = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10);
    const given = { ...IMPORT_DEFAULTS, reviewBy, ...options };
    const events: ImportResponse[] = [];
    using records = this.records(unit);
    async function* requests() {
      yield { request: { $case: "options" as const, value: given } };
      for (let at = 0; at < bytes.length; at += 64 * 1024) {
        yield { request: { $case: "chunk" as const, value: bytes.subarray(at, at + 64 * 1024) } };
      }
    }
    for await (const event of records.client.import(requests())) events.push(event);
    return events;
  }

  async matches(unit: UnitName): Promise<readonly Match[]> {
    using liaison = this.connect(LiaisonServiceDefinition, unit);
    return (await liaison.client.listMatches({ all: true })).matches;
  }

  async status(unit: UnitName): Promise<GetStatusResponse> {
    using records = this.records(unit);
    return await records.client.getStatus({});
  }

  records(unit: UnitName): GrpcConnection<typeof RecordsServiceDefinition> {
    return this.connect(RecordsServiceDefinition, unit);
  }

  /**
   * Resolves when nothing is on its way any more at the given units: everything published, receipted and proved. `withheld`: as
   * many matches of a unit may stay without an outcome, as those between protected records do until an officer releases them.
   */
  async settled(
    units: readonly UnitName[] = Object.keys(UNITS) as UnitName[],
    timeoutMs = SOON.timeout,
    withheld = 0,
  ): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    // Notices go out at ticks, so one quiet look is not enough.
    for (let quiet = 0; quiet < 6;) {
      if (Date.now() > deadline) throw new Error(`not settled: ${await this.#describe(units)}`);
      const statuses = await Promise.all(units.map((unit) => this.status(unit)));
      quiet = statuses.some((status) => isBusy(status, withheld)) ? 0 : quiet + 1;
      await sleep(100);
    }
  }

  async #describe(units: readonly UnitName[]): Promise<string> {
    const statuses = await Promise.all(units.map((unit) => this.status(unit)));
    const plain = (_: string, value: unknown): unknown => (typeof value === "bigint" ? Number(value) : value);
    const log = this.log.text.split("\n").slice(-30);
    return [JSON.stringify(statuses, plain), ...log].join("\n");
  }

  /** The board decides, one directive for each body; the broker has the longer chain a moment later, nodes when they look. */
  decide(...bodies: readonly DirectiveBody[]): Federation {
    return this.board.decide(...bodies);
  }

  /** Opens an epoch for staging, with new salts and new sealing keys of broker and members. */
  async openEpoch(epoch: number, options: OpeningOptions = {}): Promise<Federation> {
    return this.decide(await this.board.opening(epoch, options));
  }

  activate(epoch: number, laggards: readonly UnitName[] = []): Federation {
    return this.decide({ type: "epochActivate", epoch, laggards: laggards.map((unit) => this.member(unit)) });
  }

  retire(epoch: number, cause: "rotated" | "leaked" = "rotated", laggards: readonly UnitName[] = []): Federation {
    const members = laggards.map((unit) => this.member(unit));
    return this.decide({ type: "epochRetire", epoch, cause, laggards: members, reason: "Invented reason" });
  }

  abort(epoch: number): Federation {
    const { openingHash } = this.board.federation.epochs.get(epoch)!;
    return this.decide({ type: "epochAbort", epoch, openingHash, reason: "Invented reason" });
  }

  suspend(unit: UnitName): Federation {
    return this.decide({ type: "suspend", member: this.member(unit), reason: "Invented reason" });
  }

  /** With the salts of all epochs that are open now. */
  async reinstate(unit: UnitName): Promise<Federation> {
    const member = this.member(unit);
    const salts = await this.board.saltsFor(this.board.federation.suspended.get(member) as Admit);
    return this.decide({ type: "reinstate", member, reason: "Invented reason", salts });
  }

  remove(unit: UnitName, forCause = false): Federation {
    return this.decide({ type: "remove", member: this.member(unit), reason: "Invented reason", forCause });
  }

  /** Resolves when these units' nodes know all that the board has decided. */
  async informed(
    units: readonly UnitName[] = Object.keys(UNITS) as UnitName[],
    timeoutMs = SOON.timeout,
  ): Promise<void> {
    const { number } = this.board.federation.head;
    const deadline = Date.now() + timeoutMs;
    for (const unit of units) {
      while (Number((await this.status(unit)).directiveNumber) < number) {
        if (Date.now() > deadline) throw new Error(`${unit} does not follow: ${await this.#describe([unit])}`);
        await sleep(100);
      }
    }
  }

  /** A connection to a unit's own services, by its node's socket. */
  connect<Definition extends Parameters<typeof socketClient>[0]>(definition: Definition, unit: UnitName) {
    const { path } = socketPlace(readConfig(this.dir(unit), {}));
    return socketClient(definition, path, { metadata: { [ACTOR_KEY]: encodeStatedActor(OFFICER) } });
  }

  /** Under the key that it was admitted with. */
  identity(unit: UnitName): PeerIdentity {
    return memberIdentity(this.founded.federation.members.get(this.member(unit))!);
  }

  member(unit: UnitName): MemberId {
    return this.founded.members.get(unit)!;
  }

  unitOf(member: MemberId): UnitName {
    const [unit] = [...this.founded.members].find(([, each]) => each === member)!;
    return unit as UnitName;
  }

  /** Where a party listens, for one that runs as a process of its own. */
  address(party: string): string {
    return `127.0.0.1:${this.#port(party).listen}`;
  }

  /** Gives a party that is stopped another address, which is answered with. */
  async move(party: "broker" | "key-office" | "nats"): Promise<string> {
    const port = await freePort();
    this.#ports[party] = { listen: port, found: port };
    if (party === "nats") this.nats.moveTo(port);
    return this.address(party);
  }

  /** Where parties find the NATS server. */
  get natsUrl(): string {
    if (this.#natsUrls !== undefined) return this.#natsUrls;
    return `tls://127.0.0.1:${this.#port("nats").found}`;
  }

  #port(party: string): Ports {
    return this.#ports[party]!;
  }

  async #tap(): Promise<void> {
    const tapped = (name: string) => {
      const { listen: serverPort, found: listenPort } = this.#port(name);
      return { name, listenPort, serverPort, tls: readTls(this.dir(name)) };
    };
    await this.wiretap.tapNats(tapped("nats"));
    for (const party of ["broker", "key-office"]) {
      await this.wiretap.tapGrpc(tapped(party), (certificate) => this.#callerOf(certificate));
    }
  }

  #callerOf(certificate: Uint8Array): Caller {
    const identity = identityOfCertificate(certificate);
    const isCaller = ([, member]: readonly [string, MemberId]): boolean =>
      identity?.kind === "member" && identity.member === member;
    const name = identity?.kind === "evaluator" ? identity.name : [...this.founded.members].find(isCaller)?.[0];
    if (name === undefined) throw new Error("only members and evaluators are expected to call");
    return { name, tls: readTls(this.dir(name)) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const results = await Promise.allSettled([...this.#running.values()].map((each) => each[Symbol.asyncDispose]()));
    await this.wiretap[Symbol.asyncDispose]();
    await this.nats[Symbol.asyncDispose]();
    rmSync(this.root, { recursive: true, force: true });
    const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
    if (errors.length > 0) throw new AggregateError(errors, "parts of the federation did not stop cleanly");
  }
}

function isBusy(status: GetStatusResponse, withheld: number): boolean {
  const { hardening, outbox, unprovenMatches, brokerConnected } = status;
  return hardening > 0n || outbox > 0n || unprovenMatches > BigInt(withheld) || !brokerConnected;
}

async function found(root: string, addressOf: (party: string) => string, others: number): Promise<Founded> {
  const administratorDirs = ADMINISTRATORS.map((name) => join(root, name));
  for (const [i, dir] of administratorDirs.entries()) await initAdministrator(dir, { name: `Administrator ${i + 1}` });
  const broker = (await initBroker(join(root, "broker"))).enrolment;
  const office = (await initEvaluator(join(root, "key-office"), { name: "key-office" })).enrolment;
  const nats = (await initNats(join(root, "nats"))).enrolment;
  const members = [];
  const further = Array.from({ length: others }, (_, i): [string, UnitTerms] => [`${OTHER}${i + 1}`, UNITS.ct]);
  for (const [slug, { mandate, domains }] of [...Object.entries(UNITS), ...further]) {
    const { enrolment } = await initNode(join(root, slug), { name: `Invented unit ${slug}` });
    members.push({ enrolment, terms: termsOf(slug, mandate, domains) });
  }
  return await foundFederation({
    name: "Invented federation",
    administratorDirs,
    quorum: 2,
    broker: { enrolment: broker, address: addressOf("broker") },
    evaluators: [
      { enrolment: broker, address: addressOf("broker") },
      { enrolment: office, address: addressOf("key-office") },
    ],
    members,
    nats: { enrolment: nats, hosts: ["localhost", "127.0.0.1"] },
    scheme: SCHEME.name,
    nowMs: Date.now(),
    outDir: join(root, "out"),
  });
}

function termsOf(slug: string, mandate: string, domains: readonly Domain[]) {
  return {
    slug,
    name: `Invented unit ${slug}`,
    mandate,
    contact: {
      office: `Liaison desk ${slug}`,
      phone: "+44 1632 960000",
      email: `desk@${slug}.example`,
      hours: "always",
    },
    domains,
    legalBasis: "Invented Act, section 1",
    purposes: ["deconfliction"],
    retentionDaysMax: 730,
    budget: BUDGET,
  };
}
