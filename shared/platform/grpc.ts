/**
 * gRPC between parties: mutual TLS 1.3, nothing else (protocol section 5).
 *
 * Both sides believe a certificate under the board's root, and only for the identity that the board wrote into it: a server
 * learns from it whose name the caller has (`peerOf`), a client connects only to the one identity it expects, whatever the address. Host names
 * are not compared: an address is where to look for a party, not who it is. Whether a caller may speak at all is asked at every call
 * and at every new directive (`grpc-sessions.ts`); what a party asks of another it signs by its own key (`party-calls.ts`).
 *
 * nice-grpc shows handlers no certificate, so an interceptor writes the identity into the call's metadata under one reserved key and
 * throws away whatever the caller put there.
 */
import type { Channel, ChannelCredentials, ChannelOptions, ServerCredentials, ServerInterceptor } from "@grpc/grpc-js";
import { createClientFactory, createServer, Metadata } from "nice-grpc";
import type { Client, CompatServiceDefinition, Server, ServerMiddleware, ServiceImplementation } from "nice-grpc";
import { CausewayError, isCausewayError } from "../core/errors.ts";
import {
  GRPC_ANSWER_BYTES_MAX,
  GRPC_CALLS_PER_CONNECTION_MAX,
  GRPC_IDLE_MS_MAX,
  GRPC_MESSAGE_BYTES_MAX,
} from "../core/limits.ts";
import { HealthDefinition, NOT_SERVING, SERVING } from "../wire/health.ts";
import { Doorway } from "./doorway.ts";
import { PartyChannel, tryingEach } from "./grpc-addresses.ts";
import { ClientTlsCredentials, ServerTlsCredentials } from "./grpc-credentials.ts";
import type { ClientTls, GrpcTls } from "./grpc-credentials.ts";
import { GrpcSessions } from "./grpc-sessions.ts";
import type { CallerSessions } from "./grpc-sessions.ts";
import { errorsToStatus, statusToErrors } from "./grpc-status.ts";
import type { Ends } from "./grpc-status.ts";
import { askingAs, RequestGate } from "./party-calls.ts";
import type { Caller, Recipient } from "./party-calls.ts";
import { identityOfCertificate, identityUri, nameOf } from "./tls.ts";
import type { PeerIdentity } from "./tls.ts";
import { pause } from "../world/wait.ts";
import type { World } from "../world/world.ts";

export type { GrpcTls } from "./grpc-credentials.ts";
export { peerOf } from "./grpc-sessions.ts";

/** A service with its implementation, see `grpcService`. */
export type GrpcService = { readonly name: string; addTo(server: Pick<Server, "add">): void };

/** `metadata` goes with each call; `caller` signs each request. */
export type ClientOptions = Ends & {
  readonly metadata?: Readonly<Record<string, Uint8Array>>;
  readonly caller?: Caller;
};

/** Of any server, whatever callers are known by. */
export type ServingOptions = Ends & {
  readonly services: readonly GrpcService[];
  readonly world: Pick<World, "after" | "log">;
  /** Whether the program does its whole work, for health checks of the server as such. Default: it does. */
  readonly isReady?: () => boolean;
  /** For services that parties call at another: who their requests are to be signed for, and by whose keys. */
  readonly recipient?: Recipient;
  /** What a call has done is told to its caller once this has resolved. Throws what the call then fails with. Default: at once. */
  readonly beforeAnswer?: () => Promise<void>;
  /** Largest request. Default `GRPC_MESSAGE_BYTES_MAX`. */
  readonly requestBytesMax?: number;
  /** How long calls in progress may go on after disposal begins. Default 1,000. */
  readonly graceMs?: number;
};

export type GrpcServerOptions = ServingOptions & {
  /** host:port; port 0 takes a free one. */
  readonly address: string;
  readonly tls: GrpcTls;
  /** Who may speak at all. Default: every party of the federation that has a certificate. */
  readonly callers?: GrpcSessions;
  /** Default true: without a certificate of the federation nobody gets through the handshake. */
  readonly callersProveThemselves?: boolean;
};

