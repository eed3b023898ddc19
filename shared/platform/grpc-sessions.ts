/**
 * Who speaks on which connection of a gRPC server, and the cutting of those who may no longer (protocol section 5: suspension takes
 * effect at once, not when a call or a certificate ends).
 *
 * A call is let in if its party may speak then. On `recheck`, after each directive, the live calls of a party that may not any more end
 * with PERMISSION_DENIED and its HTTP/2 sessions are closed, its TLS connections with them. A connection made with the old certificate
 * is let through the handshake, so that the party is told why: its first call is refused in the same way, and the connection closed.
 *
 * grpc-js has no public list of sessions. Its interceptors see every call before any handler does; the session is taken from the call's
 * HTTP/2 stream, a private field (seen in 1.14; `sessionOf` says so loudly if it goes). A connection without a call is not known here,
 * and cannot do or learn anything.
 */
import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { ServerInterceptingCall, ServerListenerBuilder, status } from "@grpc/grpc-js";
import type { Metadata, ServerInterceptingCallInterface, ServerInterceptor } from "@grpc/grpc-js";
import type { CallContext } from "nice-grpc";
import { CausewayError } from "../core/errors.ts";
import { CONNECTIONS_PER_PARTY_MAX } from "../core/limits.ts";
import { identityOfCertificate, identityUri } from "./tls.ts";
import type { PeerIdentity } from "./tls.ts";
import type { Timers } from "../world/world.ts";

/** Whether a caller may speak now. Asked at every call, and of every connection at each `recheck`. Must not throw. */
export type MaySpeak<Peer> = (peer: Peer) => boolean;

export const PEER_KEY = "causeway-peer";

/** For the status to leave before the connection goes. */
const LAST_WORDS_MS = 200;

/**
 * Who calls, by the certificate. Throws UNAUTHENTICATED if that names nobody. That a member is named does not say that it may
 * call: ask the federation.
 */
export function peerOf(context: CallContext): PeerIdentity {
  const peer = callerOf<PeerIdentity>(context);
  if (peer === undefined) throw new CausewayError("UNAUTHENTICATED", "the caller's certificate names no party");
  return peer;
}

/** Who calls, as the sessions of the server have recognised it; undefined for a caller without a name. */
export function callerOf<Peer>(context: CallContext): Peer | undefined {
  const text = context.metadata.get(PEER_KEY);
  return text === undefined ? undefined : (JSON.parse(text) as Peer);
}

type Call = ServerInterceptingCallInterface;
/** A connection that has made a call, and its calls in progress. */
type Session<Peer> = { readonly peer: Peer; readonly calls: Set<Call> };

export type CallerRules<Peer> = {
  /** Who makes the call. Undefined is let in: a service that takes callers without a name asks them for something else. */
  readonly recognise: (call: Call) => Peer | undefined;
  /** The same for all connections of one caller. */
  readonly nameOf: (peer: Peer) => string;
  readonly maySpeak: MaySpeak<Peer>;
  /** Told to whoever may not. */
  readonly refusal: string;
};

/** Callers by whatever the rules know them by. */
export class CallerSessions<Peer> {
  readonly #rules: CallerRules<Peer>;
  readonly #timers: Pick<Timers, "after">;
  readonly #sessions = new Map<ServerHttp2Session, Session<Peer>>();
  readonly #callsWith = new WeakMap<Call, Set<Call>>();
  #onProven: (socket: Socket) => void = () => undefined;

  constructor(rules: CallerRules<Peer>, timers: Pick<Timers, "after">) {
    this.#rules = rules;
    this.#timers = timers;
  }

  /** `listener`: on this connection a caller that may speak has made its first call. */
  onProven(listener: (socket: Socket) => void): void {
    this.#onProven = listener;
  }

