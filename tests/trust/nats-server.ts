/** A real nats-server with the federation's own configuration, for tests. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { NatsAccounts } from "../../agency-node/admin/nats-accounts.ts";
import { natsServerConfig } from "../../deploy/nats/config.ts";
import { keyFile, partyFile } from "../../shared/platform/party.ts";
import type { SampleFederation } from "./sample-federation.ts";

export type RunningNats = AsyncDisposable & { readonly url: string; readonly port: number };

/** Where bootstrap puts the binary, unless the environment names another. */
export function natsServerBinary(): string {
  const binary = process.env["CAUSEWAY_NATS_SERVER"] ?? resolve(import.meta.dirname, "../../.causeway/bin/nats-server");
  if (!existsSync(binary)) {
    throw new Error(
      `no nats-server at ${binary}: run "npm test" once, or set CAUSEWAY_NATS_SERVER to 2.12.10 or newer`,
    );
  }
  return binary;
}

/** Starts the server in the sample's "nats" directory on a free port and waits until it is ready. */
export async function startNats(sample: SampleFederation): Promise<RunningNats> {
  const dir = sample.dir("nats");
  const config = natsServerConfig({
    name: "invented-nats",
    accounts: JSON.parse(readFileSync(partyFile(dir, "natsAccounts"), "utf8")) as NatsAccounts,
    port: -1,
    storeDir: join(dir, "store"),
    resolverDir: join(dir, "resolver"),
    tls: {
      certificate: partyFile(dir, "certificate"),
      privateKey: keyFile(dir, "tls.key"),
      roots: partyFile(dir, "roots"),
    },
  });
  writeFileSync(join(dir, "nats-server.conf"), config);
  const child = spawn(natsServerBinary(), ["-c", join(dir, "nats-server.conf")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const port = await portOf(child);
  return {
    port,
    url: `tls://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      const gone = new Promise((done) => child.once("exit", done));
      child.kill("SIGKILL");
      await gone;
    },
  };
}

/** The port from the server's log, once the log says that it is ready. */
async function portOf(child: ChildProcess): Promise<number> {
  const log: string[] = [];
  const errors = child.stderr;
  if (errors === null) throw new Error("nats-server has no log");
  for await (const text of createInterface({ input: errors })) {
    log.push(text);
    if (text.includes("Server is ready")) {
      errors.resume();
      const port = /Listening for client connections on [^ ]*:(\d+)/.exec(log.join("\n"))?.[1];
      if (port !== undefined) return Number(port);
    }
  }
  throw new Error(`nats-server did not start:\n${log.join("\n")}`);
}
