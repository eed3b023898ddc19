/**
 * The configuration of the federation's nats-server (2.12.10 or newer; older ones could be crashed without a log-in).
 *
 * Operator mode: the server knows the operator's public key and takes accounts and users from signed JWTs, so that its own
 * administrator cannot make a user. The full resolver keeps account JWTs on disk and takes newer ones, revocations
 * too, pushed by the board's system user. Members reach it over TLS 1.3 with the federation's root.
 */
import { NATS_STORE_BYTES_MAX } from "../../agency-node/registrar/nats-accounts.ts";
import type { NatsAccounts } from "../../agency-node/registrar/nats-accounts.ts";
import { SEALED_BYTES_MAX } from "../../shared/core/limits.ts";

/** A sealed message and its headers. */
const NATS_PAYLOAD_BYTES_MAX = SEALED_BYTES_MAX + 16 * 1024;

export type NatsServerOptions = {
  readonly name: string;
  readonly accounts: NatsAccounts;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** -1 lets the server choose one and log it. */
  readonly port: number;
  /** JetStream's files and, beside them, the resolver's. */
  readonly storeDir: string;
  readonly resolverDir: string;
  /** Paths of PEM files. */
  readonly tls: { readonly certificate: string; readonly privateKey: string; readonly roots: string };
  /** None for a server that stands alone. */
  readonly cluster?: Cluster;
};

export type Cluster = {
  /** Where the other servers reach this one, host:port. */
  readonly listen: string;
  /** Where the others are reached, host:port; this server may be among them. */
  readonly routes: readonly string[];
  /** Of all servers, this one among them: see `NatsServers`. */
  readonly keys: readonly string[];
};

/** The text of nats-server.conf. */
export function natsServerConfig(options: NatsServerOptions): string {
  const { accounts, tls } = options;
  const preload = Object.entries(accounts.accounts).map(([key, jwt]) => `  ${key}: ${jwt}`);
  const lines = [
    `server_name: ${quoted(options.name)}`,
    `listen: ${quoted(`${options.host ?? "127.0.0.1"}:${options.port}`)}`,
    "",
    `operator: ${accounts.operatorJwt}`,
    `system_account: ${accounts.systemAccount}`,
    "resolver: {",
    "  type: full",
    `  dir: ${quoted(options.resolverDir)}`,
    "  allow_delete: false",
    '  interval: "2m"',
    "  limit: 4096",
    "}",
    "resolver_preload: {",
    ...preload,
    "}",
    "",
    "tls: {",
    `  cert_file: ${quoted(tls.certificate)}`,
    `  key_file: ${quoted(tls.privateKey)}`,
    `  ca_file: ${quoted(tls.roots)}`,
    '  min_version: "1.3"',
    "  timeout: 5",
    "}",
    "",
    "# Room for a sealed message of 512 KiB and its headers.",
    `max_payload: ${NATS_PAYLOAD_BYTES_MAX}`,
    "max_control_line: 4KB",
    "max_pending: 64MB",
    "",
    ...(options.cluster === undefined ? [] : clusterLines(options.cluster, tls)),
    "jetstream: {",
    `  store_dir: ${quoted(options.storeDir)}`,
    "  # The default syncs every two minutes: what was acknowledged since is lost with the power.",
    "  sync_interval: always",
    "  # What streams may reserve together; the disk must have it only as it is used.",
    `  max_file_store: ${NATS_STORE_BYTES_MAX}`,
    "  max_memory_store: 64MB",
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

/** Members must not learn of servers by names that are meant for the servers themselves. */
function clusterLines({ listen, routes, keys }: Cluster, tls: NatsServerOptions["tls"]): string[] {
  return [
    "cluster: {",
    `  name: ${quoted(CLUSTER_NAME)}`,
    `  listen: ${quoted(listen)}`,
    "  no_advertise: true",
    `  routes: [${routes.map((route) => quoted(`nats-route://${route}`)).join(", ")}]`,
    "  tls: {",
    `    cert_file: ${quoted(tls.certificate)}`,
    `    key_file: ${quoted(tls.privateKey)}`,
    `    ca_file: ${quoted(tls.roots)}`,
    '    min_version: "1.3"',
    "    verify: true",
    "    timeout: 5",
    "    # Every member has a certificate by this authority: only these keys are the servers'.",
    `    pinned_certs: [${keys.map(quoted).join(", ")}]`,
    "  }",
    "}",
    "",
  ];
}

const CLUSTER_NAME = "causeway";

/** The configuration's strings know JSON's escapes. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
