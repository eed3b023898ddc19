/**
 * A listener on every wire between the parties that holds the TLS keys of all of them: what it reads is what the other end reads,
 * before anything but the message's own seal protects it. It relays and changes nothing.
 *
 * gRPC is relayed as HTTP/2 streams, so that headers, trailers and error texts are read decoded; NATS as bytes, so that
 * nothing of its protocol is missed.
 */
import { once } from "node:events";
import { connect as connectHttp2, constants, createSecureServer } from "node:http2";
import type { ClientHttp2Session, Http2SecureServer, IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { connect as connectTcp, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, createSecureContext, TLSSocket } from "node:tls";
import type { GrpcTls } from "../../shared/platform/grpc.ts";

export type Recording = { readonly place: string; readonly bytes: Uint8Array };

/** A message as a client gave it to the NATS server. */
export type Published = { readonly subject: string; readonly data: Uint8Array };

/** From where, to where, with whose keys. `name` is the server's. */
type Tapped = {
  readonly name: string;
  readonly listenPort: number;
  readonly serverPort: number;
  readonly tls: GrpcTls;
};

/** A party that connects, known by its certificate. */
export type Caller = { readonly name: string; readonly tls: GrpcTls };

export class Wiretap implements AsyncDisposable {
  readonly #recorded = new Map<string, Uint8Array[]>();
  readonly #servers: (Server | Http2SecureServer)[] = [];
  readonly #open = new Set<{ destroy(): unknown }>();
  #connections = 0;

  /** Everything heard so far; what went one way in one call or connection is one recording. */
  get recordings(): Recording[] {
    return [...this.#recorded].map(([place, chunks]) => ({ place, bytes: Buffer.concat(chunks) }));
  }

  /** What was published on NATS, by whomever, as often as it was sent. */
  get published(): Published[] {
    return this.recordings
      .filter(({ place }) => place.startsWith("NATS") && place.endsWith("to the server"))
      .flatMap(({ bytes }) => [...publishedIn(Buffer.from(bytes))]);
  }

  /** Relays gRPC calls as the caller that made them. */
  async tapGrpc(tapped: Tapped, callerOf: (certificate: Uint8Array) => Caller): Promise<void> {
    const { tls, serverPort } = tapped;
    const authentication = { requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.3" } as const;
    const server = createSecureServer({ ...secrets(tls), ...authentication });
    server.on("session", (session) => {
      const caller = callerOf((session.socket as TLSSocket).getPeerCertificate().raw);
      const checks = { servername: "causeway", checkServerIdentity: () => undefined } as const;
      const upstream = connectHttp2(`https://127.0.0.1:${serverPort}`, { ...secrets(caller.tls), ...checks });
      this.#track(session, upstream);
      session.on("stream", (stream, headers) => {
        this.#connections += 1;
        const path = String(headers[":path"]);
        this.#relayCall(
          `gRPC ${this.#connections}: ${caller.name} → ${tapped.name} ${path}`,
          stream,
          headers,
          upstream,
        );
      });
    });
    await this.#listen(server, tapped.listenPort);
  }

  /** Relays NATS connections; the server speaks first, in the clear, and then asks for TLS. */
  async tapNats({ tls, serverPort, listenPort }: Tapped): Promise<void> {
    const secureContext = createSecureContext(secrets(tls));
    const server = createServer((client) => {
      this.#connections += 1;
      const place = `NATS ${this.#connections}`;
      const upstream = connectTcp(serverPort, "127.0.0.1");
      this.#track(client, upstream);
      upstream.once("data", (greeting: Buffer) => {
        upstream.pause();
        this.#record(`${place} to the client`, greeting);
        client.write(greeting);
        const near = new TLSSocket(client, { isServer: true, secureContext });
        const far = connectTls({ socket: upstream, ca: tls.rootsPem, checkServerIdentity: () => undefined });
        this.#track(near, far);
        this.#relayBytes(`${place} to the server`, near, far);
        this.#relayBytes(`${place} to the client`, far, near);
      });
    });
    await this.#listen(server, listenPort);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.#servers.map((server) => new Promise((done) => server.close(done)));
    for (const each of this.#open) each.destroy();
    await Promise.all(closed);
  }

  #relayCall(
    place: string,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    upstream: ClientHttp2Session,
  ): void {
    if (upstream.destroyed || upstream.closed) return stream.close(constants.NGHTTP2_REFUSED_STREAM);
    this.#record(`${place} request`, headersText(headers));
    const request = upstream.request(headers);
    const trailers = Promise.withResolvers<IncomingHttpHeaders>();
    this.#relayBytes(`${place} request`, stream, request);
    request.on("response", (answer, flags) => {
      this.#record(`${place} response`, headersText(answer));
      const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      if (stream.destroyed || stream.closed) return;
      stream.respond(answer, isWhole ? { endStream: true } : { waitForTrailers: true });
      if (!isWhole) this.#relayBytes(`${place} response`, request, stream);
    });
    request.on("trailers", (answer) => {
      this.#record(`${place} response`, headersText(answer));
      trailers.resolve(answer);
    });
    stream.on(
      "wantTrailers",
      () => void trailers.promise.then((answer) => stream.destroyed || stream.closed || stream.sendTrailers(answer)),
    );
    request.on("close", () => {
      trailers.resolve({});
      if (request.rstCode !== constants.NGHTTP2_NO_ERROR && !stream.closed) stream.close(request.rstCode);
    });
    stream.on("close", () => request.closed || request.close(stream.rstCode));
    stream.on("error", () => undefined);
    request.on("error", () => undefined);
  }

  #relayBytes(place: string, from: Duplex, to: Duplex): void {
    from.on("data", (chunk: Buffer) => this.#record(place, chunk));
    from.pipe(to);
  }

  #record(place: string, chunk: Uint8Array): void {
    const chunks = this.#recorded.get(place) ?? [];
    if (chunks.length === 0) this.#recorded.set(place, chunks);
    // A copy: the socket may use its buffer again.
    chunks.push(Uint8Array.from(chunk));
  }

  /** When one end goes, so does the other. */
  #track(
    ...ends: readonly (Socket | { destroy(): unknown; on(event: string, listener: () => void): unknown })[]
  ): void {
    for (const end of ends) {
      this.#open.add(end);
      end.on("error", () => undefined);
      end.on("close", () => {
        this.#open.delete(end);
        for (const other of ends) other.destroy();
      });
    }
  }

  async #listen(server: Server | Http2SecureServer, port: number): Promise<void> {
    this.#servers.push(server);
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  }
}

/** `PUB subject [reply] size` and `HPUB subject [reply] headers size`, each followed by so many bytes; other lines stand alone. */
function* publishedIn(said: Buffer): Generator<Published> {
  for (let at = 0; ;) {
    const end = said.indexOf("\r\n", at);
    if (end < 0) return;
    const [verb = "", subject = "", ...rest] = said.toString("latin1", at, end).split(" ");
    at = end + 2;
    if (!/^H?PUB$/i.test(verb)) continue;
    const size = Number(rest.at(-1));
    const headers = /^H/i.test(verb) ? Number(rest.at(-2)) : 0;
    if (at + size > said.length) return;
    yield { subject, data: Uint8Array.from(said.subarray(at + headers, at + size)) };
    at += size + 2;
  }
}

function secrets({ privateKeyPem, certificatePem, rootsPem }: GrpcTls) {
  return { key: privateKeyPem, cert: certificatePem, ca: rootsPem };
}

/** gRPC percent-encodes error texts: both spellings are kept. */
function headersText(headers: IncomingHttpHeaders): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\n`);
  return Buffer.from(lines.flatMap((line) => [line, decoded(line)]).join(""));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
