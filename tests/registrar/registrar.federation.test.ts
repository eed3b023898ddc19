/** The registrar against a real nats-server, with a broker that only passes on. */
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { fmtCreds } from "@nats-io/jwt";
import { fromSeed } from "@nats-io/nkeys";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { natsServerDirectory, prepareFreshnessKey, readRegistrarKeys } from "../../agency-node/registrar/keys.ts";
import { keepCertificate } from "../../agency-node/registrar/kept-certificate.ts";
import { keepNatsServer } from "../../agency-node/registrar/nats-server.ts";
import { certificateIn, natsAt, servedCertificateIn } from "../../agency-node/registrar/places.ts";
import type { Registrar } from "../../agency-node/registrar/program.ts";
import { CREDENTIALS_REQUEST_AGE_MS_MAX } from "../../shared/core/board.ts";
import { judgeFreshness } from "../../shared/core/chain.ts";
import { equalBytes, toHex } from "../../shared/core/bytes.ts";
import type { Admit, DirectiveBody } from "../../shared/core/directive.ts";
import { toId } from "../../shared/core/ids.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { readSecretText } from "../../shared/party/key-files.ts";
import { readTls } from "../../shared/party/tls.ts";
import { decodeChain } from "../../shared/party/chain-file.ts";
import { readEnrolment } from "../../shared/party/enrolment.ts";
import { keyFile, partyFile } from "../../shared/party/files.ts";
import { readSigningKeys } from "../../shared/party/keys.ts";
import { initNode } from "../../shared/party/new-party.ts";
import {
  assertOwnCertificate,
  certificateDer,
  certificateHosts,
  identityOfCertificate,
} from "../../shared/platform/tls.ts";
import { issueCertificate } from "../../shared/platform/certificates.ts";
import { signCredentialsRequest } from "../../shared/wire/board.ts";
import { decodeSignedFreshness } from "../../shared/wire/directive.ts";
import { Signed } from "../../shared/wire/gen/causeway/v1/signed.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { TestFederation } from "../support/federation.ts";
import { BrokerStub } from "./broker-stub.ts";
import { eventually, isLetIn, natsAs, registrarOf } from "./support.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { AT_ONCE_MS, CUT_OFF_MS, LONG_MS } from "../support/patience.ts";

let federation: TestFederation;
let broker: BrokerStub;
let registrar: Registrar;

beforeAll(async () => {
  federation = await TestFederation.found();
  await federation.nats.start();
  broker = await BrokerStub.start(federation);
  registrar = registrarOf(federation);
}, LONG_MS);

afterAll(async () => {
  await registrar?.[Symbol.asyncDispose]();
  await broker?.[Symbol.asyncDispose]();
  await federation?.[Symbol.asyncDispose]();
}, LONG_MS);

function decided(...bodies: readonly DirectiveBody[]): void {
  federation.decide(...bodies);
  broker.directory.refresh();
}

/** `Signed` bytes of a request of the party in a directory. */
function requestOf(dir: string, over: { readonly signer?: SigningKeyPair; readonly requestedAtMs?: number } = {}) {
  const { tlsRequestPem = "", natsKey = "" } = readEnrolment(dir).enrolment;
  const { signer = readSigningKeys(dir), requestedAtMs = Date.now() } = over;
  const request = { tlsRequestPem, natsKey, requestedAtMs };
  return signCredentialsRequest(request, { federation: federation.founded.federation.id, signer });
}

const keyIdOf = (dir: string): string => toHex(keyId(readEnrolment(dir).enrolment.signingKey));

function credentialsOf(dir: string, jwt: string): string {
  const user = fromSeed(new TextEncoder().encode(readSecretText(keyFile(dir, "nats.seed"))));
  return new TextDecoder().decode(fmtCreds(jwt, user));
}

/** How many directives are in the chain on a registrar's disk. */
const chainIn = (dir: string): number => decodeChain(new Uint8Array(readFileSync(partyFile(dir, "chain")))).length;

const isStated = (): boolean => {
  const last = broker.statements.at(-1);
  if (last === undefined) return false;
  const statement = decodeSignedFreshness(Signed.encode(last).finish());
  const { federation: known } = broker.directory;
  if (!equalBytes(statement.signature.keyId, keyId(known.found.freshnessKey))) return false;
  return judgeFreshness(known, statement, Date.now()) === "fresh";
};

