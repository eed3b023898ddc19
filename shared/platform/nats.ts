/**
 * The real data plane, see `bus.ts`: the only importer of the NATS client, and only its simplified consumer API.
 *
 * NATS is not trusted with anything but delay: it carries sealed bytes, its acknowledgement of a publish is not durability,
 * and whatever it drops, repeats or re-orders is repaired by sequence numbers and signed receipts (protocol section 8).
 */
import type { ConnectionOptions as TlsConnectionOptions } from "node:tls";
import {
  AckPolicy,
  credsAuthenticator,
  DeliverPolicy,
  DiscardPolicy,
  headers,
  NatsError,
  RetentionPolicy,
  StorageType,
} from "nats";
import type {
  ConnectionOptions,
  Consumer,
  ConsumerMessages,
  JetStreamClient,
  JetStreamPublishOptions,
  JsMsg,
  NatsConnection,
  PubAck,
  StreamConfig,
} from "nats";
import { AGAIN_AFTER_MS, BusRefusal, StreamMoved } from "../bus/bus.ts";
import type { Bus, BusConnection, BusMessage, StreamSettings, StreamState } from "../bus/bus.ts";
import { addressesIn } from "../core/addresses.ts";
import type { CertificateEnded } from "../core/certificate-ended.ts";
import { CausewayError, isCausewayError } from "../core/errors.ts";
import type { Log } from "../world/log.ts";
import { endedServer, endedUser } from "./nats-certificate.ts";
import { connect } from "./nats-transport.ts";
import { identityOfCertificate } from "./tls.ts";
import { pause, retryWhileUnavailable, unlessAborted } from "../world/wait.ts";
import { systemTimers } from "../world/world.ts";
import { sharedEvents } from "../world/shared-events.ts";

export type NatsOptions = BusConnection & {
  /** Such as `tls://127.0.0.1:4222`; several servers of a cluster are separated by commas. A function is asked again and again: they may move. */
  readonly url: string | (() => string);
  /** Text of the credentials file: user JWT and seed. A function is asked at each connection, since JWTs expire and are renewed. */
  readonly creds: string | (() => string);
  /** PEM of the federation's TLS roots. A function is asked at each connection. */
  readonly roots: string | (() => string);
  readonly inboxPrefix: string;
  /** Of the JetStream API; a member's differs, see `MEMBER_API_PREFIX`. */
  readonly apiPrefix?: string;
  /** Shown to the NATS operator. */
  readonly name: string;
  /**
   * Whether the connection ends when the server refuses the credentials twice running; whoever has it then asks again at its own pace. Default
   * false: it keeps trying at the pace of an outage.
   */
  readonly endsWhenRefused?: boolean;
  readonly log: Log;
};

/**
 * Connects, and keeps trying while no server answers. Throws UNAUTHENTICATED when the server refuses the credentials,
 * UNAVAILABLE when the signal aborts first.
 */
export async function connectNats(options: NatsOptions): Promise<Bus> {
  const { connection, watch } = await openNats(options);
  return new NatsBus(connection, watch, options);
}

/** How often is asked whether the server has moved. */
const MOVED_LOOK_MS = 5_000;

/** The connection as such; throws as `connectNats`. */
export async function openNats(options: NatsOptions): Promise<OpenNats> {
  const connection = await retryWhileUnavailable(systemTimers, () => open(options), {
    signal: options.signal,
    maxDelayMs: 2_000,
    onRetry: (error, delayMs) => sharedEvents.nats.waiting(options.log, error, { delayMs }),
  });
  void keepAimed(connection, options);
  return { connection, watch: new ConnectionWatch(connection, options) };
}

export type OpenNats = {
  readonly connection: NatsConnection;
  readonly watch: Pick<ConnectionWatch, "connected" | "lost">;
};

