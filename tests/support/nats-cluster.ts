/** Three real nats-servers on this machine, made and configured by the commands' own code. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { writeNatsBundle } from "../../agency-node/registrar/new-registrar.ts";
import { writeNatsConfig } from "../../deploy/nats/write-config.ts";
import { freePort } from "../../deploy/demo/ports.ts";
import { installBundle } from "../../shared/party/install.ts";
import { initNats } from "../../shared/party/new-party.ts";
import { natsServerBinary } from "./nats-process.ts";

const SILENT = { say: () => undefined, json: () => undefined };

type Server = { readonly config: string; readonly port: number; child?: ChildProcess; log: string };

export class NatsCluster implements AsyncDisposable {
  readonly servers: Server[] = [];

  /** `registrarDir`: as founded; all three servers are added to it by `causeway registrar nats-bundle`. */
  static async start(of: {
    readonly root: string;
    readonly registrarDir: string;
    readonly fingerprint: Uint8Array;
  }): Promise<NatsCluster> {
    const { root, registrarDir, fingerprint } = of;
    const cluster = new NatsCluster();
    const names = ["nats-1", "nats-2", "nats-3"];
    for (const name of names) {
      const dir = join(root, name);
      const enrolled = await initNats(dir, { name });
      const enrolment = join(dir, "enrolment.json");
      const out = join(root, `${name}-bundle`);
      const flags = { dir: registrarDir, enrolment, fingerprint: enrolled.fingerprint, host: ["127.0.0.1"], out };
      await writeNatsBundle(flags, SILENT);
      installBundle({ partyDir: dir, bundleDir: out, fingerprint, nowMs: Date.now() });
    }
    const routes = await Promise.all(names.map(async () => `127.0.0.1:${await freePort()}`));
    for (const [i, name] of names.entries()) {
      const dir = join(root, name);
      const port = await freePort();
      const servers = join(registrarDir, "nats-servers.json");
      const others = { listen: routes[i] as string, routes: routes.filter((_, other) => other !== i), servers };
      const server = { dir, bundleDir: join(root, `${name}-bundle`), name, host: "127.0.0.1", port, cluster: others };
      cluster.servers.push({ config: writeNatsConfig(server), port, log: "" });
    }
    await Promise.all(names.map((_, i) => cluster.startServer(i)));
    return cluster;
  }

  /** All servers, separated by commas. */
  get urls(): string {
    return this.servers.map(({ port }) => `tls://127.0.0.1:${port}`).join(",");
  }

  async startServer(number: number): Promise<void> {
    const server = this.servers[number] as Server;
    server.log = "";
    const child = spawn(natsServerBinary(), ["-c", server.config], { stdio: ["ignore", "ignore", "pipe"] });
    server.child = child;
    await new Promise<void>((resolve, reject) => {
      child.stderr.on("data", (chunk) => {
        server.log += String(chunk);
        if (server.log.includes("Server is ready")) resolve();
      });
      child.once("exit", () => reject(new Error(`nats-server did not start:\n${server.log}`)));
    });
  }

  async kill(number: number): Promise<void> {
    const { child } = this.servers[number] as Server;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const number of this.servers.keys()) await this.kill(number);
  }
}
