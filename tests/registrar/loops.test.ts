/** The registrar's loops over fakes: peers that fail in every way that clients have, or never answer, end none of them. */
import { createUser } from "@nats-io/nkeys";
import { beforeAll, describe, expect, it } from "vitest";
import type { IssuingKeys } from "../../agency-node/registrar/keys.ts";
import { createNatsAuthority } from "../../agency-node/registrar/nats-accounts.ts";
import type { BrokerPort, CertificatePlace, FreshnessPlace, NatsPort } from "../../agency-node/registrar/ports.ts";
import { assembleRegistrar } from "../../agency-node/registrar/registrar.ts";
import type { RegistrarPorts } from "../../agency-node/registrar/registrar.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { keyId, signingKeyPair } from "../../shared/crypto/sign.ts";
import { createAuthority, createTlsRequest, issueCertificate } from "../../shared/platform/certificates.ts";
import { certificateDer, certificateLife } from "../../shared/platform/tls.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import { signCredentialsRequest } from "../../shared/wire/board.ts";
import { pause } from "../../shared/world/wait.ts";
import { admit, emptyFederation, newMember } from "../hardening/evaluators.ts";
import { FOREIGN_FAULTS, HandWorld } from "../support/hand-world.ts";
import { SOON } from "../support/patience.ts";

const DAY_MS = 86_400_000;
const began = new HandWorld().clock();
const ID = new Uint8Array(16).fill(9);
const onlineKey = signingKeyPair(new Uint8Array(32).fill(1));
const memberKey = signingKeyPair(new Uint8Array(32).fill(2));
const member = newMember();

const FEDERATION = (() => {
  const empty = emptyFederation();
  const found = { ...empty.found, freshnessKey: onlineKey.publicKey };
  const terms = { ...admit(member, { initial: 1, perDay: 1 }), signingKey: memberKey.publicKey };
  return { ...empty, id: ID, found, members: new Map([[member, terms]]) };
})();

let keys: IssuingKeys;
let requestPem = "";
beforeAll(async () => {
  keys = { authority: await createAuthority({ federation: ID, nowMs: began }), nats: createNatsAuthority() };
  ({ requestPem } = await createTlsRequest());
});

class MemoryPlace implements CertificatePlace {
  certificatePem: string;

  constructor(certificatePem: string) {
    this.certificatePem = certificatePem;
  }

  /** Of a certificate that is this old. */
  static async aged(identity: PeerIdentity, days: number): Promise<MemoryPlace> {
    const nowMs = began - days * DAY_MS;
    const facts = { authority: keys.authority, requestPem, identity, hosts: [], nowMs, lifeMs: 90 * DAY_MS };
    return new MemoryPlace(await issueCertificate(facts));
  }

  present(): string {
    return this.certificatePem;
  }

  request(): string {
    return requestPem;
  }

  replace(certificatePem: string): void {
    this.certificatePem = certificatePem;
  }
}

const QUIET_BROKER: BrokerPort = {
  putFreshness: async () => undefined,
  // oxlint-disable-next-line require-yield -- nobody asks
  async *requests(signal) {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  },
  putCredentials: async () => undefined,
};

const memoryNats = (over: Partial<NatsPort> = {}): NatsPort => ({
  heldAccount: async () => undefined,
  replaceAccount: async () => undefined,
  certificateEndsMs: async () => [0],
  reload: async () => undefined,
  [Symbol.asyncDispose]: async () => undefined,
  ...over,
});

type Running = { readonly world: HandWorld; stop(): Promise<void> };

async function running(over: Partial<Omit<RegistrarPorts, "world">> = {}): Promise<Running> {
  const world = new HandWorld();
  const freshness: FreshnessPlace = { seedOf: () => new Uint8Array(32).fill(1), keep: () => undefined };
  const ports: RegistrarPorts = {
    keys: () => keys,
    keepRoots: () => undefined,
    chain: {
      chain: { directives: [], federation: FEDERATION },
      federation: FEDERATION,
      run: async (signal) => await pause(world, Number.MAX_SAFE_INTEGER, signal),
    },
    broker: QUIET_BROKER,
    connect: async () => memoryNats(),
    freshness,
    certificates: {
      own: await MemoryPlace.aged({ kind: "registrar" }, 1),
      natsServers: [await MemoryPlace.aged({ kind: "nats" }, 1)],
    },
    servedCertificate: undefined,
    world,
    ...over,
  };
  const stopping = new AbortController();
  const lives = { certificateMs: 90 * DAY_MS, natsUserMs: 30 * DAY_MS };
  const ended = assembleRegistrar(ports, { freshnessHours: 8, lives })(stopping.signal);
  return {
    world,
    async stop() {
      stopping.abort();
      await ended;
      expect(world.waiting).toBe(0);
    },
  };
}