async function open(options: NatsOptions): Promise<NatsConnection> {
  const settings: ConnectionOptions = {
    servers: serversOf(options),
    // A cluster's servers tell of each other under names that are not for everybody: those that are stand in settings and chain.
    ignoreClusterUpdates: true,
    authenticator: credsAuthenticator(newestCredentials(options.creds)),
    tls: serverProof(options.roots),
    inboxPrefix: options.inboxPrefix,
    name: options.name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitterTLS: 250,
    // A server that restarts may refuse for a moment; a revocation is told by the log and by every failing call.
    ignoreAuthErrorAbort: options.endsWhenRefused !== true,
    pingInterval: 20_000,
    timeout: 5_000,
  };
  const tooLate = (connection: NatsConnection): Promise<void> => connection.close();
  return await unlessAborted(connect(settings), options.signal, tooLate).catch(async (error: unknown) =>
    rethrow((await endedFor(options)) ?? error),
  );
}

/** Looked for only when there is no connection. */
async function endedFor(options: NatsOptions): Promise<CertificateEnded | undefined> {
  const { signal } = options;
  if (signal.aborted) return undefined;
  const ended = endedUser(options);
  if (ended !== undefined) return ended;
  for (const server of serversOf(options)) {
    const found = await endedServer(server, signal);
    if (found !== undefined) return found;
  }
  return undefined;
}

function serversOf(options: Pick<NatsOptions, "url">): string[] {
  return addressesIn(urlOf(options));
}

function urlOf({ url }: Pick<NatsOptions, "url">): string {
  return typeof url === "string" ? url : url();
}

/** What the client dials from; its types do not show it, and it has no other way to be told of a server that has moved. */
type Pool = { readonly protocol: { readonly servers: { clear(): void; addServer(url: string): void } } };

/** Until the connection is closed. */
async function keepAimed(connection: NatsConnection, options: NatsOptions): Promise<void> {
  if (typeof options.url === "string") return;
  const closed = new AbortController();
  void connection.closed().finally(() => closed.abort());
  let aimed = urlOf(options);
  while (!closed.signal.aborted) {
    await pause(systemTimers, MOVED_LOOK_MS, closed.signal);
    const url = urlOf(options);
    if (url === aimed || closed.signal.aborted) continue;
    const { servers } = (connection as NatsConnection & Pool).protocol;
    servers.clear();
    for (const server of addressesIn(url)) servers.addServer(server);
    sharedEvents.nats.moved(options.log);
    await connection.reconnect();
    aimed = url;
  }
}

/** The client asks at each connection, and cannot be told that there are none just now: then the last ones have to do. */
function newestCredentials(creds: NatsOptions["creds"]): () => Uint8Array {
  if (typeof creds === "string") return () => new TextEncoder().encode(creds);
  let last = creds();
  return () => {
    try {
      last = creds();
    } catch (error) {
      if (!isCausewayError(error)) throw error;
    }
    return new TextEncoder().encode(last);
  };
}

/**
 * As with gRPC, the certificate must name the party that is expected, wherever it is reached. The client passes these settings on to Node,
 * although its type lacks some of them.
 */
function serverProof(roots: NatsOptions["roots"]): NonNullable<ConnectionOptions["tls"]> {
  const proof: TlsConnectionOptions = {
    get ca() {
      return typeof roots === "string" ? roots : roots();
    },
    minVersion: "TLSv1.3",
    checkServerIdentity: (_host, certificate) =>
      identityOfCertificate(certificate.raw)?.kind === "nats"
        ? undefined
        : new Error("the server is not the federation's NATS server"),
  };
  return proof as NonNullable<ConnectionOptions["tls"]>;
}

/** Whether the connection is up, told by its own status events. */
class ConnectionWatch {
  #lost = new AbortController();

  get connected(): boolean {
    return !this.#lost.signal.aborted;
  }

