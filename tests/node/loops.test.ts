/** The node's loops beside its work: whatever a client throws, or if it never answers, none of them ends, and what is mended goes on. */
import { renameSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KeyOffers } from "../../agency-node/publishing/key-offers.ts";
import { issueCredentials } from "../../agency-node/registrar/issue.ts";
import { readRegistrarKeys } from "../../agency-node/registrar/keys.ts";
import { listedParties } from "../../agency-node/registrar/parties.ts";
import { Spending } from "../../agency-node/spending.ts";
import type { Credentials } from "../../shared/core/board.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import { installedLives } from "../../shared/party/credentials.ts";
import { readEnrolment } from "../../shared/party/enrolment.ts";
import { encodeChain, readDirectives } from "../../shared/party/chain-file.ts";
import { keyFile, partyFile } from "../../shared/party/files.ts";
import { ChainFollower } from "../../shared/rpc/chain-follower.ts";
import type { DirectoryConnection } from "../../shared/rpc/chain-follower.ts";
import { keepRenewed } from "../../shared/rpc/credentials-renewal.ts";
import type { RenewalPort } from "../../shared/rpc/credentials-renewal.ts";
import { TestFederation } from "../support/federation.ts";
import { FOREIGN_FAULTS, HandWorld } from "../support/hand-world.ts";
import { memoryKeys } from "../support/memory-keys.ts";

const UNIT = "ct";
const DAY_MS = 86_400_000;

let federation: TestFederation;
beforeAll(async () => {
  federation = await TestFederation.found();
});
afterAll(async () => await federation?.[Symbol.asyncDispose]());

type Loop = (signal: AbortSignal) => Promise<void>;

/** Runs a loop beside a test. It fails the test if it ends before it is told to, or leaves a timer. */
function running(world: HandWorld, loop: Loop) {
  const stopping = new AbortController();
  let ended = false;
  const end = loop(stopping.signal).finally(() => (ended = true));
  end.catch(() => undefined);
  return {
    goesOn: () => expect(ended).toBe(false),
    async stop() {
      expect(ended).toBe(false);
      stopping.abort();
      await end;
      expect(world.waiting).toBe(0);
    },
  };
}

/** Does what a client does until it is mended. */
function broken(fail: () => Promise<never>) {
  const fault = {
    mended: false,
    calls: 0,
    async call<T>(answer: T): Promise<T> {
      fault.calls += 1;
      return fault.mended ? answer : await fail();
    },
  };
  return fault;
}

const FAILURES: readonly (readonly [name: string, fail: () => Promise<never>])[] = [
  // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- clients do
  ...FOREIGN_FAULTS.map(([name, thrown]) => [name, (): Promise<never> => Promise.reject(thrown)] as const),
  ["silence", () => new Promise<never>(() => undefined)],
];

