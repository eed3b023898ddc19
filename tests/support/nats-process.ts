/** A real nats-server with the federation's own configuration, for tests. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { NatsAccounts } from "../../agency-node/registrar/nats-accounts.ts";
import { natsServerConfig } from "../../deploy/nats/config.ts";
import { keyFile, partyFile } from "../../shared/party/files.ts";

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

/** A nats-server that can be killed and started again on the same port with what it had stored. */
export class NatsProcess implements AsyncDisposable {
  readonly #dir: string;
  #port = 0;
  /** What the server wrote since it was last started. */
  log = "";
  #child: ChildProcess | undefined;

  constructor(federation: { dir(party: string): string }, port: number) {
    this.#dir = federation.dir("nats");
    this.moveTo(port);
  }

  /** Where it listens from its next start on. */
  moveTo(port: number): void {
    const dir = this.#dir;
    const text = natsServerConfig({
      name: "invented-nats",
      accounts: JSON.parse(readFileSync(partyFile(dir, "natsAccounts"), "utf8")) as NatsAccounts,
      port,
      storeDir: join(dir, "store"),
      resolverDir: join(dir, "resolver"),
      tls: {
        certificate: partyFile(dir, "certificate"),
        privateKey: keyFile(dir, "tls.key"),
        roots: partyFile(dir, "roots"),
      },
    });
    this.#port = port;
    writeFileSync(this.#config, text);
  }

  get port(): number {
    return this.#port;
  }

  get #config(): string {
    return join(this.#dir, "nats-server.conf");
  }

  get url(): string {
    return `tls://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error("the nats-server has not started");
    return this.#child.pid;
  }

  async start(): Promise<void> {
    const child = spawn(natsServerBinary(), ["-c", this.#config], { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    this.log = "";
    // Read to the end of its life: a server whose log has no reader dies of the broken pipe.
    const ready = new Promise<void>((resolve, reject) => {
      child.stderr.on("data", (chunk) => {
        this.log += String(chunk);
        if (this.log.includes("Server is ready")) resolve();
      });
      child.once("exit", () => reject(new Error(`nats-server did not start:\n${this.log}`)));
    });
    await ready;
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
