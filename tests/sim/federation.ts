/**
 * A whole federation in one process: board, broker with its evaluator, a second evaluator, a node for each unit, and the bus. There is no
 * server, no file and no timer of the machine; a seed decides everything. All names and keys are invented.
 *
 *     const federation = await foundInMemory({ seed: "any", units: { ct: ["target"], wcu: ["target"] } });
 *     await federation.import("ct", [{ reference: "CT-1", kind: "person", name: "…", passportNumber: "…" }]);
 *     await federation.settled();
 *     federation.inbox("wcu");
 */
import { join } from "node:path";
import type { Subject } from "../../agency-node/core/record.ts";
import type { ImportReceipt } from "../../agency-node/records.ts";
import { assemble, run } from "../../broker/assemble.ts";
import type { Assembled as Broker } from "../../broker/assemble.ts";
import { inProcessEngines } from "../../broker/evaluator/engine.ts";
import { createEvaluator } from "../../broker/evaluator/evaluator.ts";
import type { Evaluator } from "../../broker/evaluator/evaluator.ts";
import { offerShares } from "../../broker/evaluator/share-offers.ts";
import type { OwnKeys as BrokerKeys } from "../../broker/ports.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { directiveHash } from "../../shared/core/chain.ts";
import type { EpochHealth } from "../../shared/core/data-plane.ts";
import type { DirectiveBody, EpochState, Federation, SignedDirective } from "../../shared/core/directive.ts";
import type { Domain } from "../../shared/core/domain.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import { toId } from "../../shared/core/ids.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import type { Beat } from "../../shared/core/data-plane.ts";
import { openDelivery, openSubmission } from "../../shared/wire/data-plane.ts";
import { readBatch } from "../../shared/wire/delivery.ts";
import { encodeSignedDirective } from "../../shared/wire/directive.ts";
import { silentLog } from "../../shared/world/log.ts";
import type { Log } from "../../shared/world/log.ts";
import type { World } from "../../shared/world/world.ts";
import { JOURNAL_STREAM, LEASE_STREAM } from "../../broker/journal/stream.ts";
import { submissionStream } from "../../shared/wire/subjects.ts";
import { MemoryBusServer } from "../support/memory-bus.ts";
import { MemoryBoard } from "./memory-board.ts";
import { MemoryChain } from "./memory-chain.ts";
import { memoryKeys as memoryBrokerKeys } from "./memory-keys.ts";
import { MemoryUnit, OFFICER } from "./memory-unit.ts";
import type { Row, Seen } from "./memory-unit.ts";
import { Recorder, recordedBus } from "./recorder.ts";
import type { Message } from "./recorder.ts";
import { SimWorld } from "./world.ts";

export type FoundOptions = {
  readonly seed: string;
  /** By slug, what each may work on. */
  readonly units: Readonly<Record<string, readonly Domain[]>>;
  /** Whether units prove their silence with test records. Default false. */
  readonly canaries?: boolean;
  /** Of all parties, by name. Default: none. */
  readonly log?: (party: string) => Log;
};

const SECOND_EVALUATOR = "key-office";
const MIB = 1024 * 1024;
const STREAM_SIZES = { submissionBytesMax: 64 * MIB, deliveryBytesMax: 32 * MIB, replicas: 1 };
const SECOND_MS = 1_000;
/** As long as nobody has said anything, nothing is on its way. */
const QUIET_MS = 5 * SECOND_MS;
const SETTLED_MS_MAX = 30 * 60 * SECOND_MS;
/** Nodes look every 15 seconds whether an epoch is announced, evaluators every two. */
const OFFERED_MS = 20 * SECOND_MS;

/** Founds it and starts all programs. */
export async function foundInMemory(options: FoundOptions): Promise<MemoryFederation> {
  const federation = new MemoryFederation(options);
  await federation.found();
  return federation;
}