const INVENTED_POLICY = {
  type: "policy",
  canaryBeatMinutes: 60,
  canaryWithinMinutes: 10,
  budgetAlarmPercent: 70,
  overdueStatementsMax: 8,
  allowances: [],
  reason: "Invented reason",
} as const;

describe("freshness", () => {
  it("is stated at the start and at once after each directive", async () => {
    await eventually(isStated, AT_ONCE_MS);
    decided(INVENTED_POLICY);
    await eventually(isStated, AT_ONCE_MS);
  });

  it("goes on under a new key once the board has rotated it, and the old one is destroyed", async () => {
    const dir = federation.founded.registrarDir;
    const signingKey = prepareFreshnessKey(dir, { randomBytes });
    expect(prepareFreshnessKey(dir, { randomBytes })).toEqual(signingKey);
    decided({ type: "rotateKey", party: { kind: "freshness" }, signingKey, reason: "Invented reason" });
    await eventually(isStated, AT_ONCE_MS);
    expect(existsSync(keyFile(dir, "freshness-next.key"))).toBe(false);
    const { signature } = decodeSignedFreshness(Signed.encode(broker.statements.at(-1)!).finish());
    expect(signature.keyId).toEqual(keyId(signingKey));
  });
});

describe("credentials", () => {
  it("are issued to a member, for the identity and account that the chain gives its key", async () => {
    const dir = federation.dir("ct");
    broker.ask(requestOf(dir));
    const { certificatePem, natsUserJwt } = await broker.issuedTo(keyIdOf(dir));
    const identity = identityOfCertificate(certificateDer(certificatePem));
    expect(identity).toEqual(federation.identity("ct"));
    const credentials = credentialsOf(dir, natsUserJwt);
    expect(await isLetIn(federation, "ct", credentials)).toBe(true);
  });

  it("are issued to broker, evaluators and administrators too", async () => {
    for (const [party, kind] of [
      ["broker", "broker"],
      ["key-office", "evaluator"],
      ["chair", "administrator"],
    ] as const) {
      const dir = federation.dir(party);
      broker.ask(requestOf(dir));
      const { certificatePem, natsUserJwt } = await broker.issuedTo(keyIdOf(dir));
      expect(identityOfCertificate(certificateDer(certificatePem))?.kind).toBe(kind);
      expect(natsUserJwt !== "").toBe(kind === "broker");
    }
  });

  it("are not issued to strangers, for another federation, again for an old request, or for what cannot be read", async () => {
    const refused = (): number => federation.log.lines("registrar.refused").length;
    const before = refused();
    const dir = federation.dir("thb");
    const stranger = await initNode(join(federation.root, "stranger"), { name: "Invented stranger" });
    expect(stranger.enrolment.kind).toBe("node");
    broker.ask(requestOf(join(federation.root, "stranger")));
    broker.ask(requestOf(dir, { signer: readSigningKeys(join(federation.root, "stranger")) }));
    broker.ask(
      signCredentialsRequest(
        { tlsRequestPem: "x", natsKey: "", requestedAtMs: Date.now() },
        { federation: randomBytes(16), signer: readSigningKeys(dir) },
      ),
    );
    broker.ask(requestOf(dir, { requestedAtMs: Date.now() + 3_600_000 }));
    broker.ask(requestOf(federation.dir("ct"), { requestedAtMs: Date.now() - 120_000 }));
    await eventually(() => refused() === before + 5);
    expect(broker.issued.has(keyIdOf(dir))).toBe(false);
    // And it goes on answering others.
    broker.ask(requestOf(dir));
    await broker.issuedTo(keyIdOf(dir));
  });
});

