/** Writes the configuration of the federation's nats-server, from its directory and the board's bundle. */
import { join } from "node:path";
import { z } from "zod";
import type { NatsAccounts } from "../../agency-node/registrar/nats-accounts.ts";
import { readJsonFile } from "../../shared/platform/json-file.ts";
import { replaceFile } from "../../shared/party/key-files.ts";
import { keyFile, partyFile } from "../../shared/party/files.ts";
import { check } from "../../shared/wire/checks.ts";
import { natsServerConfig } from "./config.ts";
import type { Cluster } from "./config.ts";

/** Writes nats-server.conf into the server's directory and returns its path. Throws ENVIRONMENT for a bundle without accounts. */
export function writeNatsConfig(of: {
  /** Absolute: nats-server resolves what stands in the file from wherever it was started. */
  readonly dir: string;
  readonly bundleDir: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** `servers`: the registrar's `nats-servers.json`. */
  readonly cluster?: Pick<Cluster, "listen" | "routes"> & { readonly servers: string };
}): string {
  const { dir, name, host, port } = of;
  const path = join(dir, "nats-server.conf");
  const config = natsServerConfig({
    name,
    accounts: readAccounts(of.bundleDir),
    host,
    port,
    storeDir: join(dir, "jetstream"),
    resolverDir: join(dir, "resolver"),
    tls: {
      certificate: partyFile(dir, "certificate"),
      privateKey: keyFile(dir, "tls.key"),
      roots: partyFile(dir, "roots"),
    },
    ...(of.cluster === undefined ? {} : { cluster: { ...of.cluster, keys: readKeys(of.cluster.servers) } }),
  });
  replaceFile(path, config, 0o600);
  return path;
}

function readKeys(file: string): readonly string[] {
  return check(
    z.object({ keys: z.array(z.string().regex(/^[0-9a-f]{64}$/)).min(1) }),
    readJsonFile(file),
    "list of servers",
  ).keys;
}

function readAccounts(bundleDir: string): NatsAccounts {
  return readJsonFile(partyFile(bundleDir, "natsAccounts")) as NatsAccounts;
}
