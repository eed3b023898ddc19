/** Every gRPC service of every program, in this process and without a server: what a request comes to. Parties and records are invented. */
import { Metadata } from "nice-grpc";
import type { CallContext, Server } from "nice-grpc";
import { Records } from "../../agency-node/records.ts";
import { activityService } from "../../agency-node/rpc/activity-service.ts";
import { liaisonService } from "../../agency-node/rpc/liaison-service.ts";
import { WORKSTATIONS } from "../../agency-node/rpc/local-caller.ts";
import type { KeyHolder } from "../../agency-node/rpc/local-caller.ts";
import { recordsService } from "../../agency-node/rpc/records-service.ts";
import { ACTOR_KEY, encodeStatedActor } from "../../agency-node/wire/stated-actor.ts";
import { GetStatusResponse } from "../../agency-node/wire/gen/causeway/node/v1/records.ts";
import { assemble } from "../../broker/assemble.ts";
import { Turnstile } from "../../broker/enrolment/core/turnstile.ts";
import { enrolmentService } from "../../broker/enrolment/rpc/enrolment-service.ts";
import { inProcessEngines } from "../../broker/evaluator/engine.ts";
import type { Admit } from "../../shared/core/directive.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import type { GrpcService } from "../../shared/platform/grpc.ts";
import { PEER_KEY } from "../../shared/platform/grpc-sessions.ts";
import { codeOf, statusOf } from "../../shared/platform/grpc-status.ts";
import { administratorIdentity, evaluatorIdentity, memberIdentity } from "../../shared/platform/standing.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import type { World } from "../../shared/world/world.ts";
import { silentLog } from "../../shared/world/log.ts";
import { STREAM_SIZES } from "../broker/support.ts";
import { MemoryChain } from "../sim/memory-chain.ts";
import { memoryKeys } from "../sim/memory-keys.ts";
import { SimWorld } from "../sim/world.ts";
import { MemoryBusServer } from "../support/memory-bus.ts";
import { ALL_COMPARED, handleOf, TestNode } from "../node/support.ts";
import { newSigner, PaperFederation } from "../trust/paper-federation.ts";

type Message = { readonly decode: (bytes: Uint8Array) => object };
export type Method = {
  readonly requestType: Message;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
};
type Definition = { readonly fullName: string; readonly methods: Readonly<Record<string, Method>> };
type Handler = (request: unknown, context: CallContext) => unknown;

/** "answers", or the code and the paths that a caller is told. */
export type Outcome = { readonly code: string; readonly fields: readonly string[]; readonly text: string };

export type Party = "administrator" | "registrar" | "member" | "evaluator" | "stranger" | "unit";

const WIDE = { burst: 10_000, perSecond: 10_000 };

export class Served implements AsyncDisposable {
  readonly paper: PaperFederation;
  readonly #services = new Map<
    string,
    { readonly definition: Definition; readonly handlers: Record<string, Handler> }
  >();
  readonly #parties: Readonly<Record<Party, PeerIdentity | KeyHolder | undefined>>;
  readonly #resources = new AsyncDisposableStack();