describe.runIf(SmallDisk.isPossible)("a registrar whose disk is full", { timeout: LONG_MS }, () => {
  it("goes on issuing, believes no directive that it cannot keep, says why, and states it once there is room", async () => {
    await registrar[Symbol.asyncDispose]();
    const { registrarDir } = federation.founded;
    using disk = new SmallDisk(registrarDir, 8);
    disk.fill();
    registrar = registrarOf(federation);
    const before = broker.directory.federation.head.number;
    decided(INVENTED_POLICY);
    await eventually(() => federation.log.text.includes("the disk is full"));
    broker.ask(requestOf(federation.dir("ct")));
    await broker.issuedTo(keyIdOf(federation.dir("ct")));
    expect([chainIn(registrarDir), isStated()]).toEqual([before, false]);
    disk.free();
    await eventually(isStated, AT_ONCE_MS);
    expect(chainIn(registrarDir)).toBe(before + 1);
    await registrar[Symbol.asyncDispose]();
    disk[Symbol.dispose]();
    registrar = registrarOf(federation);
  });
});

describe("a registrar that has forgotten what it answered", () => {
  it("refuses an old request that the broker has kept, and answers one that was on its way for minutes", async () => {
    const dir = federation.dir("wcu");
    const keptMs = Date.now() - CREDENTIALS_REQUEST_AGE_MS_MAX - 1_000;
    await registrar[Symbol.asyncDispose]();
    const refused = federation.log.lines("registrar.refused").length;
    broker.forgetRequests();
    broker.ask(requestOf(dir, { requestedAtMs: keptMs }));
    registrar = registrarOf(federation);
    await eventually(() => federation.log.lines("registrar.refused").length === refused + 1);
    expect(broker.issued.has(keyIdOf(dir))).toBe(false);
    broker.ask(requestOf(dir, { requestedAtMs: keptMs + 121_000 }));
    await broker.issuedTo(keyIdOf(dir));
  });
});

describe("a suspended member", { timeout: LONG_MS }, () => {
  it("is off NATS within seconds with its live connection, and back with the same credentials when reinstated", async () => {
    const live = await natsAs(federation, "thb");
    const began = Date.now();
    decided({ type: "suspend", member: federation.member("thb"), reason: "Invented reason" });
    await live.closed();
    expect(Date.now() - began).toBeLessThan(CUT_OFF_MS);
    expect(await isLetIn(federation, "thb")).toBe(false);
    const others = await natsAs(federation, "ct");
    expect(others.isClosed()).toBe(false);
    await others.close();
    // Nor is it given new ones.
    const known = broker.issued.get(keyIdOf(federation.dir("thb")));
    const refused = federation.log.lines("registrar.refused").length;
    broker.ask(requestOf(federation.dir("thb")));
    await eventually(() => federation.log.lines("registrar.refused").length > refused);
    expect(broker.issued.get(keyIdOf(federation.dir("thb")))).toBe(known);
    await federation.reinstate("thb");
    broker.directory.refresh();
    await eventually(() => isLetIn(federation, "thb"), AT_ONCE_MS);
  });

  it("is off although the registrar was, once it is back", async () => {
    await registrar[Symbol.asyncDispose]();
    const live = await natsAs(federation, "thb");
    decided({ type: "suspend", member: federation.member("thb"), reason: "Invented reason" });
    registrar = registrarOf(federation);
    await live.closed();
    await federation.reinstate("thb");
    broker.directory.refresh();
    await eventually(() => isLetIn(federation, "thb"), AT_ONCE_MS);
  });

  it("stays off when the NATS server restarts, also with the accounts of the founding", async () => {
    decided({ type: "suspend", member: federation.member("thb"), reason: "Invented reason" });
    await eventually(async () => !(await isLetIn(federation, "thb")), AT_ONCE_MS);
    await federation.nats.kill();
    await federation.nats.start();
    expect(await isLetIn(federation, "thb")).toBe(false);
    await federation.nats.kill();
    rmSync(join(federation.dir("nats"), "resolver"), { recursive: true });
    await federation.nats.start();
    await eventually(async () => !(await isLetIn(federation, "thb")), 3 * AT_ONCE_MS);
    await federation.reinstate("thb");
    broker.directory.refresh();
    await eventually(() => isLetIn(federation, "thb"), 3 * AT_ONCE_MS);
  });
});