/** Fails with `thrown` until it is mended. */
function failing(thrown: unknown) {
  const fault = {
    broken: true,
    calls: 0,
    call: async (): Promise<void> => {
      fault.calls += 1;
      // oxlint-disable-next-line typescript/only-throw-error -- clients do
      if (fault.broken) throw thrown;
    },
  };
  return fault;
}

const silence = (): Promise<never> => new Promise(() => undefined);

/** Lets `ms` pass, again and again, until something is so: cryptography takes real time. */
async function passing(world: HandWorld, ms: number, look: () => boolean): Promise<void> {
  const isSo = async (): Promise<boolean> => {
    await world.pass(ms);
    return look();
  };
  await expect.poll(isSo, SOON).toBe(true);
}

describe.each(FOREIGN_FAULTS)("a registrar outlives %s", (_name, thrown) => {
  it("of the broker, at a statement", async () => {
    const fault = failing(thrown);
    const { world, stop } = await running({ broker: { ...QUIET_BROKER, putFreshness: fault.call } });
    await world.pass(10_000);
    expect(fault.calls).toBeGreaterThan(5);
    fault.broken = false;
    await world.pass(1_000);
    const outcomes = world.lines
      .filter(({ event }) => event === "registrar.freshnessStated")
      .map(({ fields }) => fields);
    expect(outcomes.at(-1)).toEqual({ outcome: "stated" });
    expect(outcomes).toHaveLength(2);
    await stop();
  });

  it("of the broker, at the requests", async () => {
    const fault = failing(thrown);
    const requests: BrokerPort["requests"] = async function* (signal) {
      await fault.call();
      yield* QUIET_BROKER.requests(signal);
    };
    const { world, stop } = await running({ broker: { ...QUIET_BROKER, requests } });
    await world.pass(10_000);
    expect(fault.calls).toBeGreaterThan(5);
    expect(world.count("registrar.requestsLost")).toBe(1);
    await stop();
  });

  it("of the NATS client, at the connection and at each call", async () => {
    const fault = failing(thrown);
    const connect = async (): Promise<NatsPort> => {
      await fault.call();
      return memoryNats();
    };
    const away = await running({ connect });
    await passing(away.world, 10_000, () => fault.calls > 5);
    await passing(away.world, 10_000, () => away.world.count("registrar.natsServerFailed") === 1);
    await away.stop();

    const calls = failing(thrown);
    const certificateEndsMs = async (): Promise<readonly number[]> => {
      await calls.call();
      return [0];
    };
    const broken = await running({ connect: async () => memoryNats({ certificateEndsMs }) });
    await passing(broken.world, 60_000, () => calls.calls > 5);
    await broken.stop();
  });

  it("of the chain", async () => {
    const fault = failing(thrown);
    const chain = { chain: { directives: [], federation: FEDERATION }, federation: FEDERATION, run: fault.call };
    const { world, stop } = await running({ chain });
    await world.pass(10_000);
    expect(fault.calls).toBeGreaterThan(5);
    expect(world.count("registrar.loopFailed")).toBe(1);
    await stop();
  });

  it("of the disk, at a certificate, which is renewed as soon as it can be", async () => {
    const place = await MemoryPlace.aged({ kind: "registrar" }, 89);
    const before = place.certificatePem;
    const fault = failing(thrown);
    const own: CertificatePlace = {
      present: () => place.present(),
      request: () => requestPem,
      replace(certificatePem) {
        // oxlint-disable-next-line typescript/only-throw-error -- as above
        if (fault.broken) throw thrown;
        place.replace(certificatePem);
      },
    };
    const natsServer = await MemoryPlace.aged({ kind: "nats" }, 1);
    const { world, stop } = await running({ certificates: { own, natsServers: [natsServer] } });
    await passing(world, 1_000, () => world.count("registrar.notRenewed") === 1);
    expect(place.certificatePem).toBe(before);
    fault.broken = false;
    await passing(world, 60_000, () => place.certificatePem !== before);
    expect(certificateLife(place.certificatePem).untilMs).toBeGreaterThan(began + 89 * DAY_MS);
    await stop();
  });
});

