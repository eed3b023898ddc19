/** Certificates and NATS users that have ended: every program and command says whose, and since when. */
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { issueByHand } from "../../agency-node/registrar/hand-issue.ts";
import { readRegistrarKeys } from "../../agency-node/registrar/keys.ts";
import { CertificateEnded } from "../../shared/core/certificate-ended.ts";
import { readNatsCredentials } from "../../shared/party/credentials.ts";
import { readEnrolment } from "../../shared/party/enrolment.ts";
import { partyFile } from "../../shared/party/files.ts";
import { installBundle } from "../../shared/party/install.ts";
import { replaceFile } from "../../shared/party/key-files.ts";
import { readTls } from "../../shared/party/tls.ts";
import { createAuthority, issueCertificate } from "../../shared/platform/certificates.ts";
import { grpcClient, startGrpcServer } from "../../shared/platform/grpc.ts";
import { connectNats } from "../../shared/platform/nats.ts";
import { administratorIdentity, evaluatorIdentity } from "../../shared/platform/standing.ts";
import { certificateLife } from "../../shared/platform/tls.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import { HealthDefinition } from "../../shared/wire/health.ts";
import { memberInboxPrefix } from "../../shared/wire/subjects.ts";
import { silentLog } from "../../shared/world/log.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { endedServer, endedUser } from "../../shared/platform/nats-certificate.ts";
import { TestFederation } from "../support/federation.ts";
import { LONG_MS, SOON } from "../support/patience.ts";
import { eventually } from "../registrar/support.ts";

const CLI = resolve(import.meta.dirname, "..", "..", "deploy", "cli.ts");
const DAY_MS = 86_400_000;
const world = systemWorld(silentLog);

let federation: TestFederation;
beforeAll(async () => {
  federation = await TestFederation.found();
}, LONG_MS);
afterAll(async () => await federation?.[Symbol.asyncDispose](), LONG_MS);

/** As it was issued so long ago that it has ended since yesterday. */
async function ended(party: string, identity: PeerIdentity): Promise<{ readonly pem: string; readonly day: string }> {
  const pem = await issueCertificate({
    authority: readRegistrarKeys(federation.founded.registrarDir).authority,
    requestPem: readEnrolment(federation.dir(party)).enrolment.tlsRequestPem!,
    identity,
    hosts: ["localhost"],
    nowMs: Date.now() - 2 * DAY_MS,
    lifeMs: DAY_MS,
  });
  return { pem, day: new Date(certificateLife(pem).untilMs).toISOString().slice(0, 10) };
}

async function answerOf(serverPem: string | undefined, callerPem: string | undefined): Promise<unknown> {
  const [server, caller] = [readTls(federation.dir("broker")), readTls(federation.dir("ct"))];
  const tls = { ...server, ...(serverPem === undefined ? {} : { certificatePem: serverPem }) };
  await using served = await startGrpcServer({ address: "127.0.0.1:0", tls, services: [], world });
  using connection = grpcClient(HealthDefinition, {
    address: `127.0.0.1:${served.port}`,
    tls: { ...caller, ...(callerPem === undefined ? {} : { certificatePem: callerPem }) },
    expected: { kind: "broker" },
  });
  return await connection.client.check({ service: "" }).catch((error: unknown) => error);
}