  constructor() {
    const world = new SimWorld("requests");
    const broker = world.party("broker");
    const keys = memoryKeys(newSigner(broker.randomBytes), broker);
    this.paper = new PaperFederation({
      nowMs: broker.clock(),
      broker: { signingKey: keys.signer.publicKey, sharePublicKey: keys.shares.prepare(1) },
    });
    const member = this.paper.admit("harbour", ["target"]);
    this.#parties = this.#partiesOf(member);
    const bus = new MemoryBusServer(world);
    const assembled = this.#resources.use(
      assemble({
        world: broker,
        connectBus: (connection) => bus.connect(connection),
        chain: new MemoryChain(this.paper.fingerprint, this.paper.chain),
        keys,
        databases: () => ":memory:",
        place: "an invented directory",
        startEngine: inProcessEngines(broker),
        settings: { streams: STREAM_SIZES },
      }),
    );
    const { board, services } = assembled.desk;
    const turnstile = new Turnstile({ perAddress: WIDE, together: WIDE, addressesMax: 10 }, broker.clock());
    const { directory } = assembled.ground;
    const enrolment = {
      directory,
      desk: board,
      turnstile,
      natsUrl: () => "tls://nowhere:1",
      clock: broker.clock,
      randomness: broker,
      log: silentLog,
    };
    for (const each of [...services, enrolmentService(enrolment), ...this.#nodeServices(world.party("node"))])
      this.#take(each);
  }

  get services(): string[] {
    return [...this.#services.keys()];
  }

  /** What the caller is told of a request: of a stream, of its first message and then `more`, up to the first answer. */
  async call(service: string, method: string, as: Party, ...requests: readonly Uint8Array[]): Promise<Outcome> {
    const { definition, handlers } = this.#services.get(service)!;
    const { requestType, requestStream, responseStream } = definition.methods[method]!;
    try {
      const messages = requests.map((bytes) => requestType.decode(bytes));
      const answer = handlers[method]!(requestStream ? streamOf(messages) : messages[0], this.#contextOf(as));
      if (responseStream) await drained(answer as AsyncIterable<unknown>);
      else await answer;
      return { code: "answers", fields: [], text: "" };
    } catch (error) {
      if (!isCausewayError(error)) return { code: "INTERNAL", fields: [], text: String(error) };
      return { code: codeOf(statusOf(error.code)), fields: error.fields, text: error.message };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources[Symbol.asyncDispose]();
  }

  /** Streams that go on for ever find their caller gone after what there is at once. */
  #contextOf(party: Party): CallContext {
    const metadata = new Metadata();
    const peer = this.#parties[party];
    if (peer !== undefined) metadata.set(PEER_KEY, JSON.stringify(peer));
    if (party === "unit") metadata.set(ACTOR_KEY, encodeStatedActor({ kind: "person", name: "Invented Officer" }));
    const rest = { header: new Metadata(), trailer: new Metadata(), sendHeader: () => undefined };
    return { metadata, peer: "127.0.0.1:1", signal: AbortSignal.abort(), ...rest };
  }

  #partiesOf(member: MemberId): Readonly<Record<Party, PeerIdentity | KeyHolder | undefined>> {
    const { state, seats } = this.paper;
    return {
      administrator: administratorIdentity(seats[0]!.public),
      registrar: { kind: "registrar" },
      member: memberIdentity(state.members.get(member)!),
      evaluator: evaluatorIdentity(state.found.evaluators[1]!),
      stranger: undefined,
      unit: { key: "ab".repeat(32), workstation: "desk-2" },
    };
  }

  #nodeServices(world: World): GrpcService[] {
    const node = this.#resources.use(new TestNode());
    const { db, records: store, standings, strays, acts, activity, erasure, inbox } = node;
    const admit = (): Admit => ({ retentionDaysMax: 365, domains: ["target", "protected"] }) as unknown as Admit;
    const records = new Records({
      db,
      store,
      standings,
      strays,
      acts,
      activity,
      erasure,
      world,
      admit,
      handleOf,
      onStored: () => undefined,
    });
    const door = WORKSTATIONS;
    const matches = { list: () => [], show: () => undefined, watch: () => () => undefined } as unknown as Parameters<
      typeof liaisonService
    >[0]["matches"];
    const canaries = { unprovenSinceMs: () => 0 } as Parameters<typeof liaisonService>[0]["canaries"];
    return [
      recordsService({ door, records, comparison: ALL_COMPARED, status: () => GetStatusResponse.fromPartial({}) }),
      activityService({ door, activity, world }),
      liaisonService({ door, world, matches, inbox, records: store, canaries, comparison: ALL_COMPARED }),
    ];
  }

  #take(service: GrpcService): void {
    const server = {
      add: (definition: Definition, handlers: Record<string, Handler>) =>
        this.#services.set(definition.fullName, { definition, handlers }),
    };
    service.addTo(server as unknown as Server);
  }
}

async function* streamOf(messages: readonly object[]): AsyncGenerator<object> {
  yield* messages;
}

async function drained(answers: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of answers);
}
