/**
 * The broker as one process: directory and hosted evaluator over gRPC, matching over NATS, one ledger. `createBroker` reads and
 * proves everything that lies in its directory; `start` opens the doors.
 */
import { join, resolve } from "node:path";
import { equalBytes } from "../shared/core/bytes.ts";
import type { Directive, Evaluator as ListedEvaluator, Federation } from "../shared/core/directive.ts";
import { CausewayError } from "../shared/core/errors.ts";
import type { MemberId } from "../shared/core/ids.ts";
import { probeCrypto } from "../shared/crypto/probe.ts";
import { randomBytes } from "../shared/world/random.ts";
import type { SigningKeyPair } from "../shared/crypto/sign.ts";
import type { Clock } from "../shared/world/clock.ts";
import { startGrpcServer } from "../shared/platform/grpc.ts";
import type { GrpcServer, GrpcTls } from "../shared/platform/grpc.ts";
import { makePrivateDirectory } from "../shared/party/key-files.ts";
import { aborted } from "../shared/platform/lifecycle.ts";
import type { Log } from "../shared/world/log.ts";
import { systemWorld } from "../shared/world/world.ts";
import { connectNats } from "../shared/platform/nats.ts";
import type { NatsBus } from "../shared/platform/nats.ts";
import { readNatsCredentials } from "../shared/party/credentials.ts";
import { readTls } from "../shared/party/tls.ts";
import { destroySealingKey } from "../shared/party/keys.ts";
import { evaluatorsIn, isInGoodStanding } from "../shared/platform/standing.ts";
import type { PeerIdentity } from "../shared/platform/tls.ts";
import { VERSION } from "../shared/platform/version.ts";
import { BROKER_INBOX_PREFIX } from "../shared/wire/subjects.ts";
import { createBoard } from "./board/board.ts";
import type { Board } from "./board/board.ts";
import { keyMakerIn } from "./board/own-keys.ts";
import type { IssueSignInCode } from "./board/parts.ts";
import { Outlet } from "./bus/outlet.ts";
import { Plane } from "./bus/plane.ts";
import type { BrokerConfig } from "./config.ts";
import { BrokerData } from "./console-data/broker-data.ts";
import { DIRECTORY_POLL_MS, SWEEP_MS, WATCH_MS } from "./core/limits.ts";
import { Spaces } from "./core/spaces.ts";
import { keyedTokenHash } from "./core/token-index.ts";
import { startEnrolment } from "./enrolment/enrolment.ts";
import { createEvaluator } from "./evaluator/evaluator.ts";
import type { Evaluator } from "./evaluator/evaluator.ts";
import { sharesIn, workerEngines } from "./evaluator/doors.ts";
import type { EvaluatorEvent } from "./evaluator/ports.ts";
import { brokerKeysOf, readBrokerSealingKeys, readBrokerSigner, signingKeysOf } from "./keys.ts";
import type { SealingKeys } from "./keys.ts";
import { Oversight } from "./oversight.ts";
import type { OversightParts } from "./oversight.ts";
import { directoryService } from "./rpc/directory-service.ts";
import { keepOwnRenewed } from "./renewal.ts";
import { Directory } from "./store/directory.ts";
import { Ledger } from "./store/ledger.ts";
import { Upkeep } from "./upkeep.ts";
import { startConsole } from "./console/console.ts";
import type { Console } from "./console/console.ts";
import { NoticeBook } from "./writer/notice-book.ts";
import { Proofs } from "./writer/proofs.ts";
import { Publications } from "./writer/publications.ts";
import { Watch } from "./writer/watch.ts";
import { Writer } from "./writer/writer.ts";

export type BrokerEnvironment = { readonly clock: Clock; readonly log: Log };

export type BrokerStatus = {
  readonly members: number;
  readonly records: number;
  /** Padding included. */
  readonly tokens: number;
  readonly matchesOpened: number;
  readonly matchesOpen: number;
  readonly natsConnected: boolean;
};

const INDEX_SEED_BYTES = 16;