describe.each(FAILURES)("%s of a client", (name, fail) => {
  it("leaves budgets unknown until it is mended", async () => {
    const world = new HandWorld();
    const fault = broken(fail);
    const balance = { used: 1, perDay: 2, available: 3 };
    const spending = new Spending({
      world,
      evaluators: () => [],
      budgetAt: () => fault.call(balance),
      standing: () => fault.call({ ...balance, alarms: [] }),
    });
    const loop = running(world, (signal) => spending.run(signal));
    await world.pass(300_000);
    loop.goesOn();
    expect(spending.spends).toEqual([]);
    fault.mended = true;
    await world.pass(300_000);
    expect(spending.spends).toEqual([{ at: "", ...balance }]);
    await loop.stop();
  });

  it("leaves a key unoffered until it is mended, at the question and at the offer", async () => {
    const world = new HandWorld();
    const [asking, offering] = [broken(fail), broken(fail)];
    const offered: number[] = [];
    const member = federation.member(UNIT);
    const offers = new KeyOffers({
      world,
      member,
      signer: memoryKeys(member, world).signer,
      federation: () => federation.founded.federation,
      preparedEpoch: () => asking.call(2),
      offer: async ({ epoch }) => void offered.push(await offering.call(epoch)),
      prepareKey: () => new Uint8Array(32),
    });
    const loop = running(world, (signal) => offers.run(signal));
    await world.pass(300_000);
    asking.mended = true;
    await world.pass(300_000);
    expect(offering.calls).toBeGreaterThan(3);
    expect(offered).toEqual([]);
    offering.mended = true;
    await world.pass(300_000);
    expect(offered).toEqual([2]);
    await loop.stop();
  });

  it("leaves the certificate as it is until it is mended, at each call", async () => {
    const world = laterWorld();
    const [asking, requesting] = [broken(fail), broken(fail)];
    const issued = await issuedAt(world.clock());
    let requested = false;
    const port: RenewalPort = {
      issued: () => asking.call(requested ? issued : undefined),
      async request() {
        await requesting.call(undefined);
        requested = true;
      },
    };
    const loop = renewing(world, port);
    await world.pass(300_000);
    asking.mended = true;
    await world.pass(300_000);
    expect(requesting.calls).toBeGreaterThan(2);
    expect(requested).toBe(false);
    requesting.mended = true;
    await world.pass(300_000);
    expect(endOfCertificate()).toBeGreaterThan(world.clock());
    expect(world.count("credentials.renewed")).toBe(1);
    // Those of the first call, and those of the second.
    expect(world.count("credentials.notRenewed")).toBeLessThanOrEqual(2);
    await loop.stop();
  });

  it("leaves the node with the chain that it knows, which it goes on to follow", async () => {
    const world = new HandWorld();
    const fault = broken(fail);
    // oxlint-disable-next-line require-yield -- nothing is decided
    async function* nothing(signal: AbortSignal): AsyncGenerator<never> {
      await Promise.race([fault.call(undefined), aborted(signal)]);
    }
    const client = { listDirectives: (_: unknown, { signal }: { signal: AbortSignal }) => nothing(signal) };
    using follower = followerOver(world, client);
    const { number } = follower.federation.head;
    const loop = running(world, (signal) => follower.run(signal));
    await world.pass(300_000);
    loop.goesOn();
    expect(follower.federation.head.number).toBe(number);
    expect(world.count("directory.failed")).toBeLessThanOrEqual(1);
    fault.mended = true;
    const before = fault.calls;
    await world.pass(10_000);
    if (name !== "silence") expect(fault.calls).toBeGreaterThan(before);
    await loop.stop();
  });
});

describe("the renewal of a node's credentials", () => {
  it("outlives a file that cannot be read, says which, and goes on when it is there again", async () => {
    const { world, loop, issue } = await dueForRenewal();
    const path = partyFile(federation.dir(UNIT), "certificate");
    renameSync(path, `${path}.away`);
    await world.pass(300_000);
    loop.goesOn();
    expect(world.lines).toEqual([
      { event: "credentials.notRenewed", fields: expect.objectContaining({ error: "ENVIRONMENT" }) },
    ]);
    expect(world.lines[0]?.fields["message"]).toContain("tls.crt");
    renameSync(`${path}.away`, path);
    await issue();
    await world.pass(300_000);
    expect(endOfCertificate()).toBeGreaterThan(world.clock());
    await loop.stop();
  });

  it("outlives what stops it between two files, tells the server of the first, and puts the second in place later", async () => {
    const { world, loop, issue, told } = await dueForRenewal();
    const path = keyFile(federation.dir(UNIT), "nats.seed");
    renameSync(path, `${path}.away`);
    await issue();
    await world.pass(300_000);
    loop.goesOn();
    expect(endOfCertificate()).toBeGreaterThan(world.clock());
    expect(told.count).toBeGreaterThan(0);
    expect(world.count("credentials.renewed")).toBe(0);
    expect(world.lines.map(({ fields }) => fields["error"])).toContain("ENVIRONMENT");
    renameSync(`${path}.away`, path);
    await world.pass(300_000);
    expect(world.count("credentials.renewed")).toBe(1);
    await loop.stop();
  });

  it("tells a server again that could not take the new certificate", async () => {
    const { world, loop, issue, told } = await dueForRenewal();
    told.fails = true;
    await issue();
    await world.pass(300_000);
    loop.goesOn();
    expect(world.count("credentials.renewed")).toBe(1);
    const { count } = told;
    told.fails = false;
    await world.pass(300_000);
    expect(told.count).toBe(count + 1);
    await world.pass(300_000);
    expect(told.count).toBe(count + 1);
    await loop.stop();
  });
});

