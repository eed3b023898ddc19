/**
 * TLS 1.3 for gRPC, with certificates that may be replaced while a program runs: grpc-js's own `createSsl` can neither set a TLS version,
 * nor refuse a missing certificate in the handshake, nor change its mind. What is open stays open; each new connection is made with
 * the newest certificate.
 */
import { createSecureContext } from "node:tls";
import type { SecureContextOptions, TLSSocket } from "node:tls";
import { ChannelCredentials, ServerCredentials } from "@grpc/grpc-js";
import type { VerifyOptions } from "@grpc/grpc-js";
import { HANDSHAKE_MS_MAX } from "../core/limits.ts";
import { HYBRID_KEY_EXCHANGE } from "./tls.ts";

/** A party's own certificate and key, and the roots of its federation, as `readTls` gives them. */
export type GrpcTls = { readonly rootsPem: string; readonly certificatePem: string; readonly privateKeyPem: string };

/** A key with a certificate that nobody else has signed. */
export type OwnTls = Omit<GrpcTls, "rootsPem">;

/** What a client needs to believe a server, and to be believed if it has a certificate. A function is asked at each new connection. */
export type ClientTls = Pick<GrpcTls, "rootsPem"> & Partial<GrpcTls>;

const MIN_VERSION = "TLSv1.3";

/** How a client judges a server: Node's rules of verification, and after the handshake whether it will do, from its certificate (DER). */
export type Judging = VerifyOptions & { readonly accepts?: (certificate: Uint8Array) => boolean };

type Connector = ReturnType<ChannelCredentials["_createSecureConnector"]>;
type ConnectorArguments = Parameters<ChannelCredentials["_createSecureConnector"]>;

export class ClientTlsCredentials extends ChannelCredentials {
  readonly #tls: () => ClientTls;
  readonly #verify: VerifyOptions;
  readonly #accepts: (certificate: Uint8Array) => boolean;

  constructor(tls: ClientTls | (() => ClientTls), { accepts = () => true, ...verify }: Judging) {
    super();
    this.#tls = typeof tls === "function" ? tls : () => tls;
    this.#verify = verify;
    this.#accepts = accepts;
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  /** One connector is made for each address and used for every connection to it. */
  override _createSecureConnector(...args: ConnectorArguments): Connector {
    const now = (): Connector => {
      const context = createSecureContext(contextOptions(this.#tls()));
      const delegate = ChannelCredentials.createFromSecureContext(context, this.#verify);
      // oxlint-disable-next-line no-underscore-dangle -- how grpc-js names what its credentials implement
      return delegate._createSecureConnector(...args);
    };
    const first = now();
    return {
      connect: async (socket) => {
        const connected = await now().connect(socket);
        if (this.#accepts((connected.socket as TLSSocket).getPeerCertificate().raw)) return connected;
        connected.socket.destroy();
        throw new Error("the server is not the one that was expected");
      },
      waitForReady: () => first.waitForReady(),
      getCallCredentials: () => first.getCallCredentials(),
      destroy: () => first.destroy(),
    };
  }
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