describe("a certificate that has ended", { timeout: LONG_MS }, () => {
  it("is named with its day: the server's, or one's own, which the server would not speak of", async () => {
    expect(await answerOf(undefined, undefined)).toMatchObject({ status: 1 });
    const broker = await ended("broker", { kind: "broker" });
    const seen = await answerOf(broker.pem, undefined);
    expect(seen).toBeInstanceOf(CertificateEnded);
    expect(String(seen)).toContain(`the certificate of the broker ended on ${broker.day}`);
    const ct = await ended("ct", federation.identity("ct"));
    const own = await answerOf(undefined, ct.pem);
    expect(own).toMatchObject({ code: "UNAVAILABLE" });
    expect(String(own)).toContain(`this party's certificate ended on ${ct.day}`);
  });

  it("makes nothing believed that was not: another authority's certificate, or another party's", async () => {
    const { authority } = readRegistrarKeys(federation.founded.registrarDir);
    const foreign = await createAuthority({ federation: randomBytes(16), nowMs: Date.now() });
    const requestPem = readEnrolment(federation.dir("broker")).enrolment.tlsRequestPem!;
    const office = federation.founded.federation.found.evaluators.find(({ name }) => name === "key-office")!;
    const issued = [
      { authority: foreign, identity: { kind: "broker" } as const, nowMs: Date.now() },
      { authority: foreign, identity: { kind: "broker" } as const, nowMs: Date.now() - 2 * DAY_MS, lifeMs: DAY_MS },
      { authority, identity: evaluatorIdentity(office), nowMs: Date.now() },
    ];
    for (const of of issued) {
      const seen = await answerOf(await issueCertificate({ ...of, requestPem, hosts: [] }), undefined);
      expect(seen).toMatchObject({ code: "UNAVAILABLE" });
      expect(seen).not.toBeInstanceOf(CertificateEnded);
    }
  });

  it("is named by an administrator's command, and replaced by hand where nobody can be asked", async () => {
    const { signingKey } = readEnrolment(federation.dir("chair")).enrolment;
    const chair = await ended("chair", administratorIdentity({ signingKey }));
    replaceFile(partyFile(federation.dir("chair"), "certificate"), chair.pem, 0o644);
    await federation.nats.start();
    await federation.startBroker();
    const run = async (): Promise<string> =>
      await new Promise((done) =>
        execFile(process.execPath, [CLI, "admin", "members", federation.dir("chair")], (_error, stdout, stderr) =>
          done(stdout + stderr),
        ),
      );
    const said = await run();
    expect(said).toContain(`this party's certificate ended on ${chair.day}`);
    expect(said).not.toContain("does not answer");

    const { registrarDir } = federation.founded;
    replaceFile(`${registrarDir}/registrar.json`, JSON.stringify({ natsUrl: federation.natsUrl }), 0o644);
    const bundleDir = federation.dir("by-hand");
    const flags = { dir: registrarDir, enrolment: partyFile(federation.dir("chair"), "enrolment"), out: bundleDir };
    await issueByHand(flags, { say: () => undefined, json: () => undefined });
    const { fingerprint } = federation.founded;
    installBundle({ partyDir: federation.dir("chair"), bundleDir, fingerprint, nowMs: Date.now() });
    expect(await run()).toContain("Invented unit ct");

    // A node says it in its log while it follows, and goes on once there is another.
    const ct = await ended("ct", federation.identity("ct"));
    const good = readTls(federation.dir("ct")).certificatePem;
    replaceFile(partyFile(federation.dir("ct"), "certificate"), ct.pem, 0o644);
    await federation.startNode("ct");
    const told = await eventually(() => federation.log.lines("certificate.ended")[0]);
    expect(JSON.stringify(told)).toContain(ct.day);
    replaceFile(partyFile(federation.dir("ct"), "certificate"), good, 0o644);
    await eventually(() => federation.log.lines("policy.proven").some(({ program }) => program === "ct"));
  });

  it("of the NATS server, and a NATS user, are named likewise", async () => {
    const creds = readNatsCredentials(federation.dir("ct"));
    expect(endedUser({ creds })).toBeUndefined();
    const jwt = /USER JWT-----\s+(\S+)/.exec(creds)![1]!;
    const [head, claims = "", signature] = jwt.split(".");
    const old = { ...JSON.parse(Buffer.from(claims, "base64url").toString("utf8")), exp: 1_700_000_000 };
    const oldJwt = [head, Buffer.from(JSON.stringify(old)).toString("base64url"), signature].join(".");
    expect(String(endedUser({ creds: creds.replace(jwt, oldJwt) }))).toContain(
      "this party's NATS user ended on 2023-11-14",
    );
    expect(endedUser({ creds: "nonsense" })).toBeUndefined();

    expect(await endedServer(federation.natsUrl)).toBeUndefined();
    await federation.nats.kill();
    expect(await endedServer(federation.natsUrl)).toBeUndefined();
    const nats = await ended("nats", { kind: "nats" });
    replaceFile(partyFile(federation.dir("nats"), "certificate"), nats.pem, 0o644);
    await federation.nats.start();
    const wanted = `the certificate of the NATS server ended on ${nats.day}`;
    const seen: string[] = [];
    const said = new AbortController();
    const log = {
      ...silentLog,
      error: (_event: string, cause: unknown) => {
        seen.push(String(cause));
        if (String(cause).includes(wanted)) said.abort();
      },
    };
    await connectNats({
      url: federation.natsUrl,
      creds,
      roots: readTls(federation.dir("ct")).rootsPem,
      inboxPrefix: memberInboxPrefix(federation.member("ct")),
      name: "test",
      log,
      // It goes on asking for as long as it may.
      signal: AbortSignal.any([said.signal, AbortSignal.timeout(SOON.timeout)]),
    }).catch(() => undefined);
    expect(seen.join("\n")).toContain(wanted);
  });
});