describe("whoever hears of a directive", () => {
  it("hears of it again if one of them failed", async () => {
    // A chain is proven without a statement while it is of these days.
    const world = new HandWorld(1, Date.now());
    // It has the founding directives only.
    const dir = federation.dir("thb");
    const path = partyFile(dir, "chain");
    const directives = readDirectives(path);
    writeFileSync(path, encodeChain(directives.slice(0, 1)));
    const client = {
      async *listDirectives({ fromNumber, follow = false }: ListDirectivesRequest, { signal }: CallOptions) {
        for (const { directive, payload, signatures } of directives) {
          if (BigInt(directive.number) >= fromNumber) yield { directive: { payload, signatures: [...signatures] } };
        }
        if (follow) await aborted(signal);
      },
      getFreshness: () => Promise.resolve({}),
    };
    using follower = followerOver(world, client, dir);
    let heard = 0;
    const onChange = (): void => {
      heard += 1;
      if (heard < 3) throw new TypeError("one of those who hear of it");
    };
    const loop = running(world, (signal) => follower.run(signal, onChange));
    await world.pass(60_000);
    expect(follower.federation.head.number).toBe(directives.length);
    expect(heard).toBe(3);
    await loop.stop();
  });
});

type CallOptions = { readonly signal: AbortSignal };
type ListDirectivesRequest = { readonly fromNumber: bigint; readonly follow?: boolean };

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function followerOver(world: HandWorld, client: object, dir = federation.dir(UNIT)): ChainFollower {
  const connection = { client, [Symbol.dispose]: () => undefined } as unknown as DirectoryConnection;
  return new ChainFollower({ dir, world, connection });
}

const endOfCertificate = (): number => installedLives(federation.dir(UNIT))[0]?.untilMs ?? 0;

/** When the unit's certificate has just ended. */
const laterWorld = (): HandWorld => new HandWorld(1, endOfCertificate() + DAY_MS);

function renewing(world: HandWorld, port: RenewalPort, onRenewed = (): void => undefined) {
  const parts = { dir: federation.dir(UNIT), port, federation: () => federation.founded.federation, world, onRenewed };
  return running(world, (signal) => keepRenewed(parts, signal));
}

/** A renewal loop whose registrar answers after `issue`, and a server that may be unable to take what comes. */
async function dueForRenewal() {
  const world = laterWorld();
  const told = { count: 0, fails: false };
  let issued: Credentials | undefined;
  const onRenewed = (): void => {
    told.count += 1;
    if (told.fails) throw new CausewayError("ENVIRONMENT", "tls.key is missing");
  };
  const loop = renewing(world, { issued: async () => issued, request: async () => undefined }, onRenewed);
  const issue = async (): Promise<void> => void (issued = await issuedAt(world.clock()));
  return { world, told, loop, issue };
}

/** What the registrar issues to the unit at that time. */
async function issuedAt(nowMs: number): Promise<Credentials> {
  const { founded } = federation;
  const { signingKey, tlsRequestPem = "", natsKey = "" } = readEnrolment(federation.dir(UNIT)).enrolment;
  const party = listedParties(founded.federation).get(toHex(keyId(signingKey)))!;
  const request = { tlsRequestPem, natsKey, requestedAtMs: nowMs };
  // The NATS library dates its users by the machine's clock: this one is due a week after the certificate.
  const natsUserMs = (nowMs - Date.now()) / 2 + 40 * DAY_MS;
  const lives = { certificateMs: 30 * DAY_MS, natsUserMs };
  return await issueCredentials({ keys: readRegistrarKeys(founded.registrarDir), party, request, lives, nowMs });
}