describe("a member that comes later", () => {
  const dir = (): string => join(federation.root, "late");

  it("has an account at its admission, and credentials that the server takes", async () => {
    const { enrolment } = await initNode(dir(), { name: "Invented unit late" });
    const like = federation.board.federation.members.get(federation.member("ct")) as Admit;
    const admit: Admit = {
      ...like,
      member: toId<MemberId>(toHex(randomBytes(16))),
      slug: "late",
      signingKey: enrolment.signingKey,
      sealingKey: enrolment.sealingKey as Uint8Array,
    };
    // It asks as soon as it may, which can be before the registrar knows.
    const salts = await federation.board.saltsFor(admit);
    broker.ask(requestOf(dir()));
    decided({ type: "admit", ...admit, salts });
    const { natsUserJwt } = await broker.issuedTo(keyIdOf(dir()));
    const credentials = credentialsOf(dir(), natsUserJwt);
    await eventually(() => isLetIn(federation, "ct", credentials), AT_ONCE_MS);
  });
});

describe("a node that was lost", () => {
  it("is shut out with its old credentials once the board has given its member new keys", async () => {
    const dir = join(federation.root, "replacement");
    const { enrolment } = await initNode(dir, { name: "Invented unit wcu" });
    const { sealingKey, signingKey } = enrolment as typeof enrolment & { readonly sealingKey: Uint8Array };
    const live = await natsAs(federation, "wcu");
    const member = federation.member("wcu");
    const { domains } = federation.board.federation.members.get(member) as Admit;
    const salts = await federation.board.saltsFor({ sealingKey, domains });
    const party = { kind: "member" as const, member, sealingKey, salts };
    decided({ type: "rotateKey", party, signingKey, reason: "Invented reason" });
    await live.closed();
    expect(await isLetIn(federation, "wcu")).toBe(false);
    broker.ask(requestOf(dir));
    const { natsUserJwt } = await broker.issuedTo(keyIdOf(dir));
    const credentials = credentialsOf(dir, natsUserJwt);
    await eventually(() => isLetIn(federation, "wcu", credentials), AT_ONCE_MS);
  });
});

describe("a removed member", () => {
  it("is off NATS for good, and a restart of the registrar changes nothing", async () => {
    const live = await natsAs(federation, "ct");
    const began = Date.now();
    federation.remove("ct");
    broker.directory.refresh();
    await live.closed();
    expect(Date.now() - began).toBeLessThan(CUT_OFF_MS);
    await eventually(isStated, AT_ONCE_MS);
    await registrar[Symbol.asyncDispose]();
    const lines = (event: string): number => federation.log.lines(event).length;
    const [pushed, started] = [lines("registrar.accountChanged"), lines("registrar.freshnessStated")];
    registrar = registrarOf(federation);
    await eventually(() => lines("registrar.freshnessStated") > started);
    expect(await isLetIn(federation, "ct")).toBe(false);
    expect(lines("registrar.accountChanged")).toBe(pushed);
  });
});

describe("the registrar's own certificate", () => {
  it("is renewed by itself when a third of its life is left", async () => {
    const dir = federation.founded.registrarDir;
    const before = readTls(dir);
    const { authority } = readRegistrarKeys(dir);
    const renewing = async (days: number): Promise<void> => {
      const clock = (): number => Date.now() + days * 86_400_000;
      const world = { ...systemWorld(federation.log.for("registrar")), clock };
      const parts = { place: certificateIn(dir), authority: () => authority, lifeMs: 90 * 86_400_000, world };
      await keepCertificate(parts, AbortSignal.timeout(200));
    };
    await renewing(260);
    expect(readTls(dir)).toEqual(before);
    await renewing(270);
    const { certificatePem, privateKeyPem } = readTls(dir);
    expect(certificatePem).not.toBe(before.certificatePem);
    const roots = federation.founded.federation.found.tlsRoots;
    assertOwnCertificate({ certificatePem, privateKeyPem, roots });
    expect(identityOfCertificate(certificateDer(certificatePem))).toEqual({ kind: "registrar" });
  });
});

