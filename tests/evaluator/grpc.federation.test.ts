import { connect } from "node:tls";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { createChannel, createClient, ChannelCredentials, Metadata, Status } from "nice-grpc";
import { describe, expect, it } from "vitest";
import { CausewayError } from "../../shared/core/errors.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { codeOf, statusOf } from "../../shared/platform/grpc-status.ts";
import { grpcClient, grpcService, peerOf, startGrpcServer } from "../../shared/platform/grpc.ts";
import type { GrpcServer, GrpcTls } from "../../shared/platform/grpc.ts";
import type { Log, LogFields } from "../../shared/world/log.ts";
import { silentLog } from "../../shared/world/log.ts";
import { askingAs } from "../../shared/platform/party-calls.ts";
import { HYBRID_KEY_EXCHANGE, identityUri } from "../../shared/platform/tls.ts";
import { evaluatorIdentity, memberIdentity } from "../../shared/platform/standing.ts";
import { createAuthority, createTlsRequest, issueCertificate } from "../../shared/platform/certificates.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import { HealthDefinition } from "../../shared/wire/health.ts";
import { EvaluationServiceDefinition } from "../../shared/wire/gen/causeway/v1/evaluation.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { systemClock } from "../../shared/world/clock.ts";
import { admit, AMPLE, emptyFederation, newMember } from "../hardening/evaluators.ts";
import { callerWith } from "../support/callers.ts";
import { systemWorld } from "../../shared/world/world.ts";

const SERVER_KEY = randomBytes(32);
const SERVER = evaluatorIdentity({ name: "key-office", signingKey: SERVER_KEY });
const MEMBER_KEYS = signingKeyPair(randomBytes(32));
const [MEMBER_ID, FEDERATION] = [newMember(), emptyFederation()];
const MEMBER = memberIdentity({ member: MEMBER_ID, signingKey: MEMBER_KEYS.publicKey });
const terms = { ...admit(MEMBER_ID, AMPLE), signingKey: MEMBER_KEYS.publicKey };
const federation: Federation = { ...FEDERATION, members: new Map([[MEMBER_ID, terms]]) };

async function party(authority: Awaited<ReturnType<typeof createAuthority>>, identity: PeerIdentity): Promise<GrpcTls> {
  const { privateKeyPem, requestPem } = await createTlsRequest();
  const facts = { authority, requestPem, identity, hosts: ["127.0.0.1"], nowMs: Date.now() };
  return { rootsPem: authority.certificatePem, certificatePem: await issueCertificate(facts), privateKeyPem };
}

/** A server whose GetBudget answers as `answer` says, told who calls. */
async function serve(tls: GrpcTls, answer: (peer: PeerIdentity) => bigint, log: Log = silentLog): Promise<GrpcServer> {
  const service = grpcService(EvaluationServiceDefinition, {
    async getBudget(_request, context) {
      return { available: answer(peerOf(context)) };
    },
    async *evaluate() {},
  });
  return await startGrpcServer({
    address: "127.0.0.1:0",
    tls,
    services: [service],
    recipient: { identity: SERVER, federation: () => federation, clock: systemClock },
    world: systemWorld(log),
    graceMs: 0,
  });
}

const setting = async () => {
  const authority = await createAuthority({ federation: new Uint8Array(16).fill(7), nowMs: Date.now() });
  return { authority, server: await party(authority, SERVER), member: await party(authority, MEMBER) };
};

function clientFor(port: number, tls: GrpcTls, expected: PeerIdentity = SERVER) {
  const caller = callerWith(MEMBER_KEYS, federation.id);
  return grpcClient(EvaluationServiceDefinition, { address: `127.0.0.1:${port}`, tls, expected, caller });
}

/** Resolves with the protocol version if the server lets this client speak, rejects if it hangs up. */
async function handshake(port: number, options: ConnectionOptions): Promise<string | null> {
  const socket: TLSSocket = connect({
    host: "127.0.0.1",
    port,
    ALPNProtocols: ["h2"],
    checkServerIdentity: () => undefined,
    ...options,
  });
  try {
    return await new Promise((resolve, reject) => {
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("closed")));
      // Under TLS 1.3 a client learns that its certificate was refused only after its own side of the handshake: by
      // the first bytes, which are the server's HTTP/2 settings if it is let in.
      socket.on("data", () => resolve(socket.getProtocol()));
    });
  } finally {
    socket.destroy();
  }
}

