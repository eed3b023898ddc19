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
import { ServerInterceptingCall, ServerListenerBuilder, status } from "@grpc/grpc-js";
import type { Metadata, ServerInterceptingCallInterface, ServerInterceptor } from "@grpc/grpc-js";
import type { CallContext } from "nice-grpc";
import { CausewayError } from "../core/errors.ts";
import { CONNECTIONS_PER_PARTY_MAX } from "../core/limits.ts";
import { identityOfCertificate, identityUri } from "./tls.ts";
import type { PeerIdentity } from "./tls.ts";
import type { Timers } from "../world/world.ts";

/** Whether a party may speak now. Asked at every call, and of every connection at each `recheck`. Must not throw. */
export type MaySpeak = (peer: PeerIdentity) => boolean;

export const PEER_KEY = "causeway-peer";

/** For the status to leave before the connection goes. */
const LAST_WORDS_MS = 200;
const CUT_OFF = { code: status.PERMISSION_DENIED, details: "this party may not speak here" } as const;

/**
 * Who calls, by the certificate. Throws UNAUTHENTICATED if that names nobody. That a member is named does not say that it may
 * call: ask the federation.
 */
export function peerOf(context: CallContext): PeerIdentity {
  const text = context.metadata.get(PEER_KEY);
  if (text === undefined) throw new CausewayError("UNAUTHENTICATED", "the caller's certificate names no party");
  return JSON.parse(text) as PeerIdentity;
}

type Call = ServerInterceptingCallInterface;
/** A connection that has made a call, and its calls in progress. */
type Session = { readonly peer: PeerIdentity; readonly calls: Set<Call> };

export class GrpcSessions {
  readonly #maySpeak: MaySpeak;
  readonly #timers: Pick<Timers, "after">;
  readonly #sessions = new Map<ServerHttp2Session, Session>();
  readonly #callsWith = new WeakMap<Call, Set<Call>>();
  #onProven: (socket: Socket) => void = () => undefined;

  constructor(maySpeak: MaySpeak, timers: Pick<Timers, "after">) {
    this.#maySpeak = maySpeak;
    this.#timers = timers;
  }

  /** `listener`: on this connection a party that may speak has made its first call. */
  onProven(listener: (socket: Socket) => void): void {
    this.#onProven = listener;
  }

  /** Writes who calls into the call's metadata, in place of whatever the caller put there, and keeps out who may not speak. */
  readonly interceptor: ServerInterceptor = (_method, call) => {
    const peer = peerOfCall(call);
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
      if (this.#maySpeak(peer)) continue;
      for (const call of calls) call.sendStatus(CUT_OFF);
      this.#hangUp(session);
    }
  }

  #admit(call: Call, peer: PeerIdentity): boolean {
    const session = sessionOf(call);
    if (!this.#maySpeak(peer)) {
      call.sendStatus(CUT_OFF);
      this.#hangUp(session);
      return false;
    }
    const { calls } = this.#sessions.get(session) ?? this.#meet(session, peer);
    calls.add(call);
    this.#callsWith.set(call, calls);
    return true;
  }

  #meet(session: ServerHttp2Session, peer: PeerIdentity): Session {
    this.#makeRoom(peer);
    const met: Session = { peer, calls: new Set() };
    if (session.socket !== undefined) this.#onProven(session.socket);
    this.#sessions.set(session, met);
    session.once("close", () => this.#sessions.delete(session));
    return met;
  }

  /** A party that holds too many connections loses one: the oldest that is idle, or else the oldest. */
  #makeRoom(peer: PeerIdentity): void {
    const name = identityUri(peer);
    const own = [...this.#sessions].filter(([, session]) => identityUri(session.peer) === name);
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

function peerOfCall(call: Call): PeerIdentity | undefined {
  const certificate = call.getAuthContext().sslPeerCertificate;
  return certificate === undefined ? undefined : identityOfCertificate(certificate.raw);
}

function named(metadata: Metadata, peer: PeerIdentity | undefined): Metadata {
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
