/** `causeway nats-config`: the configuration of the federation's nats-server, from its directory and the board's bundle. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import type { NatsAccounts } from "../../agency-node/registrar/nats-accounts.ts";
import { attempt } from "../../shared/terminal/output.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { replaceFile } from "../../shared/party/key-files.ts";
import { keyFile, partyFile } from "../../shared/party/files.ts";
import { natsServerConfig } from "./config.ts";

type Flags = {
  readonly bundle: string;
  readonly name: string;
  readonly host: string;
  readonly port: string;
  readonly json?: boolean;
};

export function natsConfigCommand(): Command {
  return new Command("nats-config")
    .description("write nats-server.conf for the federation's NATS server")
    .argument("<directory>", "the NATS server's directory, with its installed certificate")
    .requiredOption("--bundle <directory>", "what the board handed over for the NATS server")
    .option("--name <name>", "the server's name", "causeway")
    .option("--host <address>", "where it listens", "127.0.0.1")
    .option("--port <port>", "where it listens", "4222")
    .option("--json", "print JSON, one object a line")
    .action((dir: string, { bundle, name, host, port, json }: Flags) =>
      attempt(json ?? false, async (output) => {
        const path = writeNatsConfig({ dir: resolve(dir), bundleDir: bundle, name, host, port: toPort(port) });
        output.json({ config: path });
        output.say(`Start the server with: nats-server -c ${path}`);
      }),
    );
}

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
  const path = partyFile(bundleDir, "natsAccounts");
  try {
    return JSON.parse(readFileSync(path, "utf8")) as NatsAccounts;
  } catch (cause) {
    throw new CausewayError("ENVIRONMENT", `${path} is missing or not JSON`, { cause });
  }
}

function toPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new CausewayError("INVALID", "a port is a number from 1 to 65535", { fields: ["port"] });
}