export class MemoryFederation implements AsyncDisposable {
  readonly world: SimWorld;
  readonly recorder: Recorder;
  readonly #options: FoundOptions;
  readonly #board: MemoryBoard;
  readonly #bus: MemoryBusServer;
  readonly #units = new Map<string, MemoryUnit>();
  readonly #evaluators = new Map<string, Evaluator>();
  readonly #stop = new AbortController();
  #broker: Broker | undefined;
  #brokerKeys: BrokerKeys | undefined;

  constructor(options: FoundOptions) {
    this.#options = options;
    this.world = new SimWorld(options.seed);
    this.recorder = new Recorder(this.world.clock);
    this.#bus = new MemoryBusServer(this.world);
    this.#board = new MemoryBoard(this.#party("board"));
  }

  async found(): Promise<void> {
    const [broker, office] = [this.#party("broker"), this.#party(SECOND_EVALUATOR)];
    const keys = memoryBrokerKeys(signingKeyPair(broker.randomBytes(32)), broker);
    const officeKeys = memoryBrokerKeys(signingKeyPair(office.randomBytes(32)), office);
    this.#brokerKeys = keys;
    const names = [
      ["broker", keys],
      [SECOND_EVALUATOR, officeKeys],
    ] as const;
    for (const [slug, domains] of Object.entries(this.#options.units)) this.#enrol(slug, domains);
    const chain = await this.#board.found({
      broker: { name: "broker", signingKey: keys.signer.publicKey, address: "nowhere:1" },
      brokerSealingKey: keys.sealing.prepare(1),
      evaluators: names.map(([name, { signer, shares }], i) => {
        return { name, address: `nowhere:${i + 1}`, signingKey: signer.publicKey, sharePublicKey: shares.prepare(1) };
      }),
      members: [...this.#units.values()].map(({ admit }) => admit),
    });
    for (const signed of chain) this.#noteDirective(signed);
    await this.#startBroker(broker, keys, chain);
    this.#startOffice(office, officeKeys);
    for (const unit of this.#units.values()) this.#start(unit);
  }

  /** As every party can fold it from the chain. */
  get state(): Federation {
    return this.broker.ground.federation();
  }

  get broker(): Broker {
    if (this.#broker === undefined) throw new Error("the federation is not founded");
    return this.#broker;
  }

  /** What is open to publications, by number. */
  get epochs(): { readonly [epoch: number]: EpochState } {
    return Object.fromEntries([...this.state.epochs.values()].map(({ epoch, state }) => [epoch, state]));
  }

  get messages(): readonly Message[] {
    return this.recorder.messages;
  }

  unit(slug: string): MemoryUnit {
    const unit = this.#units.get(slug);
    if (unit === undefined) throw new Error(`there is no unit ${slug}`);
    return unit;
  }

  async import(slug: string, rows: readonly Row[]): Promise<ImportReceipt> {
    return await this.world.until(this.unit(slug).import(rows));
  }

  /** Takes records in at a unit without a file, each under its reference. */
  hold(slug: string, subjects: ReadonlyMap<string, Subject>): void {
    this.unit(slug).hold(subjects);
  }

  /** Takes a record back. */
  withdraw(slug: string, reference: string): void {
    this.unit(slug).node.records.withdraw(reference, { actor: OFFICER, reason: "invented reason" });
  }

  inbox(slug: string): Seen[] {
    return this.unit(slug).inbox;
  }

  /** References of the overlaps that the unit is shown as proven and with whom to call, sorted. */
  named(slug: string): string[] {
    return this.inbox(slug)
      .filter(({ state, contact }) => state === "proven" && contact !== undefined)
      .map(({ reference }) => reference)
      .toSorted();
  }

  /** How far a unit is in each open epoch, as it states it. */
  health(slug: string): EpochHealth[] {
    return this.unit(slug).node.health.epochs();
  }

  /** 0 while this unit's test records meet those of others; else since when its silence proves nothing. */
  silenceUnprovenSinceMs(slug: string): number {
    return this.unit(slug).node.canaries.unprovenSinceMs();
  }

  /** Lets time pass. */
  async advance(ms: number): Promise<void> {
    await this.world.pass(ms);
  }

  /** Lets time pass until no unit has anything to say and nobody has said anything for some seconds. Throws after half an hour. */
  async settled(): Promise<void> {
    const lastMs = this.world.clock() + SETTLED_MS_MAX;
    for (let quietMs = 0; quietMs < QUIET_MS || ![...this.#units.values()].every(({ isQuiet }) => isQuiet);) {
      if (this.world.clock() > lastMs) throw new Error("the federation does not settle");
      const before = this.messages.length;
      await this.advance(SECOND_MS);
      quietMs = this.messages.length === before ? quietMs + SECOND_MS : 0;
    }
  }

  /** A unit's node ends and starts again with another database: `:memory:` for an empty one. */
  async startAgain(slug: string, database = ":memory:"): Promise<void> {
    const unit = this.unit(slug);
    await this.world.until(unit.stop());
    await unit.replaceDatabase(database);
    this.#start(unit);
  }

  /**
   * The broker ends, has lost its ledger in both copies, and starts again with its keys and the chain; all nodes start again with it. `streams`:
   * the members' streams are lost as well. `dir`: where the nodes' databases are kept meanwhile.
   */
  async loseLedger({ streams, dir }: { readonly streams: boolean; readonly dir: string }): Promise<void> {
    const { directives } = this.broker.ground.directory.chain;
    const units = [...this.#units.values()];
    await this.world.until(Promise.all(units.map((unit) => unit.stop())));
    for (const unit of units) {
      const path = join(dir, `${unit.slug}.sqlite`);
      await unit.node.db.backup(path);
      await unit.replaceDatabase(path);
    }
    await this.world.until(Promise.resolve(this.broker[Symbol.asyncDispose]()));
    const lost = streams ? units.map(({ admit }) => submissionStream(admit.member)) : [];
    for (const stream of [JOURNAL_STREAM, LEASE_STREAM, ...lost]) this.#bus.deleteStream(stream);
    await this.#startBroker(this.#party("broker"), this.#brokerKeys as BrokerKeys, directives);
    for (const unit of units) this.#start(unit);
  }

  /** The bus loses what lies in a unit's stream of submissions, while all go on. */
  loseStream(slug: string): void {
    this.#bus.deleteStream(submissionStream(this.unit(slug).admit.member));
  }

  /** What officers of a unit are shown as news from now on: ids of matches. */
  alertsOf(slug: string): readonly string[] {
    const seen: string[] = [];
    this.unit(slug).node.matches.watch(({ matchId }) => seen.push(matchId));
    return seen;
  }

  /** Cuts a unit off from everybody. */
  partition(slug: string): void {
    this.unit(slug).cut();
  }

  mend(slug: string): void {
    this.unit(slug).mend();
  }

  /** The bus loses the next message of this kind between these two, having said that it is stored. */
  loseNext(of: Pick<Message, "from" | "to" | "kind">): void {
    this.recorder.loseNext(({ from, to, kind }) => from === of.from && to === of.to && kind === of.kind);
  }

  /** A directive, signed by a quorum; all parties that can be reached have heard of it a moment later. */
  async decide(body: DirectiveBody): Promise<void> {
    const signed = this.#board.decide(this.state, body);
    this.#noteDirective(signed);
    this.broker.ground.directory.append(signed);
    await this.advance(SECOND_MS);
  }

  /** Announces an epoch, waits for the others' keys, and opens it. `withNewKeys`: the evaluators get new shares too. */
  async openEpoch({ withNewKeys = false } = {}): Promise<number> {
    const { preparations } = this.broker.desk.board;
    await this.#board.announce(this.state, preparations, withNewKeys);
    await this.advance(OFFERED_MS);
    const offers = await this.#board.announce(this.state, preparations, withNewKeys);
    await this.decide(await this.#board.opening(this.state, offers, withNewKeys));
    return Math.max(...this.state.epochs.keys());
  }

  /** The cut-over to an open epoch. */
  async activate(epoch: number): Promise<void> {
    await this.decide({ type: "epochActivate", epoch, laggards: [] });
  }

  async retire(epoch: number): Promise<void> {
    await this.decide({ type: "epochRetire", epoch, cause: "rotated", laggards: [], reason: "invented reason" });
  }

  /** How often test records prove silence, and how soon they are to meet. */
  async setBeat(of: { readonly everyMinutes: number; readonly withinMinutes: number }): Promise<void> {
    const { policy } = this.state;
    const beat = { canaryBeatMinutes: of.everyMinutes, canaryWithinMinutes: of.withinMinutes };
    await this.decide({ type: "policy", ...policy, ...beat, allowances: [], reason: "invented reason" });
  }

  /** A unit joins a federation that is at work. */
  async join(slug: string, domains: readonly Domain[]): Promise<void> {
    const unit = this.#enrol(slug, domains);
    const salts = await this.#board.saltsFor(this.state, unit.admit);
    await this.decide({ type: "admit", ...unit.admit, salts });
    this.#start(unit);
  }

  /** The registrar's revocation closes its connections at once. */
  async suspend(slug: string, reason = "invented reason"): Promise<void> {
    await this.decide({ type: "suspend", member: this.#memberOf(slug), reason });
    this.unit(slug).hangUp();
  }

  async reinstate(slug: string, reason = "invented reason"): Promise<void> {
    const member = this.#memberOf(slug);
    const admit = this.state.suspended.get(member) ?? this.unit(slug).admit;
    await this.decide({ type: "reinstate", member, reason, salts: await this.#board.saltsFor(this.state, admit) });
    this.mend(slug);
  }

  async remove(slug: string, reason = "invented reason"): Promise<void> {
    await this.decide({ type: "remove", member: this.#memberOf(slug), reason, forCause: false });
    this.unit(slug).hangUp();
  }

  /** Stops all programs. Throws what one of them failed of. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const stopped = [...this.#units.values()].map((unit) => unit.stop());
    await this.world.until(Promise.all(stopped));
    for (const unit of this.#units.values()) await unit[Symbol.asyncDispose]();
    await this.world.until(Promise.resolve(this.broker[Symbol.asyncDispose]()));
    await this.#evaluators.get(SECOND_EVALUATOR)?.[Symbol.asyncDispose]();
    await this.world.settle();
  }

  async #startBroker(world: World, keys: BrokerKeys, chain: readonly SignedDirective[]): Promise<void> {
    const broker = assemble({
      world,
      connectBus: async (connection) =>
        recordedBus(await this.#bus.connect(connection), (subject, bytes) => this.#noteDelivery(subject, bytes)),
      chain: new MemoryChain(fingerprintOf(chain), chain),
      keys,
      databases: () => ":memory:",
      place: "an invented directory",
      startEngine: inProcessEngines(world),
      settings: { streams: STREAM_SIZES },
    });
    this.#broker = broker;
    const { evaluator } = broker.desk;
    if (evaluator !== undefined) this.#evaluators.set("broker", evaluator);
    await this.world.until(run(broker).ready);
  }

  #startOffice(world: World, { signer, shares }: BrokerKeys): void {
    const federation = (): Federation => this.state;
    const evaluator = createEvaluator(
      {
        name: SECOND_EVALUATOR,
        federation,
        shares,
        signing: signer,
        databasePath: ":memory:",
        startEngine: inProcessEngines(world),
        onEvent: () => undefined,
      },
      world,
    );
    this.#evaluators.set(SECOND_EVALUATOR, evaluator);
    this.broker.ground.directory.onGrown(() => void evaluator.retire());
    const { preparations: desk } = this.broker.desk.board;
    const preparations = {
      generation: async () => desk.current().generation,
      offer: async (offer: Uint8Array) => desk.offerShare(SECOND_EVALUATOR, offer),
    };
    void offerShares({ name: SECOND_EVALUATOR, signer, federation, shares, preparations, world }, this.#stop.signal);
  }

  #enrol(slug: string, domains: readonly Domain[]): MemoryUnit {
    const world = this.#party(slug);
    const member = toId<MemberId>(toHex(world.randomBytes(16)));
    const unit = new MemoryUnit({ slug, domains, member, world });
    this.#units.set(slug, unit);
    return unit;
  }

  #start(unit: MemoryUnit): void {
    const others = {
      bus: this.#bus,
      broker: this.broker,
      evaluators: this.#evaluators,
      pinnedFingerprint: fingerprintOf(this.broker.ground.directory.chain.directives),
      note: (message: Omit<Message, "atMs" | "lost">) => this.recorder.note(message),
      kindOf: (of: MemoryUnit, subject: string, data: Uint8Array) => this.#submissionKind(of, subject, data),
    };
    unit.start(others, { canaries: this.#options.canaries ?? false, beatMs: 500, endedKeptDays: 30 });
  }

  #memberOf(slug: string): MemberId {
    return this.unit(slug).admit.member;
  }

  #party(name: string): World {
    return this.world.party(name, this.#options.log?.(name) ?? silentLog);
  }

  #noteDirective(signed: SignedDirective): void {
    const kind = `directive ${signed.directive.body.type}`;
    this.recorder.note({ from: "board", to: "everybody", kind, bytes: encodeSignedDirective(signed) });
  }

  #noteDelivery(subject: string, bytes: Uint8Array): boolean {
    const unit = [...this.#units.values()].find(({ admit }) => subject.endsWith(admit.member));
    if (unit === undefined) return false;
    return this.recorder.note({ from: "broker", to: unit.slug, kind: this.#deliveryKind(unit, bytes), bytes });
  }

  /** The recorder reads what is sealed with the recipient's key, which nobody on the way has. */
  #submissionKind({ keys: { signer } }: MemoryUnit, subject: string, sealed: Uint8Array): string {
    const epoch = Number(subject.split(".").at(-1));
    if (this.#brokerKeys?.sealing.epochs().includes(epoch) !== true) return "unreadable";
    const keyPair = this.#brokerKeys.sealing.read(epoch);
    const scope = { federation: this.state.id, keyPair, signingKeyOf: (): Uint8Array => signer.publicKey };
    return openSubmission(sealed, scope).submission.body.kind;
  }

  #deliveryKind({ keys, admit: { member } }: MemoryUnit, sealed: Uint8Array): string {
    const { id: federation, found, usedKeys } = this.state;
    const brokerSigningKey = found.broker.signingKey;
    const isOwnKey = (key: Uint8Array): boolean => usedKeys.has(toHex(key));
    for (const { keyPair } of keys.sealing.all()) {
      try {
        const scope = { federation, member, keyPair, brokerSigningKey, isOwnKey };
        const { body } = openDelivery(sealed, scope).delivery;
        if (body.kind === "beat") return beatKind(body);
        return body.kind === "notice" ? body.event.type : body.kind;
      } catch (error) {
        if (!isCausewayError(error, "UNPROVEN")) throw error;
      }
    }
    return "unreadable";
  }
}

/** With the notices that it tells, such as "beat matchOpened". */
function beatKind({ notices }: Beat): string {
  const told = notices.flatMap((batch) => readBatch(batch).events.map(({ type }) => type));
  return ["beat", ...new Set(told)].join(" ");
}

function fingerprintOf([first]: readonly SignedDirective[]): Uint8Array {
  if (first === undefined) throw new Error("there is no directive");
  return directiveHash(first.payload);
}
