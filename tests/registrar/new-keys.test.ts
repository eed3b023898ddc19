/** Whoever gets new keys renews under them, for as long as the federation lasts: clocks are moved on by a year, twice. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  freshnessSeedOf,
  natsServerDirectory,
  prepareFreshnessKey,
  readRegistrarKeys,
} from "../../agency-node/registrar/keys.ts";
import { keepCertificate } from "../../agency-node/registrar/kept-certificate.ts";
import { certificateIn } from "../../agency-node/registrar/places.ts";
import { RequestDesk } from "../../agency-node/registrar/requests.ts";
import { keysOnDisk } from "../../broker/disk/keys-on-disk.ts";
import { toHex } from "../../shared/core/bytes.ts";
import type { Credentials } from "../../shared/core/board.ts";
import { openEpochs } from "../../shared/core/decisions.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import { readEnrolment } from "../../shared/party/enrolment.ts";
import { keyFile, partyFile } from "../../shared/party/files.ts";
import { installParty } from "../../shared/party/install.ts";
import { replaceFile } from "../../shared/party/key-files.ts";
import { readSigningKeys } from "../../shared/party/keys.ts";
import { initAdministrator, initNode } from "../../shared/party/new-party.ts";
import { nextKeyDirectory, prepareNextKey, takeNextKey } from "../../shared/party/next-key.ts";
import { readTls } from "../../shared/party/tls.ts";
import { certificateLife } from "../../shared/platform/tls.ts";
import { renewIfDue } from "../../shared/rpc/credentials-renewal.ts";
import { decodeChain } from "../../shared/party/chain-file.ts";
import { signCredentialsRequest } from "../../shared/wire/board.ts";
import { silentLog } from "../../shared/world/log.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { Wake } from "../../shared/world/wake.ts";
import { systemWorld } from "../../shared/world/world.ts";
import type { World } from "../../shared/world/world.ts";
import { boardUnder } from "../support/board.ts";
import type { TestBoard } from "../support/board.ts";
import { foundSample } from "../trust/sample-federation.ts";
import type { SampleFederation } from "../trust/sample-federation.ts";

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
const REASON = "Invented reason";

let sample: SampleFederation;
let board: TestBoard;
let aheadMs: number;
let world: World;

beforeEach(async () => {
  sample = await foundSample(Date.now());
  const slugOf = (member: string): string => [...sample.founded.members].find(([, each]) => each === member)![0];
  board = boardUnder(sample.root, ["chair", "deputy", "clerk"], (member) => sample.dir(slugOf(member)));
  aheadMs = 0;
  world = { ...systemWorld(silentLog), clock: () => Date.now() + aheadMs };
});
afterEach(() => sample[Symbol.dispose]());

const federation = (): Federation => board.federation;

/** The registrar's desk, with a broker in memory that passes on what it is given. */
async function issuedFor(signed: Uint8Array): Promise<Credentials | undefined> {
  const stop = new AbortController();
  let issued: Credentials | undefined;
  const desk = new RequestDesk({
    broker: {
      async *requests() {
        yield signed;
        stop.abort();
      },
      putCredentials: async (_keyId, credentials) => void (issued = credentials),
    },
    keys: () => readRegistrarKeys(sample.founded.registrarDir, federation().found.tlsRoots.at(-1)),
    federation,
    directives: new Wake(world),
    // The NATS library dates its users by the machine's clock: this one is due a few weeks after now.
    lives: { certificateMs: 397 * DAY_MS, natsUserMs: aheadMs / 2 + 40 * DAY_MS },
    world,
  });
  await desk.run(stop.signal);
  return issued;
}

async function renew(dir: string): Promise<boolean> {
  let issued: Credentials | undefined;
  const port = {
    issued: async () => issued,
    request: async (signed: Uint8Array) => void (issued = await issuedFor(signed)),
  };
  return await renewIfDue({ dir, port, federation, world, onRenewed: () => undefined }, AbortSignal.timeout(30_000));
}

/** Twice, since what renews once may have been left with something that does not. */
async function expectRenewsForYears(dir: string): Promise<void> {
  for (let year = 1; year <= 2; year += 1) {
    aheadMs = year * YEAR_MS;
    expect(await renew(dir)).toBe(true);
    expect(certificateLife(readTls(dir).certificatePem).fromMs).toBeGreaterThan(world.clock() - DAY_MS);
  }
}

/** What the registrar issues to a party that the board has just named, put in place as `causeway admin enrol` does. */
async function collect(dir: string): Promise<void> {
  const { tlsRequestPem = "", natsKey = "" } = readEnrolment(dir).enrolment;
  const scope = { federation: federation().id, signer: readSigningKeys(dir) };
  const issued = await issuedFor(
    signCredentialsRequest({ tlsRequestPem, natsKey, requestedAtMs: world.clock() }, scope),
  );
  expect(issued).toBeDefined();
  const brokerDir = sample.dir("broker");
  installParty({
    partyDir: dir,
    directives: decodeChain(new Uint8Array(readFileSync(partyFile(brokerDir, "chain")))),
    freshness: new Uint8Array(readFileSync(partyFile(brokerDir, "freshness"))),
    ...issued!,
    fingerprint: sample.founded.fingerprint,
    nowMs: world.clock(),
  });
}

