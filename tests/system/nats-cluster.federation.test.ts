/** A federation over three nats-servers: any one may be killed, and the one that is named first may be down when a party starts. */
import { readFileSync } from "node:fs";
import { connect as connectTls } from "node:tls";
import { describe, expect, it } from "vitest";
import { readTls } from "../../shared/party/tls.ts";
import { TestFederation } from "../support/federation.ts";
import { NatsCluster } from "../support/nats-cluster.ts";
import { LONG_MS } from "../support/patience.ts";

const PATIENCE_MS = 90_000;
const UNITS = ["ct", "thb"] as const;
const HEADER = "reference,kind,role,first name,last name,birth date,phone";
const record = (reference: string, day: string): string =>
  `${HEADER}\n${reference},person,suspect,Ilse,Invented,1980-02-${day},+4416329600${day}\n`;

/** Two units publish the same invented person, and each is told of the other. */
async function expectMatch(federation: TestFederation, day: string): Promise<void> {
  const before = (await federation.matches("ct")).length;
  await federation.import("ct", record(`CT-${day}`, day));
  await federation.import("thb", record(`THB-${day}`, day));
  const now = async (): Promise<number> => (await federation.matches("ct")).length;
  await expect.poll(now, { timeout: PATIENCE_MS }).toBeGreaterThan(before);
  await federation.settled(UNITS, PATIENCE_MS);
}

async function clustered(owned: AsyncDisposableStack) {
  const federation = owned.use(await TestFederation.found());
  const { registrarDir, fingerprint } = federation.founded;
  const cluster = owned.use(await NatsCluster.start({ root: federation.root, registrarDir, fingerprint }));
  federation.useNats(cluster.urls);
  return { federation, cluster };
}

describe("a federation over three nats-servers", { timeout: 4 * LONG_MS }, () => {
  it("goes on when any one is killed, also when the first named is down at a start", async () => {
    await using owned = new AsyncDisposableStack();
    const { federation, cluster } = await clustered(owned);
    await federation.startBroker({ replicas: 3 });
    await federation.startEvaluator();
    for (const unit of UNITS) await federation.startNode(unit);
    await expectMatch(federation, "03");
    for (const number of [0, 1, 2]) {
      await cluster.kill(number);
      await expectMatch(federation, `1${number}`);
      await cluster.startServer(number);
    }
    await cluster.kill(0);
    for (const party of [...UNITS, "broker"]) await federation.stop(party);
    await federation.startBroker({ replicas: 3 });
    for (const unit of UNITS) await federation.startNode(unit);
    await expectMatch(federation, "20");
  });

  it("takes nobody for a server but the servers, whoever has a certificate", async () => {
    await using owned = new AsyncDisposableStack();
    const { federation, cluster } = await clustered(owned);
    const config = readFileSync(cluster.servers[0]!.config, "utf8");
    const port = Number(/cluster: \{[^}]*?listen: "127\.0\.0\.1:(\d+)"/.exec(config)?.[1]);
    const isTaken = async (party: string): Promise<boolean> => {
      const { certificatePem, privateKeyPem, rootsPem } = readTls(federation.dir(party));
      const own = { cert: certificatePem, key: privateKeyPem, ca: rootsPem, checkServerIdentity: () => undefined };
      const secure = connectTls({ host: "127.0.0.1", port, ...own });
      secure.on("error", () => undefined);
      const closed = new Promise<boolean>((resolve) => secure.once("close", () => resolve(false)));
      // A server says what it is to another one, after the handshake, and to nobody else.
      const answered = new Promise<boolean>((resolve) => secure.once("data", () => resolve(true)));
      try {
        return await Promise.race([closed, answered]);
      } finally {
        secure.destroy();
      }
    };
    expect(await isTaken("ct")).toBe(false);
    expect(await isTaken("broker")).toBe(false);
    expect(await isTaken("nats-2")).toBe(true);
  });
});