/** Throws ENVIRONMENT, UNPROVEN or INVALID if the directory does not hold what the federation's broker needs. */
export function createBroker(config: BrokerConfig, environment: BrokerEnvironment): Broker {
  probeCrypto();
  return new Broker(config, environment);
}

export class Broker implements AsyncDisposable {
  /** What the broker can say about its members and itself. */
  readonly oversight: Oversight;
  readonly #config: BrokerConfig;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #directory: Directory;
  readonly #signer: SigningKeyPair;
  #sealingKeys: SealingKeys;
  readonly #ledger: Ledger;
  readonly #spaces: Spaces;
  readonly #watch: Watch;
  readonly #publications: Publications;
  readonly #notices: NoticeBook;
  readonly #stop = new AbortController();
  readonly #restartNeeded = Promise.withResolvers<void>();
  readonly #failure = Promise.withResolvers<never>();
  readonly #running: Promise<void>[] = [];
  #evaluator: Evaluator | undefined;
  #board: Board | undefined;
  #server: GrpcServer | undefined;
  #door: GrpcServer | undefined;
  #bus: NatsBus | undefined;
  #plane: Plane | undefined;
  #console: Console | undefined;
  /** Memory is back and submissions are taken. */
  #caughtUp = false;
  /** Number of the directive that the data plane was last fitted to. */
  #actedOn: number;

  constructor(config: BrokerConfig, { clock, log }: BrokerEnvironment) {
    this.#config = config;
    this.#clock = clock;
    this.#log = log;
    this.#directory = new Directory(config.dir, clock);
    this.#actedOn = this.#directory.federation.head.number;
    this.#signer = readBrokerSigner(config.dir, this.#directory.federation);
    const federation = (): Federation => this.#directory.federation;
    makePrivateDirectory(this.#dataDir);
    this.#ledger = new Ledger(join(this.#dataDir, "ledger.sqlite"), federation().id);
    this.#sealingKeys = this.#readFirstSealingKeys();
    this.#notices = new NoticeBook({ ledger: this.#ledger, federation, signer: this.#signer });
    this.#spaces = new Spaces(keyedTokenHash(randomBytes(INDEX_SEED_BYTES)));
    this.#watch = new Watch({ ledger: this.#ledger, federation, log });
    this.#publications = new Publications({
      ledger: this.#ledger,
      notices: this.#notices,
      federation,
      spaces: this.#spaces,
      onPublished: (...told) => this.#watch.published(...told),
    });
    const heldOf: OversightParts["heldOf"] = (member) => this.#publications.heldOf(member);
    const streamsRefused = (): ReadonlySet<MemberId> => this.#streamsRefused;
    this.oversight = new Oversight({ ledger: this.#ledger, federation, heldOf, streamsRefused, clock });
    // Whoever awaits `failed` gets it; nobody has to.
    this.#failure.promise.catch(() => undefined);
  }

  /** Rejects when the broker cannot go on; dispose of it then. */
  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  /**
   * Resolves when this process has held tokens of an epoch that is gone now. Memory that was freed still holds them: replace the process, see
   * `main.ts`.
   */
  get restartNeeded(): Promise<void> {
    return this.#restartNeeded.promise;
  }

  /** Where gRPC listens. Throws INTERNAL before `start`. */
  get port(): number {
    if (this.#server === undefined) throw new CausewayError("INTERNAL", "the broker has not been started");
    return this.#server.port;
  }

  get status(): BrokerStatus {
    const { opened, open } = this.#ledger.matchCounts();
    return {
      members: this.#directory.federation.members.size,
      records: this.#publications.recordCount,
      tokens: this.#publications.tokenCount,
      matchesOpened: opened,
      matchesOpen: open,
      natsConnected: this.#natsConnected,
    };
  }

  get #streamsRefused(): ReadonlySet<MemberId> {
    return this.#plane?.streamsRefused ?? new Set();
  }

  get #natsConnected(): boolean {
    return this.#bus?.connected ?? false;
  }

