import { connect } from "node:net";
import type { Socket } from "node:net";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { CONNECTIONS_PER_PARTY_MAX, HANDSHAKE_MS_MAX, STRANGERS_PER_ADDRESS_MAX } from "../../shared/core/limits.ts";
import { createAuthority, createTlsRequest, issueCertificate } from "../../shared/platform/certificates.ts";
import { grpcClient, grpcService, startGrpcServer } from "../../shared/platform/grpc.ts";
import type { GrpcServer, GrpcTls } from "../../shared/platform/grpc.ts";
import { evaluatorIdentity, memberIdentity } from "../../shared/platform/standing.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import { EvaluationServiceDefinition } from "../../shared/wire/gen/causeway/v1/evaluation.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import { systemClock } from "../../shared/world/clock.ts";
import { silentLog } from "../../shared/world/log.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { admit, AMPLE, emptyFederation, newMember } from "../hardening/evaluators.ts";
import { callerWith } from "../support/callers.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

const SERVER = evaluatorIdentity({ name: "key-office", signingKey: randomBytes(32) });
const MEMBER_KEYS = signingKeyPair(randomBytes(32));
const TERMS = { ...admit(newMember(), AMPLE), signingKey: MEMBER_KEYS.publicKey };
const MEMBER = memberIdentity(TERMS);
const FEDERATION: Federation = { ...emptyFederation(), members: new Map([[TERMS.member, TERMS]]) };
const IDLE = 4 * STRANGERS_PER_ADDRESS_MAX;

async function party(authority: Awaited<ReturnType<typeof createAuthority>>, identity: PeerIdentity): Promise<GrpcTls> {
  const { privateKeyPem, requestPem } = await createTlsRequest();
  const facts = { authority, requestPem, identity, hosts: ["127.0.0.1"], nowMs: Date.now() };
  return { rootsPem: authority.certificatePem, certificatePem: await issueCertificate(facts), privateKeyPem };
}

describe("a server of the federation, besieged", { timeout: LONG_MS }, () => {
  const sockets = new Set<Socket>();
  let server: GrpcServer;
  let member: GrpcTls;
  let calls = 0;

  async function serve(): Promise<void> {
    const authority = await createAuthority({ federation: randomBytes(16), nowMs: Date.now() });
    member = await party(authority, MEMBER);
    const service = grpcService(EvaluationServiceDefinition, {
      async getBudget() {
        calls += 1;
        return { available: 1n };
      },
      async *evaluate() {},
    });
    const world = systemWorld(silentLog);
    const tls = await party(authority, SERVER);
    const recipient = { identity: SERVER, federation: () => FEDERATION, clock: systemClock };
    const listening = { address: "127.0.0.1:0", tls, services: [service], recipient, world, graceMs: 0 };
    server = await startGrpcServer(listening);
  }

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await server?.[Symbol.asyncDispose]();
  });

  const client = () => {
    const address = `127.0.0.1:${server.port}`;
    const caller = callerWith(MEMBER_KEYS, FEDERATION.id);
    return grpcClient(EvaluationServiceDefinition, { address, tls: member, expected: SERVER, caller });
  };

  /** Connects and says nothing. */
  async function knock(): Promise<Socket> {
    const socket = connect(server.port, "127.0.0.1");
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
    await once(socket, "connect");
    return socket;
  }

  it("holds a bounded number of connections that say nothing, and answers a party among them", async () => {
    await serve();
    for (let i = 0; i < IDLE; i += 1) await knock();
    await expect.poll(() => sockets.size, SOON).toBeLessThanOrEqual(STRANGERS_PER_ADDRESS_MAX);
    using connection = client();
    expect(await connection.client.getBudget({})).toMatchObject({ available: 1n });
    // It has shown who calls: no newcomer costs it its connection.
    for (let i = 0; i < IDLE; i += 1) await knock();
    expect(await connection.client.getBudget({})).toMatchObject({ available: 1n });
  });

  it("hangs up on whoever does not end the handshake", async () => {
    await serve();
    const socket = await knock();
    const openedMs = performance.now();
    if (!socket.destroyed) await once(socket, "close");
    expect(performance.now() - openedMs).toBeGreaterThan(HANDSHAKE_MS_MAX / 2);
  });

  it("lets a party have so many connections, the oldest idle one giving way", async () => {
    await serve();
    calls = 0;
    await using many = new AsyncDisposableStack();
    for (let i = 0; i <= CONNECTIONS_PER_PARTY_MAX; i += 1) {
      const connection = client();
      many.defer(() => connection[Symbol.dispose]());
      await connection.client.getBudget({});
    }
    expect(calls).toBe(CONNECTIONS_PER_PARTY_MAX + 1);
  });
});