describe("a registrar whose peers never answer", () => {
  it("goes on asking, and ends when it is told", async () => {
    let asked = 0;
    const silent = (): Promise<never> => {
      asked += 1;
      return silence();
    };
    const broker = { ...QUIET_BROKER, putFreshness: silent, putCredentials: silent };
    const connect = async (): Promise<NatsPort> =>
      memoryNats({ certificateEndsMs: silent, heldAccount: silent, replaceAccount: silent, reload: silent });
    const { world, stop } = await running({ broker, connect });
    await world.pass(360_000);
    expect(asked).toBeGreaterThan(30);
    await stop();
  });
});

describe("requests", () => {
  it("that nobody can answer keep no other from being answered", async () => {
    const issued: string[] = [];
    const { memberSigner } = keys.nats;
    const broken = Object.assign(Object.create(memberSigner), {
      getSeed: brokenOnce(memberSigner),
    }) as IssuingKeys["nats"]["memberSigner"];
    const scope = { federation: ID, signer: memberKey };
    const natsKey = createUser().getPublicKey();
    const ask = (at: number): Uint8Array =>
      signCredentialsRequest({ tlsRequestPem: requestPem, natsKey, requestedAtMs: began + at }, scope);
    const requests: BrokerPort["requests"] = async function* (signal) {
      yield Uint8Array.of(1, 2, 3);
      yield ask(1);
      yield ask(2);
      yield* QUIET_BROKER.requests(signal);
    };
    const putCredentials = async (id: string): Promise<void> => void issued.push(id);
    const { world, stop } = await running({
      keys: () => ({ ...keys, nats: { ...keys.nats, memberSigner: broken } }),
      broker: { ...QUIET_BROKER, requests, putCredentials },
    });
    await passing(world, 500, () => issued.length > 0);
    expect(issued).toEqual([toHex(keyId(memberKey.publicKey))]);
    const unanswered = world.lines.filter(({ event }) => /^registrar\.(refused|requestFailed)$/.test(event));
    expect(unanswered).toEqual([
      { event: "registrar.refused", fields: { code: "INVALID" } },
      { event: "registrar.requestFailed", fields: expect.objectContaining({ error: "TypeError" }) },
    ]);
    await stop();
  });
});

/** A key whose library fails at its first use with an error of its own class. */
function brokenOnce(key: IssuingKeys["nats"]["memberSigner"]): () => Uint8Array {
  let used = false;
  return () => {
    if (used) return key.getSeed();
    used = true;
    throw new TypeError("not today");
  };
}

describe("the NATS server's certificate", () => {
  it("is put in place before the server is asked, and waits for a directory that cannot be written", async () => {
    const natsServer = await MemoryPlace.aged({ kind: "nats" }, 1);
    const server = await MemoryPlace.aged({ kind: "nats" }, 40);
    let writable = false;
    const servedCertificate: CertificatePlace = {
      present() {
        if (!writable) throw new CausewayError("ENVIRONMENT", "natsServerDir is missing or cannot be written");
        return server.present();
      },
      request: () => requestPem,
      replace: (certificatePem) => server.replace(certificatePem),
    };
    const { world, stop } = await running({
      certificates: { own: await MemoryPlace.aged({ kind: "registrar" }, 1), natsServers: [natsServer] },
      servedCertificate,
      connect: silence,
    });
    await world.pass(120_000);
    expect(world.count("registrar.natsServerFailed")).toBe(1);
    writable = true;
    await world.pass(60_000);
    expect(certificateDer(server.certificatePem)).toEqual(certificateDer(natsServer.certificatePem));
    await stop();
  });
});
