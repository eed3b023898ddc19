/**
 * gRPC over TLS 1.3 between ends that pin each other's keys: certificates are the ends' own, nobody signs them, and nothing in them is
 * believed but the key, whose possession the handshake proves. No certificate authority can open such a door.
 *
 * Anybody gets through the handshake; a call is let in by the rules of `callers`, before any handler sees it.
 */
import type { CompatServiceDefinition } from "nice-grpc";
import { clientOver, serveAtPort } from "./grpc.ts";
import type { ClientOptions, GrpcConnection, GrpcServer, ServingOptions } from "./grpc.ts";
import { ClientTlsCredentials, ServerTlsCredentials } from "./grpc-credentials.ts";
import type { OwnTls } from "./grpc-credentials.ts";
import { shownCertificate } from "./grpc-sessions.ts";
import type { CallerRules, CallerSessions } from "./grpc-sessions.ts";
import { keyFingerprint } from "./tls.ts";

const NO_ROOTS = { rootsPem: "" };

/** The fingerprint of a caller's key, for `CallerRules.recognise`; undefined if it showed none. */
export function keyOfCaller(call: Parameters<CallerRules<unknown>["recognise"]>[0]): string | undefined {
  const certificate = shownCertificate(call);
  return certificate === undefined ? undefined : keyFingerprint(certificate);
}

/** Throws ENVIRONMENT if it cannot listen on host:port; port 0 takes a free one. */
export async function startPinnedServer<Peer>(
  options: ServingOptions & {
    readonly address: string;
    readonly tls: OwnTls;
    readonly callers: CallerSessions<Peer>;
  },
): Promise<Omit<GrpcServer, "useTls">> {
  const asked = { requestCert: true, rejectUnauthorized: false };
  const credentials = new ServerTlsCredentials({ ...options.tls, ...NO_ROOTS }, asked);
  return await serveAtPort({ ...options, credentials });
}

/** A client of the server at host:port that holds the pinned key. `onStranger` is told when whoever answers there holds another. */
export function pinnedClient<Definition extends CompatServiceDefinition>(
  definition: Definition,
  to: ClientOptions & {
    readonly address: string;
    readonly tls: OwnTls;
    /** As `keyFingerprint`. */
    readonly serverKey: string;
    readonly onStranger: () => void;
  },
): GrpcConnection<Definition> {
  const accepts = (certificate: Uint8Array): boolean => {
    if (keyFingerprint(certificate) === to.serverKey) return true;
    to.onStranger();
    return false;
  };
  const credentials = new ClientTlsCredentials({ ...to.tls, ...NO_ROOTS }, { rejectUnauthorized: false, accepts });
  return clientOver(definition, to.address, credentials, to);
}
