/** Writes the configuration of the federation's nats-server, from its directory and the board's bundle. */
import { join } from "node:path";
import type { NatsAccounts } from "../../agency-node/registrar/nats-accounts.ts";
import { readJsonFile } from "../../shared/platform/json-file.ts";
import { replaceFile } from "../../shared/party/key-files.ts";
import { keyFile, partyFile } from "../../shared/party/files.ts";
import { natsServerConfig } from "./config.ts";

/** Writes nats-server.conf into the server's directory and returns its path. Throws ENVIRONMENT for a bundle without accounts. */
export function writeNatsConfig(of: {
  /** Absolute: nats-server resolves what stands in the file from wherever it was started. */
  readonly dir: string;
  readonly bundleDir: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
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
  });
  replaceFile(path, config, 0o600);
  return path;
}

function readAccounts(bundleDir: string): NatsAccounts {
  return readJsonFile(partyFile(bundleDir, "natsAccounts")) as NatsAccounts;
}