describe("renews for years under new keys", { timeout: 60_000 }, () => {
  it("a broker, which takes the key that was made in its directory", async () => {
    const dir = sample.dir("broker");
    const { enrolment } = await prepareNextKey(dir);
    expect((await prepareNextKey(dir)).enrolment.signingKey).toEqual(enrolment.signingKey);
    expect(takeNextKey(dir, federation(), world.clock())).toBe(false);
    const { signingKey } = enrolment;
    board.decide({ type: "rotateKey", party: { kind: "broker" }, signingKey, reason: REASON });
    expect(keysOnDisk(dir).isNextDue(federation())).toBe(true);
    expect(takeNextKey(dir, federation(), world.clock())).toBe(true);
    expect([keysOnDisk(dir).signer.publicKey, existsSync(nextKeyDirectory(dir))]).toEqual([signingKey, false]);
    await expectRenewsForYears(dir);
  });

  it("but not a broker whose key was put in place by hand: it says so at the start", async () => {
    const dir = sample.dir("broker");
    replaceFile(keyFile(dir, "signing.key"), randomBytes(32), 0o600);
    expect(() => keysOnDisk(dir)).toThrow(expect.objectContaining({ code: "ENVIRONMENT" }));
  });

  it("an evaluator, under another TLS key and with the shares that it has", async () => {
    const dir = sample.dir("key-office");
    const before = { tls: readTls(dir), share: readFileSync(keyFile(dir, "share.key")) };
    const { enrolment } = await prepareNextKey(dir);
    const party = { kind: "evaluator", name: "key-office" } as const;
    board.decide({ type: "rotateKey", party, signingKey: enrolment.signingKey, reason: REASON });
    // Named, and not yet in hand of a certificate.
    expect(takeNextKey(dir, federation(), world.clock())).toBe(false);
    await collect(nextKeyDirectory(dir));
    expect(takeNextKey(dir, federation(), world.clock())).toBe(true);
    expect(readTls(dir).privateKeyPem).not.toBe(before.tls.privateKeyPem);
    expect(readFileSync(keyFile(dir, "share.key"))).toEqual(before.share);
    await expectRenewsForYears(dir);
  });

  it("a unit whose node was lost", async () => {
    const dir = join(sample.root, "harbour-anew");
    const { enrolment } = await initNode(dir, { name: "Invented unit harbour" });
    const { signingKey, sealingKey } = enrolment;
    const member = sample.founded.members.get("harbour")!;
    const { domains } = federation().members.get(member)!;
    const salts = await board.saltsFor({ sealingKey: sealingKey!, domains });
    const party = { kind: "member", member, sealingKey: sealingKey!, salts } as const;
    board.decide({ type: "rotateKey", party, signingKey, reason: REASON });
    await collect(dir);
    await expectRenewsForYears(dir);
  });

  it("an administrator whom a change of the board brings in", async () => {
    const dir = join(sample.root, "newcomer");
    const { enrolment } = await initAdministrator(dir, { name: "The newcomer" });
    const { name, signingKey, sealingKey } = enrolment;
    const seats = [...federation().found.board, { name, signingKey, sealingKey: sealingKey! }];
    const holders = seats.map((seat) => ({ administratorKeyId: keyId(seat.signingKey), sealed: randomBytes(80) }));
    const shares = openEpochs(federation()).flatMap(({ epoch, salts }) =>
      salts.map(({ domain }) => ({ epoch, domain, shares: holders })),
    );
    board.decide({ type: "boardChange", board: seats, quorum: 3, shares, reason: REASON });
    await collect(dir);
    expect(["certificate", "chain", "pin", "roots"].every((file) => existsSync(partyFile(dir, file as "pin")))).toBe(
      true,
    );
    await expectRenewsForYears(dir);
  });

  it("a registrar, which renews its own and the NATS server's, and still states that the chain is complete", async () => {
    const dir = sample.founded.registrarDir;
    const signingKey = prepareFreshnessKey(dir, { randomBytes });
    board.decide({ type: "rotateKey", party: { kind: "freshness" }, signingKey, reason: REASON });
    for (let year = 1; year <= 2; year += 1) {
      aheadMs = year * YEAR_MS;
      for (const place of [certificateIn(dir), certificateIn(natsServerDirectory(dir))]) {
        const authority = () => readRegistrarKeys(dir, federation().found.tlsRoots.at(-1)).authority;
        await keepCertificate({ place, authority, lifeMs: 397 * DAY_MS, world }, AbortSignal.timeout(300));
        expect(certificateLife(place.present()).fromMs).toBeGreaterThan(world.clock() - DAY_MS);
      }
      const { freshnessKey } = federation().found;
      expect(toHex(freshnessKey)).toBe(toHex(signingKey));
      expect(freshnessSeedOf(dir, freshnessKey)).toHaveLength(32);
    }
  });
});