  /** Aborts when the connection that is up now is lost. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  constructor(connection: NatsConnection, options: NatsOptions) {
    void this.#follow(connection, options);
  }

  async #follow(connection: NatsConnection, { log, onReconnect }: NatsOptions): Promise<void> {
    for await (const status of connection.status()) {
      const type: string = status.type;
      if (type === "disconnect") this.#lost.abort();
      if (type === "reconnect") this.#lost = new AbortController();
      if (type === "disconnect") sharedEvents.nats.disconnected(log);
      if (type === "reconnect") sharedEvents.nats.reconnected(log);
      // The client's own code for it; a revoked member sees its refusals here.
      if (type === "error") sharedEvents.nats.failed(log, { code: codeOf(status.data) });
      if (type === "reconnect") onReconnect?.();
    }
    this.#lost.abort();
  }
}

function codeOf(data: unknown): string | undefined {
  return typeof data === "string" && /^[A-Z_0-9]{1,40}$/.test(data) ? data : undefined;
}

class NatsBus implements Bus {
  readonly #connection: NatsConnection;
  readonly #watch: OpenNats["watch"];
  readonly #jetstream: JetStreamClient;
  readonly #closed = new AbortController();
  readonly #signal: AbortSignal;

  constructor(connection: NatsConnection, watch: OpenNats["watch"], { signal, apiPrefix }: NatsOptions) {
    this.#connection = connection;
    this.#watch = watch;
    this.#jetstream = connection.jetstream({ timeout: 5_000, ...(apiPrefix === undefined ? {} : { apiPrefix }) });
    this.#signal = AbortSignal.any([signal, this.#closed.signal]);
    // Its readers are not told by the client when it gives up.
    void connection.closed().finally(() => this.#closed.abort());
  }

  get connected(): boolean {
    return this.#watch.connected && !this.#connection.isClosed();
  }

  async publish(subject: string, data: Uint8Array, messageId: string): Promise<void> {
    const withId = headers();
    withId.set("Nats-Msg-Id", messageId);
    await this.#store(subject, data, { headers: withId });
  }

  async append(subject: string, data: Uint8Array, expectedLastSequence: number): Promise<number> {
    // Not by the client's option, which leaves a zero out.
    const expecting = headers();
    expecting.set("Nats-Expected-Last-Sequence", String(expectedLastSequence));
    return (await this.#store(subject, data, { headers: expecting })).seq;
  }

  async #store(subject: string, data: Uint8Array, options: Partial<JetStreamPublishOptions>): Promise<PubAck> {
    const { lost } = this.#watch;
    // While disconnected the client would buffer and then time out; the caller's outbox is the buffer.
    if (lost.aborted) throw notConnected();
    // An answer that was under way when the connection was lost never comes; the client would wait for it all the same.
    const stored = this.#jetstream.publish(subject, data, options);
    return await unlessAborted(stored, lost).catch((error: unknown) =>
      lost.aborted ? rethrow(notConnected()) : rethrow(error),
    );
  }

  async *consume(stream: string, consumer: string, own?: AbortSignal): AsyncGenerator<BusMessage> {
    const signal = own === undefined ? this.#signal : AbortSignal.any([this.#signal, own]);
    while (!signal.aborted) {
      try {
        const durable = await this.#jetstream.consumers.get(stream, consumer);
        yield* this.#pull(durable, signal);
      } catch (error) {
        if (signal.aborted || this.#connection.isClosed()) return;
        if (!isTransient(error)) rethrow(error);
      }
      await pause(systemTimers, 500, signal);
    }
  }

  async *#pull(durable: Consumer, signal: AbortSignal): AsyncGenerator<BusMessage> {
    const messages = await durable.consume({
      max_bytes: 8 * 1024 * 1024,
      expires: PULL_MS,
      idle_heartbeat: HEARTBEAT_MS,
    });
    yield* untilAborted(messages, signal);
  }

  async *replay(stream: string, range?: { readonly from: number }): AsyncGenerator<BusMessage> {
    const state = await this.streamState(stream);
    if (state === undefined || state.messages === 0) return;
    if (range !== undefined && range.from > state.lastSequence) return;
    const start = range === undefined ? {} : { opt_start_seq: range.from, deliver_policy: DeliverPolicy.StartSequence };
    const ordered = await this.#jetstream.consumers.get(stream, start).catch(rethrow);
    // All of them may have been purged meanwhile, or from there on: nothing would come, for ever.
    if ((await ordered.info().catch(rethrow)).num_pending === 0) return;
    const messages = await ordered.consume({ max_messages: 64 }).catch(rethrow);
    for await (const message of untilAborted(messages, this.#signal)) {
      yield message;
      // What was purged leaves no message behind, so the last number may never come: the server says when nothing is pending.
      if (message.pending === 0) return;
    }
  }

  async streamState(stream: string): Promise<StreamState | undefined> {
    const manager = await this.#jetstream.jetstreamManager().catch(rethrow);
    const info = await manager.streams.info(stream).catch((error: unknown) => {
      if (!isMissing(error)) rethrow(error);
    });
    if (info === undefined) return undefined;
    const { first_seq: firstSequence, last_seq: lastSequence, messages, bytes } = info.state;
    return { firstSequence: messages === 0 ? lastSequence + 1 : firstSequence, lastSequence, messages, bytes };
  }

  async purgeBefore(stream: string, sequence: number): Promise<void> {
    const manager = await this.#jetstream.jetstreamManager().catch(rethrow);
    await manager.streams.purge(stream, { seq: sequence }).catch(rethrowMissing);
  }

  async purge(stream: string, subject: string): Promise<number> {
    const manager = await this.#jetstream.jetstreamManager().catch(rethrow);
    return (await manager.streams.purge(stream, { filter: subject }).catch(rethrowMissing)).purged;
  }

  async deleteStream(stream: string): Promise<void> {
    const manager = await this.#jetstream.jetstreamManager().catch(rethrow);
    await manager.streams.delete(stream).catch((error: unknown) => {
      if (!isMissing(error)) rethrow(error);
    });
  }

  async ensureStream(settings: StreamSettings): Promise<void> {
    const manager = await this.#jetstream.jetstreamManager().catch(rethrow);
    const config = toStreamConfig(settings);
    try {
      await manager.streams.info(settings.name);
    } catch (error) {
      if (!isMissing(error)) rethrow(error);
      await manager.streams.add(config).catch(rethrow);
      return;
    }
    await manager.streams.update(settings.name, config).catch(rethrow);
  }

  async ensureConsumer(stream: string, consumer: string, maxAckPending: number): Promise<void> {
    const { consumers, streams } = await this.#jetstream.jetstreamManager().catch(rethrow);
    const changeable = { max_ack_pending: maxAckPending, backoff: AGAIN_AFTER_MS.map((ms) => ms * NANOSECONDS_PER_MS) };
    const known = await consumers.info(stream, consumer).catch((error: unknown) => {
      if (!isMissing(error)) rethrow(error);
    });
    if (known !== undefined) {
      // One that has read further than the stream goes, since that was rolled back, would wait for numbers that were given before.
      const { state } = await streams.info(stream).catch(rethrow);
      if (known.delivered.stream_seq <= state.last_seq) {
        await consumers.update(stream, consumer, changeable).catch(rethrow);
        return;
      }
      await consumers.delete(stream, consumer).catch(rethrow);
    }
    const settings = { durable_name: consumer, ack_policy: AckPolicy.Explicit, ...changeable };
    await consumers.add(stream, settings).catch(rethrow);
  }

  async streamSettings(stream: string): Promise<StreamSettings> {
    const manager = await this.#jetstream.jetstreamManager().catch(rethrow);
    const { config } = await manager.streams.info(stream).catch(rethrow);
    return toStreamSettings(config);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    await this.#connection.close();
  }
}

async function* untilAborted(messages: ConsumerMessages, signal: AbortSignal): AsyncGenerator<BusMessage> {
  const stop = (): void => messages.stop();
  signal.addEventListener("abort", stop, { once: true });
  // The signal may have aborted while the server was being asked.
  if (signal.aborted) stop();
  try {
    for await (const message of messages) yield toBusMessage(message);
  } finally {
    signal.removeEventListener("abort", stop);
    messages.stop();
  }
}

/**
 * How long a request for messages stands at the server. For so long the server sends into the void when a link loses what is sent, or when a
 * member's connection is gone, which it does not notice through an account of its own. Shorter than the time after which what was lost so
 * comes again: then it waits for the next request, and is not lost a second time.
 */
const PULL_MS = 3_000;
/** While a request stands, the server says that it does; after two that did not come the reader asks anew. */
const HEARTBEAT_MS = 1_500;
const NANOSECONDS_PER_MS = 1_000_000;

function toStreamConfig(settings: StreamSettings): Partial<StreamConfig> & { name: string } {
  return {
    name: settings.name,
    subjects: [...settings.subjects],
    retention: settings.keeps === "untilAcknowledged" ? RetentionPolicy.Workqueue : RetentionPolicy.Limits,
    max_msgs_per_subject: settings.keeps === "last" ? 1 : -1,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_bytes: settings.maxBytes,
    max_msgs: settings.maxMessages,
    max_msg_size: settings.maxMessageBytes,
    max_age: settings.maxAgeMs * NANOSECONDS_PER_MS,
    duplicate_window: settings.duplicateWindowMs * NANOSECONDS_PER_MS,
    num_replicas: settings.replicas,
    allow_rollup_hdrs: false,
    deny_delete: true,
    deny_purge: false,
    allow_direct: false,
  };
}

function toStreamSettings(config: StreamConfig): StreamSettings {
  return {
    name: config.name,
    subjects: config.subjects,
    keeps: keepsOf(config),
    maxBytes: config.max_bytes,
    maxMessages: config.max_msgs,
    maxMessageBytes: config.max_msg_size,
    maxAgeMs: config.max_age / NANOSECONDS_PER_MS,
    duplicateWindowMs: config.duplicate_window / NANOSECONDS_PER_MS,
    replicas: config.num_replicas,
  };
}

function keepsOf({ retention, max_msgs_per_subject }: StreamConfig): StreamSettings["keeps"] {
  if (retention === RetentionPolicy.Workqueue) return "untilAcknowledged";
  return max_msgs_per_subject === 1 ? "last" : "all";
}

function toBusMessage(message: JsMsg): BusMessage {
  return {
    subject: message.subject,
    data: message.data,
    streamSequence: message.seq,
    pending: message.info.pending,
    ack() {
      try {
        message.ack();
      } catch {
        // The connection is closed: another one will deliver it again.
      }
    },
  };
}

const JETSTREAM_NOT_FOUND = 404;
/** Client-side states in which waiting helps: no server, no answer, a stream or consumer that is still being made. */
const TRANSIENT = new Set([
  "503",
  "404",
  "408",
  "409",
  "TIMEOUT",
  "CONNECTION_REFUSED",
  "DISCONNECT",
  "CONNECTION_TIMEOUT",
  "CONNECTION_DRAINING",
]);
const REFUSED = new Set([
  "AUTHORIZATION_VIOLATION",
  "AUTHENTICATION_EXPIRED",
  "PERMISSIONS_VIOLATION",
  "BAD_AUTHENTICATION",
]);

function isMissing(error: unknown): boolean {
  return error instanceof NatsError && (error.api_error?.code === JETSTREAM_NOT_FOUND || error.code === "404");
}

function rethrowMissing(error: unknown): never {
  if (isMissing(error)) throw new CausewayError("NOT_FOUND", "there is no such stream", { cause: error });
  rethrow(error);
}

function isTransient(error: unknown): boolean {
  return isCausewayError(error, "UNAVAILABLE") || !(error instanceof NatsError) || TRANSIENT.has(error.code);
}

function notConnected(): CausewayError {
  return new CausewayError("UNAVAILABLE", "no NATS server is connected");
}

/** The client's errors become ours; what a server answered stays in `cause`. */
export function rethrow(error: unknown): never {
  if (isCausewayError(error)) throw error;
  if (error instanceof NatsError && REFUSED.has(error.code)) {
    throw new CausewayError("UNAUTHENTICATED", "the NATS server refuses these credentials", { cause: error });
  }
  const reason = error instanceof NatsError ? error.api_error?.err_code : undefined;
  if (reason !== undefined && StreamMoved.REASONS.includes(reason)) throw new StreamMoved(error);
  if (reason !== undefined) throw new BusRefusal(reason, error);
  throw new CausewayError("UNAVAILABLE", "the NATS server does not answer", { cause: error });
}
