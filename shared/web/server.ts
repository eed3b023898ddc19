/** A site's HTTP server: TLS 1.3 where it has a certificate, plain where a proxy on the same machine or a trial stands before it. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { CausewayError } from "../core/errors.ts";
import { HANDSHAKE_MS_MAX } from "../core/limits.ts";
import { Doorway } from "../platform/doorway.ts";
import { REQUEST_MS_MAX } from "./limits.ts";

export type SiteTls = { readonly certificatePem: string; readonly privateKeyPem: string };

export type Listening = AsyncDisposable & {
  readonly port: number;
  /** Called once, before any request is read. */
  handle(listener: RequestListener): void;
  /** Somebody who has signed in speaks on this connection. */
  prove(socket: Pick<Socket, "remoteAddress" | "remotePort">): void;
};

/** Throws ENVIRONMENT if it cannot listen on host:port, or certificate and key do not fit. */
export async function listen(
  address: string,
  { noun, tls }: { readonly noun: string; readonly tls: SiteTls | undefined },
): Promise<Listening> {
  const server = makeServer(noun, tls);
  const doorway = new Doorway();
  server.on("connection", (socket: Socket) => doorway.admit(socket));
  const { hostname, port } = new URL(`http://${address}`);
  // A URL leaves the port of its scheme out.
  server.listen(Number(port === "" ? 80 : port), hostname.replaceAll(/[[\]]/g, ""));
  await once(server, "listening").catch((error: unknown) => {
    throw new CausewayError("ENVIRONMENT", `cannot listen on ${address}: is the port in use by another program?`, {
      cause: error,
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    handle: (listener) => void server.on("request", listener),
    prove: (socket) => doorway.prove(socket),
    [Symbol.asyncDispose]: () => close(server),
  };
}

function makeServer(noun: string, tls: SiteTls | undefined): Server {
  const options = { requestTimeout: REQUEST_MS_MAX, headersTimeout: REQUEST_MS_MAX };
  if (tls === undefined) return createServer(options);
  const { certificatePem: cert, privateKeyPem: key } = tls;
  try {
    return createSecureServer({ ...options, cert, key, minVersion: "TLSv1.3", handshakeTimeout: HANDSHAKE_MS_MAX });
  } catch (cause) {
    throw new CausewayError("ENVIRONMENT", `the ${noun}'s certificate and key are no PEM, or do not fit`, { cause });
  }
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