  /** Resolves once memory is back and submissions are taken; waits for NATS as long as it takes. */
  async start(): Promise<void> {
    const starting = this.#open();
    this.#track(starting.catch(() => undefined));
    try {
      await starting;
    } finally {
      // Doors that it has opened after disposal began.
      if (this.#stop.signal.aborted) await this.#closeDoors();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#closeDoors();
    await Promise.all(this.#running);
    await this.#evaluator?.[Symbol.asyncDispose]();
    this.#board?.[Symbol.dispose]();
    this.#ledger[Symbol.dispose]();
  }

  async #closeDoors(): Promise<void> {
    await this.#console?.[Symbol.asyncDispose]();
    await this.#server?.[Symbol.asyncDispose]();
    await this.#door?.[Symbol.asyncDispose]();
    await this.#bus?.[Symbol.asyncDispose]();
  }

  async #open(): Promise<void> {
    const { signal } = this.#stop;
    await this.#serve();
    const bus = await this.#connect();
    this.#bus = bus;
    if (signal.aborted) return;
    const plane = this.#planeOn(bus);
    this.#plane = plane;
    await plane.rebuild();
    if (signal.aborted) return;
    const upkeep = this.#upkeepOf(plane);
    this.#followNew(plane);
    this.#run(this.#keepHouse(plane));
    this.#run(upkeep.run());
    await plane.tried();
    this.#caughtUp = true;
    if (signal.aborted) return;
    await this.#openConsole();
    const { members, records, matchesOpen } = this.status;
    this.#log.info("broker.ready", { members, records, matchesOpen });
    this.#warnOfOtherKey();
  }

  #upkeepOf(plane: Plane): Upkeep {
    const upkeep = new Upkeep({
      ledger: this.#ledger,
      publications: this.#publications,
      spaces: this.#spaces,
      directory: this.#directory,
      plane,
      destroyKey: (epoch) => this.#destroyKey(epoch),
      signer: this.#signer,
      clock: this.#clock,
      log: this.#log,
      signal: this.#stop.signal,
    });
    void upkeep.purged.then(() => this.#restartNeeded.resolve());
    return upkeep;
  }

  #destroyKey(epoch: number): void {
    destroySealingKey(this.#config.dir, epoch);
    this.#sealingKeys = this.#readSealingKeys();
  }

  #readFirstSealingKeys(): SealingKeys {
    try {
      return this.#readSealingKeys();
    } catch (error) {
      this.#ledger[Symbol.dispose]();
      throw error;
    }
  }

  #readSealingKeys(): SealingKeys {
    const isGone = (epoch: number): boolean => this.#ledger.epochs.ended(epoch) !== undefined;
    return readBrokerSealingKeys(this.#config.dir, this.#directory.federation, isGone);
  }

