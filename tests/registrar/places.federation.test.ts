/** Parties that move, and a TLS root that gives way to the next, while everything runs. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { describe, expect, it } from "vitest";
import { prepareRoot } from "../../agency-node/registrar/keys.ts";
import { partyFile } from "../../shared/party/files.ts";
import { readTls } from "../../shared/party/tls.ts";
import { createAuthority } from "../../shared/platform/certificates.ts";
import { certificateDer, certificatePem as certificatePemOf, isIssuedUnder } from "../../shared/platform/tls.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { TestFederation } from "../support/federation.ts";
import { LONG_MS } from "../support/patience.ts";
import { eventually, registrarOf } from "./support.ts";

const REASON = "invented reason";
const HEADER = "reference,kind,role,first name,last name,birth date,phone";
const record = (reference: string, day: string): string =>
  `${HEADER}\n${reference},person,suspect,Ilse,Invented,1980-02-${day},+4416329600${day}\n`;

/** Both units publish the same invented person, and each is told of the other. */
async function expectMatch(federation: TestFederation, day: string): Promise<void> {
  const before = (await federation.matches("ct")).length;
  await federation.import("ct", record(`CT-${day}`, day));
  await federation.import("thb", record(`THB-${day}`, day));
  await eventually(async () => (await federation.matches("ct")).length > before);
  await federation.settled();
}

/** Whether the broker's certificate holds under these roots, for a caller that shows its own. */
async function isBelieved(federation: TestFederation, roots: readonly Uint8Array[]): Promise<boolean> {
  const { certificatePem, privateKeyPem } = readTls(federation.dir("ct"));
  const port = Number(federation.address("broker").split(":")[1]);
  const own = { cert: certificatePem, key: privateKeyPem, checkServerIdentity: () => undefined };
  const socket = connectTls({ host: "127.0.0.1", port, ca: roots.map(certificatePemOf), ...own });
  try {
    await once(socket, "secureConnect");
    return socket.authorized;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

describe("parties that the board gives other addresses", { timeout: LONG_MS }, () => {
  it("are found there by everybody, without a restart", async () => {
    await using federation = await TestFederation.start();
    await expectMatch(federation, "03");
    const heard = () => federation.log.lines("directive.accepted").filter(({ program }) => program === "evaluator");
    const before = heard().length;
    // What is decided here is at everybody's before anybody moves.
    const places = { broker: "", evaluators: [] as { name: string; address: string }[], nats: "" };
    await federation.stop("key-office");
    const office = await federation.move("key-office");
    await federation.startEvaluator();
    const nats = await federation.move("nats");
    const old = federation.address("broker");
    const broker = await federation.move("broker");
    expect(broker).not.toBe(old);
    const evaluators = [{ name: "key-office", address: office }];
    federation.decide({ type: "places", ...places, broker, evaluators, nats, reason: REASON });
    await federation.informed();
    await eventually(() => heard().length > before);
    await federation.nats.kill();
    await federation.nats.start();
    const moved = () => new Set(federation.log.lines("nats.moved").map(({ program }) => program));
    await eventually(() => moved().size === 4);
    await federation.stop("broker");
    await federation.startBroker();
    await expectMatch(federation, "04");
  });
});

describe("a TLS root", { timeout: LONG_MS }, () => {
  it("is followed by the next: everybody gets a certificate under it, and the first can go", async () => {
    await using federation = await TestFederation.start();
    await using _ = registrarOf(federation, { natsServerDir: federation.dir("nats") });
    const { registrarDir } = federation.founded;
    const [first] = federation.founded.federation.found.tlsRoots as [Uint8Array];
    const file = await prepareRoot(registrarDir, federation.board.federation, Date.now());
    const next = certificateDer(readFileSync(file, "utf8"));
    const dirs = ["broker", "key-office", "ct", "thb", "wcu", "nats"].map((party) => federation.dir(party));
    const isUnder = (root: Uint8Array, dir: string): boolean => isIssuedUnder(root, readTls(dir).certificatePem);
    expect([...dirs, registrarDir].every((dir) => isUnder(first, dir))).toBe(true);

    federation.decide({ type: "tlsRoots", roots: [first, next], reason: REASON });
    // The NATS server has no chain; its directory is the registrar's to write.
    await eventually(() => [...dirs, registrarDir].every((dir) => isUnder(next, dir)), LONG_MS);
    await expectMatch(federation, "03");
    // Whoever has not heard of the next root yet believes what is issued under it, and somebody else's it does not.
    await federation.stop("broker");
    await federation.startBroker();
    expect(await isBelieved(federation, [first])).toBe(true);
    expect(await isBelieved(federation, [next])).toBe(true);
    const { certificatePem } = await createAuthority({ federation: randomBytes(16), nowMs: Date.now() });
    expect(await isBelieved(federation, [certificateDer(certificatePem)])).toBe(false);

    federation.decide({ type: "tlsRoots", roots: [next], reason: REASON });
    const roots = (dir: string): number => readFileSync(partyFile(dir, "roots"), "utf8").match(/BEGIN/g)?.length ?? 0;
    const followers = [...dirs.slice(0, -1), registrarDir];
    await eventually(() => followers.every((dir) => roots(dir) === 1), LONG_MS);
    await federation.stop("broker");
    await federation.nats.kill();
    await federation.nats.start();
    await federation.startBroker();
    await expectMatch(federation, "04");
    expect(readFileSync(join(registrarDir, "ca-2.crt"), "utf8")).toContain("BEGIN");
  });
});
