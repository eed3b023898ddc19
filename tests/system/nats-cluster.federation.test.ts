/** A federation over three nats-servers: any one may be killed, and the one that is named first may be down when a party starts. */
import { rmSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { once } from "node:events";
import { connect as connectTls } from "node:tls";
import { describe, expect, it } from "vitest";
import { readTls } from "../../shared/party/tls.ts";
import { TestFederation } from "../support/federation.ts";
import { NatsCluster } from "../support/nats-cluster.ts";
import { LONG_MS } from "../support/patience.ts";

const HEADER = "reference,kind,role,first name,last name,birth date,phone";
const record = (reference: string, day: string): string =>
  `${HEADER}\n${reference},person,suspect,Ilse,Invented,1980-02-${day},+4416329600${day}\n`;

/** Two units publish the same invented person, and each is told of the other. */
async function expectMatch(federation: TestFederation, day: string): Promise<void> {
  const before = (await federation.matches("ct")).length;
  await federation.import("ct", record(`CT-${day}`, day));
  await federation.import("thb", record(`THB-${day}`, day));
  await expect.poll(async () => (await federation.matches("ct")).length, { timeout: 60_000 }).toBe(before + 1);
  await federation.settled(["ct", "thb"], 60_000);
}

async function clustered(): Promise<{ readonly federation: TestFederation; readonly cluster: NatsCluster }> {
  const federation = await TestFederation.found();
  const { registrarDir, fingerprint } = federation.founded;
  const cluster = await NatsCluster.start({ root: federation.root, registrarDir, fingerprint });
  federation.useNats(cluster.urls);
  return { federation, cluster };
}

describe("a federation over three nats-servers", { timeout: 2 * LONG_MS }, () => {
  it("goes on when any one is killed, also when the first named is down at a start", async () => {
    const { federation, cluster } = await clustered();
    await using _ = cluster;
    await using __ = federation;
    await federation.startBroker({ replicas: 3 });
    await federation.startEvaluator();
    for (const unit of ["ct", "thb"] as const) await federation.startNode(unit);
    await expectMatch(federation, "03");
    for (const number of [0, 1, 2]) {
      await cluster.kill(number);
      await expectMatch(federation, `1${number}`);
      await cluster.startServer(number);
    }
    await cluster.kill(0);
    for (const party of ["ct", "thb", "broker"]) await federation.stop(party);
    await federation.startBroker({ replicas: 3 });
    for (const unit of ["ct", "thb"] as const) await federation.startNode(unit);
    await expectMatch(federation, "20");
  });

  it("takes nobody for a server but the servers, whoever has a certificate", async () => {
    const { federation, cluster } = await clustered();
    await using _ = cluster;
    await using __ = federation;
    const route = /"127\.0\.0\.1:(\d+)"/.exec(/listen: "127.0.0.1:\d+"\n  no_advertise/.exec(await configOf(cluster))![0])![1];
    const answer = async (party: string): Promise<string> => {
      const socket = connectTcp({ host: "127.0.0.1", port: Number(route) });
      await once(socket, "data");
      const { certificatePem, privateKeyPem, rootsPem } = readTls(federation.dir(party));
      const own = { cert: certificatePem, key: privateKeyPem, ca: rootsPem, checkServerIdentity: () => undefined };
      const secure = connectTls({ socket, ...own });
      secure.on("error", () => undefined);
      await once(secure, "secureConnect");
      secure.write('CONNECT {"verbose":false,"name":"invented","cluster":"causeway","headers":true}\r\nPING\r\n');
      const first = await Promise.race([once(secure, "data"), once(secure, "close").then(() => ["closed"])]);
      socket.destroy();
      return String(first[0]);
    };
    expect(await answer("ct")).toBe("closed");
    expect(await answer("nats-2")).not.toBe("closed");
    rmSync(federation.dir("nats-3"), { recursive: true, force: true });
  });
});

async function configOf({ servers }: NatsCluster): Promise<string> {
  const { readFileSync } = await import("node:fs");
  return readFileSync(servers[0]!.config, "utf8");
}