  get #directives(): readonly Directive[] {
    return this.#directory.chain.directives.map(({ directive }) => directive);
  }

  get #dataDir(): string {
    return resolve(this.#config.dir, this.#config.dataDir);
  }

  async #serve(): Promise<void> {
    const { dir, listen } = this.#config;
    this.#evaluator = this.#hostEvaluator();
    const services = [directoryService({ directory: this.#directory })];
    if (this.#evaluator !== undefined) services.push(this.#evaluator.service);
    this.#board = this.#openBoard();
    services.push(...this.#board.services);
    const isReady = (): boolean => this.#caughtUp && this.#natsConnected && this.#keyIsNamed;
    const maySpeak = (peer: PeerIdentity): boolean => isInGoodStanding(peer, this.#directory.federation);
    // Whom a directive takes out, it takes off the line in the same step.
    this.#directory.onGrown(() => {
      this.#server?.recheck();
      this.#retireShares();
    });
    this.#retireShares();
    const tls = readTls(dir);
    this.#server = await startGrpcServer({ address: listen, tls, services, log: this.#log, isReady, maySpeak });
    this.#door = await this.#openDoor(tls, this.#board);
    this.#run(this.#renewOwn(this.#board));
  }

  /** For those who have no certificate yet. */
  async #openDoor(tls: GrpcTls, desk: Board): Promise<GrpcServer | undefined> {
    const { enrolment, natsUrl } = this.#config;
    if (enrolment === undefined) return undefined;
    return await startEnrolment({
      listen: enrolment.listen,
      natsUrl: enrolment.natsUrl ?? natsUrl,
      tls,
      directory: this.#directory,
      desk,
      clock: this.#clock,
      log: this.#log,
    });
  }

  /** For administrators, by their browsers. */
  async #openConsole(): Promise<void> {
    const { dir, console: config } = this.#config;
    if (config === undefined) return;
    const clock = this.#clock;
    const log = this.#log;
    const data = this.#consoleData();
    this.#run(data.follow(this.#stop.signal));
    const databasePath = join(this.#dataDir, "console.sqlite");
    const world = { ...systemWorld(log), clock };
    this.#console = await startConsole({ config, dir, data, databasePath, world });
  }

  #consoleData(): BrokerData {
    const evaluator = this.#evaluator;
    const name = this.#hosted?.name;
    return new BrokerData({
      directory: this.#directory,
      board: this.#board as Board,
      oversight: this.oversight,
      ledger: this.#ledger,
      status: () => ({ version: VERSION, ...this.status }),
      hosted:
        evaluator && name !== undefined ? { name, balanceOf: (member) => evaluator.balanceOf(member) } : undefined,
      clock: this.#clock,
      log: this.#log,
    });
  }

  /** Undefined as long as the console does not stand. */
  get #issueSignInCode(): IssueSignInCode | undefined {
    const standing = this.#console;
    return standing && ((user) => standing.issueCode(user));
  }

  async #renewOwn({ credentials }: Board): Promise<void> {
    const { dir } = this.#config;
    const onRenewed = (): void => {
      for (const server of [this.#server, this.#door]) server?.useTls(readTls(dir));
    };
    const federation = (): Federation => this.#directory.federation;
    const { publicKey: signingKey } = this.#signer;
    const own = { dir, signingKey, credentials, federation, clock: this.#clock, log: this.#log, onRenewed };
    await keepOwnRenewed(own, this.#stop.signal);
  }

  #openBoard(): Board {
    const { dir } = this.#config;
    const { id } = this.#directory.federation;
    return createBoard({
      directory: this.#directory,
      databasePath: join(this.#dataDir, "board.sqlite"),
      keys: keyMakerIn(dir, { hosted: this.#hosted?.name, signer: this.#signer, federation: id }),
      oversight: this.oversight,
      issueSignInCode: () => this.#issueSignInCode,
      clock: this.#clock,
      log: this.#log,
    });
  }

  #retireShares(): void {
    this.#evaluator?.retire().catch((error: unknown) => this.#log.error("evaluator.retireFailed", error));
  }

  get #hosted(): ListedEvaluator | undefined {
    const { publicKey } = this.#signer;
    return evaluatorsIn(this.#directory.federation).find(({ signingKey }) => equalBytes(signingKey, publicKey));
  }

  /** The evaluator that the directives list under the broker's key, if they list one. */
  #hostEvaluator(): Evaluator | undefined {
    const listed = this.#hosted;
    if (listed === undefined) return undefined;
    const { dir, evaluatorWorkers } = this.#config;
    const options = {
      name: listed.name,
      federation: () => this.#directory.federation,
      shares: sharesIn(dir),
      signing: this.#signer,
      databasePath: join(this.#dataDir, "evaluator.sqlite"),
      startEngine: workerEngines({ randomBytes }, evaluatorWorkers),
      onEvent: (event: EvaluatorEvent) => this.#noteEvaluation(event),
    };
    return createEvaluator(options, { clock: this.#clock });
  }

  #noteEvaluation(event: EvaluatorEvent): void {
    const { kind, member, ...counts } = event;
    this.#log.info(`evaluator.${kind}`, { member: this.#slugOf(member), ...counts });
    if (event.kind === "evaluated" && event.charged) this.#watch.evaluated(member, event.elements, this.#clock());
    if (event.kind === "budgetAlarm") this.#watch.raise("evaluationBudget", member, this.#clock());
  }

  async #connect(): Promise<NatsBus> {
    const { dir, natsUrl } = this.#config;
    return await connectNats({
      url: natsUrl,
      creds: () => readNatsCredentials(dir),
      roots: readTls(dir).rootsPem,
      inboxPrefix: BROKER_INBOX_PREFIX,
      name: "causeway-broker",
      signal: this.#stop.signal,
      log: this.#log,
      onReconnect: () => this.#plane?.reconnected(),
    });
  }

  #planeOn(bus: NatsBus): Plane {
    const federation = (): Federation => this.#directory.federation;
    const ledger = this.#ledger;
    const { signal } = this.#stop;
    const keys = (): readonly Uint8Array[] => brokerKeysOf(this.#directives);
    const outlet = new Outlet({ bus, ledger, federation, signer: this.#signer, keys, log: this.#log, signal });
    const proofs = new Proofs({
      ledger,
      notices: this.#notices,
      federation,
      recordOf: ({ member, handle }) => this.#publications.find(member, handle),
    });
    const writer = new Writer({
      ledger,
      publications: this.#publications,
      watch: this.#watch,
      proofs,
      notices: this.#notices,
      federation,
      log: this.#log,
      onConnected: (member, noticeNumber) => outlet.resume(member, noticeNumber),
    });
    return new Plane({
      bus,
      writer,
      publications: this.#publications,
      watch: this.#watch,
      ledger,
      outlet,
      federation,
      sealingKeys: () => this.#sealingKeys,
      isOurs: () => this.#keyIsNamed,
      pastKeysOf: (member) => signingKeysOf(this.#directives, member),
      sizes: this.#config.streams,
      clock: this.#clock,
      log: this.#log,
      signal,
    });
  }

  #followNew(plane: Plane): void {
    for (const member of plane.newMembers()) this.#run(plane.serve(member));
  }

  /** New directives, odd patterns, records past their review day. */
  async #keepHouse(plane: Plane): Promise<void> {
    const { signal } = this.#stop;
    let [swept, watched] = [this.#clock(), this.#clock()];
    while (!signal.aborted) {
      await this.#directory.changeWithin(DIRECTORY_POLL_MS, signal);
      if (signal.aborted) return;
      if (this.#refreshDirectory()) this.#followNew(plane);
      if (this.#clock() - watched >= WATCH_MS) this.#watch.look((watched = this.#clock()));
      if (this.#clock() - swept < SWEEP_MS) continue;
      if (!this.#publications.sweep(this.#clock())) swept = this.#clock();
    }
  }

  /** Whether there are directives that were not acted on. A file that cannot be proven changes nothing: what was proven stays in force. */
  #refreshDirectory(): boolean {
    try {
      this.#directory.refresh();
      const { number } = this.#directory.federation.head;
      if (number === this.#actedOn) return false;
      this.#sealingKeys = this.#readSealingKeys();
      this.#actedOn = number;
      const { head } = this.#directory.federation;
      this.#log.info("directory.grown", { number: head.number });
      this.#warnOfOtherKey();
      return true;
    } catch (error) {
      this.#log.error("alarm.directoryRefused", error);
      this.#watch.raise("directoryRefused", undefined, this.#clock());
      return false;
    }
  }

  get #keyIsNamed(): boolean {
    return equalBytes(this.#directory.federation.found.broker.signingKey, this.#signer.publicKey);
  }

  /** Members go on asking here what the chain says, also which key they are to believe now. They are served by whoever has that key. */
  #warnOfOtherKey(): void {
    if (!this.#keyIsNamed) this.#log.warn("alarm.keyReplaced");
  }

  #run(task: Promise<void>): void {
    const ended = task.catch((error: unknown) => {
      if (this.#stop.signal.aborted) return;
      this.#log.error("broker.failed", error);
      this.#failure.reject(error);
      this.#stop.abort();
    });
    this.#track(ended);
  }

  /**
   * Disposal waits for a task or the signal: after it, a task that still waits for NATS touches nothing any more, and one
   * that writes does so in one synchronous step.
   */
  #track(task: Promise<void>): void {
    this.#running.push(Promise.race([task, aborted(this.#stop.signal)]));
  }

  #slugOf(member: MemberId): string | undefined {
    return this.#directory.federation.members.get(member)?.slug;
  }
}
