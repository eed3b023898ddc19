/**
 * TLS 1.3 for gRPC, with certificates that may be replaced while a program runs: grpc-js's own `createSsl` can neither set a TLS version,
 * nor refuse a missing certificate in the handshake, nor change its mind. What is open stays open; each new connection is made with
 * the newest certificate.
 */
import { createSecureContext } from "node:tls";
import type { SecureContextOptions, TLSSocket } from "node:tls";
import { ChannelCredentials, ServerCredentials } from "@grpc/grpc-js";
import type { VerifyOptions } from "@grpc/grpc-js";
import { CertificateEnded } from "../core/certificate-ended.ts";
import { systemClock } from "../world/clock.ts";
import { HANDSHAKE_MS_MAX } from "../core/limits.ts";
import { certificateLife, HYBRID_KEY_EXCHANGE, isIssuedUnderAny } from "./tls.ts";

/** A party's own certificate and key, and the roots of its federation, as `readTls` gives them. */
export type GrpcTls = { readonly rootsPem: string; readonly certificatePem: string; readonly privateKeyPem: string };

/** A key with a certificate that nobody else has signed. */
export type OwnTls = Omit<GrpcTls, "rootsPem">;

/** What a client needs to believe a server, and to be believed if it has a certificate. A function is asked at each new connection. */
export type ClientTls = Pick<GrpcTls, "rootsPem"> & Partial<GrpcTls>;

const MIN_VERSION = "TLSv1.3";

/**
 * How a client judges a server: Node's rules of verification, and after the handshake whether it will do, from its certificate (DER). `whom`:
 * what the server is called when its certificate has ended.
 */
export type Judging = VerifyOptions & {
  readonly accepts?: (certificate: Uint8Array) => boolean;
  readonly whom?: string;
};

type Connector = ReturnType<ChannelCredentials["_createSecureConnector"]>;
type ConnectorArguments = Parameters<ChannelCredentials["_createSecureConnector"]>;

export class ClientTlsCredentials extends ChannelCredentials {
  readonly #tls: () => ClientTls;
  readonly #verify: VerifyOptions;
  readonly #accepts: (certificate: Uint8Array) => boolean;
  readonly #whom: string;
  #ended: CertificateEnded | undefined;

  constructor(tls: ClientTls | (() => ClientTls), { accepts = () => true, whom = "the server", ...verify }: Judging) {
    super();
    this.#whom = whom;
    this.#tls = typeof tls === "function" ? tls : () => tls;
    this.#verify = verify;
    this.#accepts = accepts;
  }

  /** Why the last attempt to connect failed, if it was for a certificate that has ended: one's own, or the server's. */
  get ended(): CertificateEnded | undefined {
    return this.#ended;
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  /** One connector is made for each address and used for every connection to it. */
  override _createSecureConnector(...args: ConnectorArguments): Connector {
    const under = (tls: ClientTls): Connector => {
      const context = createSecureContext(contextOptions(tls));
      // What Node finds is looked at below: it would end the connection without saying when a certificate ended.
      const delegate = ChannelCredentials.createFromSecureContext(context, {
        ...this.#verify,
        rejectUnauthorized: false,
      });
      // oxlint-disable-next-line no-underscore-dangle -- how grpc-js names what its credentials implement
      return delegate._createSecureConnector(...args);
    };
    // For what has nothing to do with certificates. To read them here could throw where grpc-js lets that end the program.
    const first = under({ rootsPem: "" });
    return {
      connect: async (socket) => {
        const tls = this.#tls();
        this.#ended = endedOwn(tls);
        if (this.#ended !== undefined) throw this.#ended;
        const connected = await under(tls).connect(socket);
        this.#assertAuthorized(connected.socket as TLSSocket, tls);
        if (this.#accepts((connected.socket as TLSSocket).getPeerCertificate().raw)) return connected;
        connected.socket.destroy();
        throw new Error("the server is not the one that was expected");
      },
      waitForReady: () => first.waitForReady(),
      getCallCredentials: () => first.getCallCredentials(),
      destroy: () => first.destroy(),
    };
  }

  /** Ends the connection and throws unless Node has verified the server, or is not asked to. */
  #assertAuthorized(socket: TLSSocket, { rootsPem }: ClientTls): void {
    if (socket.authorized || this.#verify.rejectUnauthorized === false) return;
    const { raw, valid_to: until } = socket.getPeerCertificate();
    socket.destroy();
    const untilMs = Date.parse(until);
    // Anybody can show a certificate that has ended: only one of the federation's says whose it was.
    if (untilMs <= systemClock() && isIssuedUnderAny(rootsPem, raw))
      this.#ended = new CertificateEnded(`the certificate of ${this.#whom}`, untilMs);
    throw this.#ended ?? new Error("the server's certificate is not verified", { cause: socket.authorizationError });
  }
}

/** What callers show they prove by its end at the other side, which then says nothing. */
function endedOwn({ certificatePem }: ClientTls): CertificateEnded | undefined {
  if (certificatePem === undefined) return undefined;
  const { untilMs } = certificateLife(certificatePem);
  return untilMs <= systemClock() ? new CertificateEnded("this party's certificate", untilMs) : undefined;
}

export class ServerTlsCredentials extends ServerCredentials {
  /** `requestCert`: callers are asked for a certificate. `rejectUnauthorized`: without one under `tls`' roots nobody gets through the handshake. */
  constructor(tls: GrpcTls, asked: { readonly requestCert: boolean; readonly rejectUnauthorized: boolean }) {
    super({ ...asked, handshakeTimeout: HANDSHAKE_MS_MAX }, contextOptions(tls));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }

  /** For connections from now on. */
  use(tls: GrpcTls): void {
    this.updateSecureContextOptions(contextOptions(tls));
  }
}

function contextOptions({ rootsPem, certificatePem, privateKeyPem }: ClientTls): SecureContextOptions {
  const own = certificatePem === undefined ? {} : { cert: certificatePem, key: privateKeyPem };
  // No roots means none, not those of the operating system.
  return { ca: rootsPem === "" ? [] : rootsPem, minVersion: MIN_VERSION, ecdhCurve: HYBRID_KEY_EXCHANGE, ...own };
}