describe("the NATS server's certificate", () => {
  const kept = (): string => natsServerDirectory(federation.founded.registrarDir);

  /** As the registrar does it. */
  async function keptNow(): Promise<string> {
    const { authority } = readRegistrarKeys(federation.founded.registrarDir);
    const world = systemWorld(federation.log.for("registrar"));
    const parts = { place: certificateIn(kept()), authority: () => authority, lifeMs: 397 * 86_400_000, world };
    await keepCertificate(parts, AbortSignal.timeout(200));
    return certificateIn(kept()).present();
  }

  /** As if the federation had been founded so long ago. */
  async function agedBy(days: number): Promise<string> {
    const certificate = await issueCertificate({
      authority: readRegistrarKeys(federation.founded.registrarDir).authority,
      requestPem: readFileSync(partyFile(kept(), "request"), "utf8"),
      identity: { kind: "nats" },
      hosts: certificateHosts(certificateIn(kept()).present()),
      nowMs: Date.now() - days * 86_400_000,
    });
    writeFileSync(partyFile(kept(), "certificate"), certificate);
    return certificate;
  }

  /** Compares what the server serves with what is kept for it, until the log says so. */
  async function comparedUntil(event: string, serverDir?: string): Promise<void> {
    const dir = federation.founded.registrarDir;
    const { nats: authority } = readRegistrarKeys(dir);
    const { natsUrl, log } = federation;
    const seen = log.lines(event).length;
    const stop = new AbortController();
    const world = systemWorld(log.for("registrar"));
    const server = serverDir === undefined ? undefined : servedCertificateIn(dir, serverDir);
    const connect = natsAt(() => natsUrl, dir, world);
    const running = keepNatsServer({ connect, authority, kept: [certificateIn(kept())], server, world }, stop.signal);
    await eventually(() => log.lines(event).length > seen);
    stop.abort();
    await running;
  }

  it("is renewed before it ends, and served without a restart", async () => {
    const first = await keptNow();
    expect(await servedCertificate()).toEqual(certificateDer(first));
    expect(certificateHosts(first)).toEqual(["localhost", "127.0.0.1"]);
    const young = await agedBy(260);
    expect(await keptNow()).toBe(young);
    const old = await agedBy(270);
    const next = await keptNow();
    expect(next).not.toBe(old);
    expect(identityOfCertificate(certificateDer(next))).toEqual({ kind: "nats" });
    expect(certificateHosts(next)).toEqual(certificateHosts(first));
    const live = await natsAs(federation, "thb");

    // On another machine somebody has to copy it; on this one the registrar does, unless it was told of a wrong directory.
    await comparedUntil("registrar.natsCertificateWaits");
    await comparedUntil("registrar.natsServerFailed", join(federation.root, "nowhere"));
    const elsewhere = mkdtempSync(join(federation.root, "elsewhere-"));
    copyFileSync(partyFile(kept(), "certificate"), partyFile(elsewhere, "certificate"));
    await comparedUntil("registrar.natsCertificateWaits", elsewhere);
    expect(await servedCertificate()).toEqual(certificateDer(first));
    await comparedUntil("registrar.natsCertificateTaken", federation.dir("nats"));
    await eventually(async () => equalBytes(await servedCertificate(), certificateDer(next)));

    // The server has read everything again: accounts that the registrar closed stay closed.
    expect(live.isClosed()).toBe(false);
    expect(await isLetIn(federation, "thb")).toBe(true);
    expect(await isLetIn(federation, "ct")).toBe(false);
    await live.close();

    // Also for a server that cannot be reached: it reads the file when it starts.
    const later = await agedBy(1);
    await federation.nats.kill();
    await comparedUntil("nats.waiting", federation.dir("nats"));
    expect(certificateIn(federation.dir("nats")).present()).toBe(later);
    await federation.nats.start();
    expect(await servedCertificate()).toEqual(certificateDer(later));
  });
});

/** DER. A NATS server first says what it is in a line of text, then speaks TLS. */
async function servedCertificate(): Promise<Uint8Array> {
  const { hostname: host, port } = new URL(federation.natsUrl);
  const socket = connectTcp({ host, port: Number(port) });
  await once(socket, "data");
  const secured = connectTls({ socket, ca: readTls(federation.dir("nats")).rootsPem, servername: "localhost" });
  await once(secured, "secureConnect");
  const { raw } = secured.getPeerCertificate();
  secured.destroy();
  return new Uint8Array(raw);
}