  /** Writes who calls into the call's metadata, in place of whatever the caller put there, and keeps out who may not speak. */
  readonly interceptor: ServerInterceptor = (_method, call) => {
    const peer = this.#rules.recognise(call);
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        if (peer === undefined || this.#admit(call, peer)) next(named(metadata, peer));
      })
      // When a call has ended, in whatever way.
      .withOnCancel(() => this.#callsWith.get(call)?.delete(call))
      .build();
    return new ServerInterceptingCall(call, { start: (next) => next(listener) });
  };

  /** Cuts off everybody who may no longer speak. */
  recheck(): void {
    for (const [session, { peer, calls }] of this.#sessions) {
      if (this.#rules.maySpeak(peer)) continue;
      for (const call of calls) this.#refuse(call);
      this.#hangUp(session);
    }
  }

  #admit(call: Call, peer: Peer): boolean {
    const session = sessionOf(call);
    if (!this.#rules.maySpeak(peer)) {
      this.#refuse(call);
      this.#hangUp(session);
      return false;
    }
    const { calls } = this.#sessions.get(session) ?? this.#meet(session, peer);
    calls.add(call);
    this.#callsWith.set(call, calls);
    return true;
  }

  #refuse(call: Call): void {
    call.sendStatus({ code: status.PERMISSION_DENIED, details: this.#rules.refusal });
  }

  #meet(session: ServerHttp2Session, peer: Peer): Session<Peer> {
    this.#makeRoom(peer);
    const met: Session<Peer> = { peer, calls: new Set() };
    if (session.socket !== undefined) this.#onProven(session.socket);
    this.#sessions.set(session, met);
    session.once("close", () => this.#sessions.delete(session));
    return met;
  }

  /** A caller that holds too many connections loses one: the oldest that is idle, or else the oldest. */
  #makeRoom(peer: Peer): void {
    const name = this.#rules.nameOf(peer);
    const own = [...this.#sessions].filter(([, session]) => this.#rules.nameOf(session.peer) === name);
    if (own.length < CONNECTIONS_PER_PARTY_MAX) return;
    const [oldest] = own.find(([, { calls }]) => calls.size === 0) ?? own[0] ?? [];
    if (oldest !== undefined) this.#hangUp(oldest);
  }

  /** Lets calls in progress end, then closes the connection all the same. */
  #hangUp(session: ServerHttp2Session): void {
    if (session.destroyed) return;
    session.close();
    const callOff = this.#timers.after(LAST_WORDS_MS, () => session.destroy());
    session.once("close", callOff);
  }
}

/** Callers by the federation's certificates. */
export class GrpcSessions extends CallerSessions<PeerIdentity> {
  constructor(maySpeak: MaySpeak<PeerIdentity>, timers: Pick<Timers, "after">) {
    super({ recognise: partyOf, nameOf: identityUri, maySpeak, refusal: "this party may not speak here" }, timers);
  }
}

/**
 * DER of the certificate that the caller has shown, whoever has signed it; undefined if it showed none. The handshake has proven that the
 * caller holds its key, and nothing else of what stands in it.
 */
export function shownCertificate(call: Call): Uint8Array | undefined {
  const { raw } = (sessionOf(call).socket as TLSSocket).getPeerCertificate() as { readonly raw?: Uint8Array };
  return raw;
}

/** grpc-js shows a certificate only if the handshake has verified who signed it. */
function partyOf(call: Call): PeerIdentity | undefined {
  const certificate = call.getAuthContext().sslPeerCertificate;
  return certificate === undefined ? undefined : identityOfCertificate(certificate.raw);
}

function named(metadata: Metadata, peer: unknown): Metadata {
  metadata.remove(PEER_KEY);
  if (peer !== undefined) metadata.set(PEER_KEY, JSON.stringify(peer));
  return metadata;
}

function sessionOf(call: Call): ServerHttp2Session {
  const { stream } = call as unknown as { readonly stream?: ServerHttp2Stream };
  const session = stream?.session;
  if (session === undefined) throw new CausewayError("INTERNAL", "grpc-js no longer shows a call's session");
  return session as ServerHttp2Session;
}