export type GrpcServer = AsyncDisposable & {
  readonly port: number;
  /** Serves new connections under a renewed certificate. */
  useTls(tls: GrpcTls): void;
};

export type GrpcConnection<Definition extends CompatServiceDefinition> = Disposable & {
  /** Follows the party to another address. */
  readonly client: Client<Definition>;
};

/**
 * host:port, or several of them separated by commas, of which one answers at a time. A function is asked before each call: where a party is,
 * the chain may say otherwise tomorrow.
 */
export type PartyAddress = string | (() => string);

const DEFAULT_GRACE_MS = 1_000;
const KEEPALIVE_MS = 20_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;
/** Also the name in the TLS greeting, which is sent in the clear: the same for all, so that it names nobody. */
const SERVER_NAME = "causeway";

/** Pairs a definition with its implementation, types checked. */
export function grpcService<Definition extends CompatServiceDefinition & { readonly fullName: string }>(
  definition: Definition,
  implementation: ServiceImplementation<Definition>,
): GrpcService {
  return { name: definition.fullName, addTo: (server) => server.add(definition, implementation) };
}

/** Starts a server, with grpc.health.v1 beside the given services. Throws ENVIRONMENT if it cannot listen. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { tls, world, callers = new GrpcSessions(() => true, world), callersProveThemselves = true } = options;
  const asked = { requestCert: callersProveThemselves, rejectUnauthorized: callersProveThemselves };
  const credentials = new ServerTlsCredentials(tls, asked);
  const server = await serveAtPort({ ...options, credentials, callers });
  return { ...server, useTls: (renewed) => credentials.use(renewed) };
}

/** Behind every server at host:port, whatever its callers are known by. Throws ENVIRONMENT if it cannot listen. */
export async function serveAtPort<Peer>(
  options: ServingOptions & {
    readonly address: string;
    readonly credentials: ServerCredentials;
    readonly callers: CallerSessions<Peer>;
  },
): Promise<Omit<GrpcServer, "useTls">> {
  const { address, callers } = options;
  const doorway = new Doorway();
  callers.onProven((socket) => doorway.prove(socket));
  const server = await serve({ ...options, interceptors: [callers.interceptor] }).catch((error: unknown) => {
    if (isCausewayError(error)) throw error;
    throw new CausewayError("ENVIRONMENT", `cannot listen on ${address}: is the port in use by another program?`, {
      cause: error,
    });
  });
  const watch = doorway.watch(server.port);
  return {
    port: server.port,
    async [Symbol.asyncDispose]() {
      watch[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Behind every server, wherever it listens: `address` as grpc-js takes it. Rejects as grpc-js does if it cannot. */
export async function serve(
  options: ServingOptions & {
    readonly address: string;
    readonly credentials: ServerCredentials;
    readonly interceptors: ServerInterceptor[];
  },
): Promise<Omit<GrpcServer, "useTls">> {
  const { address, credentials, interceptors, services, world } = options;
  const limits = {
    ...LIMITS,
    "grpc.max_receive_message_length": options.requestBytesMax ?? GRPC_MESSAGE_BYTES_MAX,
    "grpc.max_send_message_length": GRPC_ANSWER_BYTES_MAX,
    "grpc.max_connection_idle_ms": GRPC_IDLE_MS_MAX,
  };
  const gate = new RequestGate(options.recipient);
  const server = createServer({ ...limits, interceptors })
    .use(errorsToStatus(world.log, options))
    .use(gate.middleware)
    .use(answersAfter(options.beforeAnswer));
  for (const service of [...services, healthOf(options)]) service.addTo(gate.before(server));
  const port = await server.listen(address, credentials);
  return { port, [Symbol.asyncDispose]: () => stop(server, world, options.graceMs ?? DEFAULT_GRACE_MS) };
}

/**
 * A client of the server at host:port, which must prove that it is `expected`. Connects at the first call; errors are `CausewayError`s.
 * `tls`: a function is asked at each connection, so that a renewed certificate is used without a restart.
 */
export function grpcClient<Definition extends CompatServiceDefinition>(
  definition: Definition,
  to: ClientOptions & {
    readonly address: PartyAddress;
    readonly tls: ClientTls | (() => ClientTls);
    readonly expected: PeerIdentity;
  },
): GrpcConnection<Definition> {
  const credentials = new ClientTlsCredentials(to.tls, {
    whom: nameOf(to.expected),
    checkServerIdentity: (_host, certificate) => {
      const identity = identityOfCertificate(certificate.raw);
      const same = identity !== undefined && identityUri(identity) === identityUri(to.expected);
      return same ? undefined : new Error("the server is not the party that was expected");
    },
  });
  const asked = to.caller === undefined ? definition : askingAs(definition, to.caller, to.expected);
  return clientOver(asked, to.address, credentials, to);
}

/**
 * A client of whoever answers at host:port. For fetching what proves itself, such as the chain of directives, and nothing else: neither
 * what is said nor what is heard is protected from somebody in between.
 */
export function unprovenGrpcClient<Definition extends CompatServiceDefinition>(
  definition: Definition,
  address: string,
): GrpcConnection<Definition> {
  return clientOver(definition, address, new ClientTlsCredentials({ rootsPem: "" }, { rejectUnauthorized: false }));
}

/** A client over any connection: `address` as grpc-js takes it. */
export function clientOver<Definition extends CompatServiceDefinition>(
  definition: Definition,
  address: PartyAddress,
  credentials: ChannelCredentials,
  options: ClientOptions = {},
): GrpcConnection<Definition> {
  const addressNow = typeof address === "function" ? address : () => address;
  const defaults = { "*": { metadata: new Metadata(options.metadata) } };
  const ended = credentials instanceof ClientTlsCredentials ? () => credentials.ended : undefined;
  const channel = new PartyChannel(addressNow, credentials, { ...LIMITS, ...CLIENT_OPTIONS });
  const clients = createClientFactory()
    .use(statusToErrors({ ...options, ended }))
    .use(tryingEach(channel));
  return {
    // grpc-js exports the class under the name of the interface.
    client: clients.create(definition, channel as Pick<Channel, keyof Channel> as Channel, defaults),
    [Symbol.dispose]: () => channel.close(),
  };
}

const LIMITS: ChannelOptions = {
  "grpc.max_concurrent_streams": GRPC_CALLS_PER_CONNECTION_MAX,
  "grpc.keepalive_time_ms": KEEPALIVE_MS,
  "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
};

const CLIENT_OPTIONS: ChannelOptions = {
  "grpc.max_receive_message_length": GRPC_ANSWER_BYTES_MAX,
  "grpc.max_send_message_length": GRPC_MESSAGE_BYTES_MAX,
  "grpc.ssl_target_name_override": SERVER_NAME,
  // Connections are not shared between clients with other expectations or certificates.
  "grpc.use_local_subchannel_pool": 1,
  // Callers retry, with their own back-off; a channel that sleeps for minutes after an outage would keep them waiting.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 2_000,
};

function answersAfter(before: () => Promise<void> = async () => undefined): ServerMiddleware {
  return async function* answer(call, context) {
    const response = yield* call.next(call.request, context);
    await before();
    return response;
  };
}

/** A service that is here serves; the server as such (the empty name) serves when the program is ready. */
function healthOf({ services, isReady = () => true }: ServingOptions): GrpcService {
  const names = new Set(services.map((service) => service.name));
  return grpcService(HealthDefinition, {
    async check({ service }) {
      if (service === "") return { status: isReady() ? SERVING : NOT_SERVING };
      if (!names.has(service)) throw new CausewayError("NOT_FOUND", "no such service here");
      return { status: SERVING };
    },
  });
}

/** Streams of clients do not end by themselves, so calls get a while and are then cut. */
async function stop(server: Server, world: Pick<World, "after">, graceMs: number): Promise<void> {
  const ended = new AbortController();
  const stopped = server.shutdown().catch(() => undefined);
  await Promise.race([stopped, pause(world, graceMs, ended.signal)]);
  ended.abort();
  server.forceShutdown();
}
