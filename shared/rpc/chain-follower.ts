/**
 * Follows the chain of directives, for nodes and evaluators, over one stream that the broker keeps open: a directive is here within
 * moments. The broker serves the chain and is not believed: each directive is folded here, from the pinned fingerprint on. What a broker
 * withholds shows in the freshness statement, which the board signs (protocol section 4); until there is a fresh one, policy is
 * unproven, and its operator can fetch the chain by another way.
 *
 * Known weakness: a broker that withholds directive and statements together is noticed only when the last statement expires, hours later.
 */
import { statSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { equalBytes } from "../core/bytes.ts";
import { FIRST_VERSION, understoodOf } from "../core/capabilities.ts";
import type { Capabilities } from "../core/capabilities.ts";
import { directiveHash, foldDirective, judgeFreshness } from "../core/chain.ts";
import type { Federation, SignedDirective, SignedFreshness } from "../core/directive.ts";
import { CertificateEnded } from "../core/certificate-ended.ts";
import { CausewayError, isCausewayError } from "../core/errors.ts";
import type { SigningKeyPair } from "../crypto/sign.ts";
import { appendDirective, catchUp, loadChain } from "../party/chain-file.ts";
import type { Chain, ChainContext } from "../party/chain-file.ts";
import { grpcClient } from "../platform/grpc.ts";
import type { GrpcConnection } from "../platform/grpc.ts";
import { readTls } from "../party/tls.ts";
import { partyFile } from "../party/files.ts";
import { readPin } from "../party/pin.ts";
import { readSignedDirective, readSignedFreshness } from "../wire/directive.ts";
import { describe } from "../world/describe.ts";
import { pause } from "../world/wait.ts";
import type { CallOff, World } from "../world/world.ts";
import { DirectoryServiceDefinition } from "../wire/gen/causeway/v1/directory.ts";
import type { ListDirectivesResponse } from "../wire/gen/causeway/v1/directory.ts";
import { sharedEvents } from "../world/shared-events.ts";

/** Before the broker is called again; doubled up to the last while it refuses: a suspension lasts for days, and costs it nothing. */
const RETRY_MS = 1_000;
const REFUSED_RETRY_MS_MAX = 30_000;
/**
 * A directive is newer than every statement until the board's on-line key has spoken again. For so long the statement before it will do:
 * it says of the directive before ours that it was the last.
 */
const SUPERSEDED_MS_MAX = 60_000;
/** The outcome while clocks are more than five minutes apart. */
const CLOCK_REFUSED = "clock";
/** The longest wait between two looks at the clock: a machine may sleep, and its clock be set. */
const LOOK_AGAIN_MS_MAX = 3_600_000;

export type DirectoryConnection = GrpcConnection<typeof DirectoryServiceDefinition>;

type FollowerWorld = Pick<World, "clock" | "log" | "after" | "randomBytes">;

export class ChainFollower implements Disposable {
  readonly #dir: string;
  readonly #world: FollowerWorld;
  readonly #connection: DirectoryConnection;
  #chain: Chain;
  /** The latest that was proven: an older one, sent again, says nothing new. */
  #statement: SignedFreshness | undefined;
  /** When our head went beyond the statement; 0 if it has not. */
  #supersededSinceMs = 0;
  #unprovenSinceMs: number;
  #callOffLook: CallOff | undefined;
  #reached = false;
  /** Whether something has changed that `onChange` has not been told of, or not all who hear it. */
  #untold = false;
  /** Of the stored chain, when it was last looked at. */
  #readStamp = 0;
  /** What a client of another class threw last; said once. */
  #fault = "";
  #broker = FIRST_VERSION;
  /** How things stand; said in the log once for each change: an outage of days is not a line every second. */
  #outcome: string = "";

  /**
   * Loads and proves the stored chain of a party's directory. Throws as `loadChain`. `signer`: the party's; the registrar asks by its
   * certificate. `connection`: default the broker that the chain names.
   */
  constructor(of: {
    readonly dir: string;
    readonly world: FollowerWorld;
    readonly signer?: SigningKeyPair;
    readonly connection?: DirectoryConnection;
  }) {
    this.#dir = of.dir;
    this.#world = of.world;
    this.#unprovenSinceMs = of.world.clock();
    this.#chain = loadChain(partyFile(of.dir, "chain"), this.#context());
    const { signer, world } = of;
    const { id } = this.federation;
    const address = (): string => this.federation.found.broker.address;
    const broker = { address, tls: () => readTls(of.dir), expected: { kind: "broker" } } as const;
    const signed = signer === undefined ? {} : { caller: { federation: id, signer: () => signer, world } };
    this.#connection = of.connection ?? grpcClient(DirectoryServiceDefinition, { ...broker, ...signed });
  }

  get chain(): Chain {
    return this.#chain;
  }

  get federation(): Federation {
    return this.#chain.federation;
  }

  /** 0: proven. Else since when the board's latest word is not known, in milliseconds. */
  get policyUnprovenSinceMs(): number {
    return this.#unprovenSinceMs;
  }

  /** What the broker states to understand. */
  get broker(): Capabilities {
    return this.#broker;
  }

  /** Whether the broker answers. */
  get reached(): boolean {
    return this.#reached;
  }

  /** Whether the broker refuses this party: the chain may say that it was suspended or removed, and is not shown to it any more. */
  get refused(): boolean {
    return this.#outcome === "FORBIDDEN";
  }

  /** Whether the broker takes no request because they are not of now by its clock. */
  get clockRefused(): boolean {
    return this.#outcome === CLOCK_REFUSED;
  }

  /**
   * Follows until the signal aborts. `onChange` is told after new directives were accepted, or the broker understands something else, and
   * told again if it throws: nobody misses a directive because another who hears of it failed.
   */
  async run(signal: AbortSignal, onChange: () => void = () => undefined): Promise<void> {
    for (let delayMs = RETRY_MS; !signal.aborted;) {
      const code = await this.#follow(signal, onChange);
      if (signal.aborted) break;
      this.#reached = code !== "UNAVAILABLE";
      this.#note(code);
      delayMs = code === "FORBIDDEN" ? Math.min(2 * delayMs, REFUSED_RETRY_MS_MAX) : RETRY_MS;
      await pause(this.#world, delayMs, signal);
    }
    this.#callOffLook?.();
  }

  /** What somebody has put into the party's own directory meanwhile (`causeway admin catch-up`): the way to a broker that is elsewhere now. */
  #readCarried(onChange: () => void): void {
    const path = partyFile(this.#dir, "chain");
    const stamp = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (stamp === this.#readStamp) return;
    this.#readStamp = stamp;
    const carried = loadChain(path, this.#context());
    if (carried.federation.head.number <= this.federation.head.number) return;
    this.#grow(carried);
    this.#tell(onChange);
  }

  /** Until the stream ends; answers with the code of what ended it. */
  async #follow(signal: AbortSignal, onChange: () => void): Promise<string> {
    try {
      if (this.#untold) this.#tell(onChange);
      this.#readCarried(onChange);
      await this.#catchUp(signal, onChange);
      const request = { fromNumber: this.#nextNumber, follow: true };
      for await (const message of this.#connection.client.listDirectives(request, { signal })) {
        this.#reached = true;
        this.#fault = "";
        this.#take(message, onChange);
      }
      return "UNAVAILABLE";
    } catch (error) {
      // A call that was aborted fails with an error of its own.
      if (signal.aborted) return "UNAVAILABLE";
      // What has to be mended here, such as a full disk, on which no directive can be kept.
      if (error instanceof CertificateEnded || isCausewayError(error, "ENVIRONMENT")) this.#noteFault(error);
      if (isCausewayError(error, "OUT_OF_SEQUENCE") && error.fields.includes("clock")) return CLOCK_REFUSED;
      if (isCausewayError(error)) return error.code;
      // Whatever its client throws, the party goes on with what it knows.
      this.#noteFault(error);
      return "UNAVAILABLE";
    }
  }

  /** What was decided while nobody listened here, taken together with the statement that covers it. */
  async #catchUp(signal: AbortSignal, onChange: () => void): Promise<void> {
    const { client } = this.#connection;
    const missed: SignedDirective[] = [];
    let { federation } = this;
    for await (const { directive } of client.listDirectives({ fromNumber: this.#nextNumber }, { signal })) {
      if (directive === undefined) continue;
      const signed = readSignedDirective(directive);
      // Proven as it comes, but for its time: a broker could send without end what nobody has signed.
      federation = foldDirective(federation, signed, { ...this.#context(), seenBefore: true });
      missed.push(signed);
    }
    if (missed.length === 0) return;
    const { freshness } = await client.getFreshness({}, { signal }).catch(noneIfMissing);
    const statement = freshness === undefined ? undefined : readSignedFreshness(freshness);
    this.#grow(catchUp(partyFile(this.#dir, "chain"), this.#chain, missed, statement, this.#context()));
    this.#tell(onChange);
  }

  get #nextNumber(): bigint {
    return BigInt(this.federation.head.number + 1);
  }

  #take({ directive, freshness, capabilities }: ListDirectivesResponse, onChange: () => void): void {
    if (directive !== undefined) {
      const signed = readSignedDirective(directive);
      this.#grow(appendDirective(partyFile(this.#dir, "chain"), this.#chain, signed, this.#context()));
      this.#tell(onChange);
    }
    if (freshness !== undefined) {
      this.#hear(readSignedFreshness(freshness));
      this.#hearOfBroker(understoodOf(capabilities), onChange);
    }
    this.#judge();
  }

  #hearOfBroker(broker: Capabilities, onChange: () => void): void {
    if (isDeepStrictEqual(broker, this.#broker)) return;
    this.#broker = broker;
    sharedEvents.broker.understood(this.#world.log, { capabilities: [...broker].join(" ") });
    this.#tell(onChange);
  }

  #tell(onChange: () => void): void {
    this.#untold = true;
    onChange();
    this.#untold = false;
  }

  #grow(chain: Chain): void {
    const { freshnessKey } = this.federation.found;
    this.#chain = chain;
    sharedEvents.directive.accepted(this.#world.log, { number: this.federation.head.number });
    // The board has a new on-line key, and what the old one said counts no more.
    if (equalBytes(freshnessKey, this.federation.found.freshnessKey)) return;
    this.#statement = undefined;
    this.#note("superseded");
  }

  #hear(statement: SignedFreshness): void {
    judgeFreshness(this.federation, statement, this.#world.clock());
    const known = this.#statement?.freshness.issuedAtMs ?? 0;
    if (statement.freshness.issuedAtMs >= known) this.#statement = statement;
  }

  /** How the chain here stands to the latest statement now, and when to look again although nothing is said. */
  #judge(): void {
    this.#callOffLook?.();
    if (this.#statement === undefined) return;
    const { number, headHash, validUntilMs } = this.#statement.freshness;
    const nowMs = this.#world.clock();
    const verdict = judgeFreshness(this.federation, this.#statement, nowMs);
    const named = this.#chain.directives[number - 1];
    if (named !== undefined && !equalBytes(directiveHash(named.payload), headHash)) {
      throw new CausewayError("UNPROVEN", "freshness statement names another history");
    }
    const superseded = number < this.federation.head.number;
    this.#supersededSinceMs = superseded ? this.#supersededSinceMs || nowMs : 0;
    const graceUntilMs = superseded ? this.#supersededSinceMs + SUPERSEDED_MS_MAX : Number.POSITIVE_INFINITY;
    this.#note(verdict === "superseded" && nowMs < graceUntilMs ? "fresh" : verdict);
    const changesAtMs = Math.min(validUntilMs, graceUntilMs);
    if (nowMs < changesAtMs) this.#judgeAfter(Math.min(changesAtMs - nowMs, LOOK_AGAIN_MS_MAX));
  }

  #judgeAfter(waitMs: number): void {
    const again = (): void => {
      try {
        if (this.#reached) this.#judge();
      } catch (error) {
        if (!isCausewayError(error)) throw error;
        this.#note(error.code);
      }
    };
    this.#callOffLook = this.#world.after(waitMs, again);
  }

  #note(outcome: string): void {
    const fresh = outcome === "fresh";
    this.#unprovenSinceMs = fresh ? 0 : this.#unprovenSinceMs || this.#world.clock();
    if (outcome === this.#outcome) return;
    this.#outcome = outcome;
    if (fresh) sharedEvents.policy.proven(this.#world.log);
    else sharedEvents.policy.unproven(this.#world.log, { outcome });
  }

  #noteFault(error: unknown): void {
    const fault = JSON.stringify(describe(error));
    const tell = error instanceof CertificateEnded ? sharedEvents.certificate.ended : sharedEvents.directory.failed;
    if (fault !== this.#fault) tell(this.#world.log, error);
    this.#fault = fault;
  }

  #context(): ChainContext {
    return { pinnedFingerprint: readPin(this.#dir), nowMs: this.#world.clock() };
  }

  [Symbol.dispose](): void {
    this.#callOffLook?.();
    this.#connection[Symbol.dispose]();
  }
}

/** A broker without a statement; its chain can be proven all the same, if it is of these days. */
function noneIfMissing(error: unknown): { readonly freshness?: undefined } {
  if (isCausewayError(error, "NOT_FOUND")) return {};
  throw error;
}
