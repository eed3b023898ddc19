/**
 * TLS 1.3 for gRPC, with certificates that may be replaced while a program runs: grpc-js's own `createSsl` can neither set a TLS version,
 * nor refuse a missing certificate in the handshake, nor change its mind. What is open stays open; each new connection is made with
 * the newest certificate.
 */
import { createSecureContext } from "node:tls";
import type { SecureContextOptions } from "node:tls";
import { ChannelCredentials, ServerCredentials } from "@grpc/grpc-js";
import type { VerifyOptions } from "@grpc/grpc-js";
import { HANDSHAKE_MS_MAX } from "../core/limits.ts";
import { HYBRID_KEY_EXCHANGE } from "./tls.ts";

/** A party's own certificate and key, and the roots of its federation, as `readTls` gives them. */
export type GrpcTls = { readonly rootsPem: string; readonly certificatePem: string; readonly privateKeyPem: string };

/** What a client needs to believe a server, and to be believed if it has a certificate. A function is asked at each new connection. */
export type ClientTls = Pick<GrpcTls, "rootsPem"> & Partial<GrpcTls>;

const MIN_VERSION = "TLSv1.3";

type Connector = ReturnType<ChannelCredentials["_createSecureConnector"]>;
type ConnectorArguments = Parameters<ChannelCredentials["_createSecureConnector"]>;

export class ClientTlsCredentials extends ChannelCredentials {
  readonly #tls: () => ClientTls;
  readonly #verify: VerifyOptions;

  constructor(tls: ClientTls | (() => ClientTls), verify: VerifyOptions) {
    super();
    this.#tls = typeof tls === "function" ? tls : () => tls;
    this.#verify = verify;
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
      connect: async (socket) => await now().connect(socket),
      waitForReady: () => first.waitForReady(),
      getCallCredentials: () => first.getCallCredentials(),
      destroy: () => first.destroy(),
    };
  }
}

export class ServerTlsCredentials extends ServerCredentials {
  /** `callersProveThemselves`: without a certificate of the federation nobody gets through the handshake. */
  constructor(tls: GrpcTls, { callersProveThemselves }: { readonly callersProveThemselves: boolean }) {
    const asked = { requestCert: callersProveThemselves, rejectUnauthorized: callersProveThemselves };
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