describe("gRPC between parties", () => {
  it("tells a handler who calls, and discards what the caller claims about itself", async () => {
    const { server, member } = await setting();
    const seen: string[] = [];
    await using running = await serve(server, (peer) => (seen.push(identityUri(peer)), 1n));
    using connection = clientFor(running.port, member);
    const forged = new Metadata({ "causeway-peer": JSON.stringify({ kind: "broker" }) });
    await connection.client.getBudget({}, { metadata: forged });
    expect(seen).toEqual([identityUri(MEMBER)]);
  });

  it("lets in TLS 1.3 with a certificate of the federation, and nothing else", async () => {
    const { authority, server, member } = await setting();
    const stranger = await party(await createAuthority({ federation: new Uint8Array(16), nowMs: Date.now() }), MEMBER);
    await using running = await serve(server, () => 1n);
    const own = { ca: authority.certificatePem, cert: member.certificatePem, key: member.privateKeyPem };
    expect(await handshake(running.port, own)).toBe("TLSv1.3");
    await expect(handshake(running.port, { ...own, maxVersion: "TLSv1.2" })).rejects.toThrow();
    expect(await handshake(running.port, { ...own, ecdhCurve: HYBRID_KEY_EXCHANGE })).toBe("TLSv1.3");
    for (const ecdhCurve of ["X25519", "P-256"]) {
      await expect(handshake(running.port, { ...own, ecdhCurve })).rejects.toThrow();
    }
    await expect(handshake(running.port, { ca: own.ca })).rejects.toThrow();
    const foreign = { ca: own.ca, cert: stranger.certificatePem, key: stranger.privateKeyPem };
    await expect(handshake(running.port, foreign)).rejects.toThrow();
  });

  it("connects only to the party it expects, although another has a certificate of the same root", async () => {
    const { server, member } = await setting();
    let calls = 0n;
    await using running = await serve(server, () => (calls += 1n));
    const otherName = evaluatorIdentity({ name: "other-office", signingKey: SERVER_KEY });
    const otherKey = evaluatorIdentity({ name: "key-office", signingKey: randomBytes(32) });
    for (const expected of [{ kind: "broker" } as const, otherName, otherKey]) {
      using connection = clientFor(running.port, member, expected);
      await expect(connection.client.getBudget({})).rejects.toMatchObject({ code: "UNAVAILABLE" });
    }
    expect(calls).toBe(0n);
  });

  it("says which port it cannot have", async () => {
    const { server: tls } = await setting();
    await using first = await serve(tls, () => 0n);
    const address = `127.0.0.1:${first.port}`;
    const second = startGrpcServer({ address, tls, services: [], world: systemWorld(silentLog) });
    await expect(second).rejects.toMatchObject({
      code: "ENVIRONMENT",
      message: `cannot listen on ${address}: is the port in use by another program?`,
    });
  });

  it("carries code and places of an error, and nothing of a fault's text", async () => {
    const { authority, server, member } = await setting();
    const errors: unknown[] = [];
    const logged: LogFields[] = [];
    const log: Log = {
      ...silentLog,
      error: (_event, cause, fields) => (errors.push(cause), void logged.push(fields ?? {})),
    };
    let thrown: Error = new CausewayError("INVALID", "bad places", {
      fields: ["entries[3].tokens[0]", "no path: secret"],
    });
    await using running = await serve(
      server,
      () => {
        throw thrown;
      },
      log,
    );
    using connection = clientFor(running.port, member);
    await expect(connection.client.getBudget({})).rejects.toMatchObject({
      code: "INVALID",
      fields: ["entries[3].tokens[0]"],
    });

    thrown = new Error("the secret is 4711");
    const raw = createClient(
      askingAs(EvaluationServiceDefinition, callerWith(MEMBER_KEYS, federation.id), SERVER),
      createChannel(
        `127.0.0.1:${running.port}`,
        ChannelCredentials.createSsl(
          Buffer.from(authority.certificatePem),
          Buffer.from(member.privateKeyPem),
          Buffer.from(member.certificatePem),
        ),
      ),
    );
    await expect(raw.getBudget({})).rejects.toMatchObject({ code: Status.INTERNAL, details: "internal fault" });
    expect(errors).toEqual([thrown]);
    expect(logged).toEqual([{ method: "/causeway.v1.EvaluationService/GetBudget" }]);
  });

  it("answers health checks for its own services only", async () => {
    const { server, member } = await setting();
    await using running = await serve(server, () => 1n);
    const to = { address: `127.0.0.1:${running.port}`, tls: member, expected: SERVER };
    using connection = grpcClient(HealthDefinition, to);
    for (const service of ["", "causeway.v1.EvaluationService"]) {
      expect(await connection.client.check({ service })).toMatchObject({ status: 1 });
    }
    await expect(connection.client.check({ service: "causeway.v1.Other" })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it("maps every error code to a status and back, but for faults of the machine, which show as internal", () => {
    for (const code of [
      "INVALID",
      "UNPROVEN",
      "FORBIDDEN",
      "UNAUTHENTICATED",
      "OUT_OF_SEQUENCE",
      "EXHAUSTED",
      "NOT_FOUND",
      "CONFLICT",
      "UNAVAILABLE",
      "INTERNAL",
    ] as const) {
      expect(codeOf(statusOf(code))).toBe(code);
    }
    expect(codeOf(statusOf("ENVIRONMENT"))).toBe("INTERNAL");
  });
});
