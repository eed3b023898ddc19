/** Whom a directive takes out, it takes off the line: live calls, live connections, and the way back in. */
import type { Caller } from "../../shared/platform/party-calls.ts";
import { callerIn } from "../support/callers.ts";
import { readFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:tls";
import type { TLSSocket } from "node:tls";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRegistrarKeys } from "../../agency-node/registrar/keys.ts";
import { openEpochs } from "../../shared/core/decisions.ts";
import type { DirectiveBody } from "../../shared/core/directive.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import { grpcClient } from "../../shared/platform/grpc.ts";
import type { GrpcConnection, GrpcTls } from "../../shared/platform/grpc.ts";
import { keyFile } from "../../shared/party/files.ts";
import { initNode } from "../../shared/party/new-party.ts";
import type { Enrolment } from "../../shared/party/enrolment.ts";
import { evaluatorIdentity, memberIdentity } from "../../shared/platform/standing.ts";
import { issueCertificate } from "../../shared/platform/certificates.ts";
import { DirectoryServiceDefinition } from "../../shared/wire/gen/causeway/v1/directory.ts";
import { EvaluationServiceDefinition } from "../../shared/wire/gen/causeway/v1/evaluation.ts";
import type { EvaluateRequest } from "../../shared/wire/gen/causeway/v1/evaluation.ts";
import { BoardRoom, endOf, within } from "./support.ts";
import { CUT_OFF_MS, LONG_MS, SOON } from "../support/patience.ts";

let room: BoardRoom;
beforeAll(async () => {
  room = await BoardRoom.open();
  await room.federation.startEvaluator();
}, LONG_MS);
afterAll(async () => await room?.[Symbol.asyncDispose](), LONG_MS);

type Office = "broker" | "key-office";

/** What a member's machine has. */
type Machine = { readonly tls: GrpcTls; readonly caller: Caller };

const machineOf = (unit: string): Machine => ({ tls: room.tls(unit), caller: room.caller(unit) });

function evaluation(office: Office, machine = machineOf("ct")): GrpcConnection<typeof EvaluationServiceDefinition> {
  const { evaluators } = room.federation.founded.federation.found;
  const evaluator = evaluators[office === "broker" ? 0 : 1]!;
  const { address } = evaluator;
  const expected = office === "broker" ? ({ kind: "broker" } as const) : evaluatorIdentity(evaluator);
  return grpcClient(EvaluationServiceDefinition, { address, expected, ...machine });
}

/** Requests that never come. */
async function* silence(signal: AbortSignal): AsyncGenerator<EvaluateRequest> {
  if (!signal.aborted) await once(signal, "abort");
  yield* [];
}

const permitted = async (connection: GrpcConnection<typeof EvaluationServiceDefinition>): Promise<string> =>
  await connection.client.getBudget({}).then(
    () => "served",
    (error: { code: string }) => error.code,
  );

describe("a suspended member", () => {
  it("is off at once at broker and evaluator, cannot come back, and can after it was reinstated", async () => {
    using atBroker = evaluation("broker");
    using atOffice = evaluation("key-office");
    const stop = new AbortController();
    const directory = room.call(DirectoryServiceDefinition, "ct");
    const lives = [
      endOf(directory.listDirectives({ fromNumber: 1n, follow: true })),
      endOf(atBroker.client.evaluate(silence(stop.signal))),
      endOf(atOffice.client.evaluate(silence(stop.signal))),
    ];
    for (const office of [atBroker, atOffice]) expect(await permitted(office)).toBe("served");
    const sockets = await Promise.all((["broker", "key-office"] as const).map(rawConnection));
    await room.suspend("ct");
    expect(await within(CUT_OFF_MS, Promise.all(lives))).toEqual(["FORBIDDEN", "FORBIDDEN", "FORBIDDEN"]);
    // The old session, and new ones with the old certificate.
    for (const office of [atBroker, atOffice]) expect(await permitted(office)).toBe("FORBIDDEN");
    for (const office of ["broker", "key-office"] as const) {
      using anew = evaluation(office);
      expect(await permitted(anew)).toBe("FORBIDDEN");
    }
    await expect(room.membership("ct").getPreparation({})).rejects.toMatchObject({ code: "FORBIDDEN" });
    for (const socket of sockets) await within(CUT_OFF_MS, socket.closed);
    stop.abort();

    await room.reinstate("ct");
    for (const office of [atBroker, atOffice]) {
      await expect.poll(() => permitted(office), SOON).toBe("served");
    }
    await expect(room.membership("ct").getPreparation({})).resolves.toMatchObject({ epoch: 0 });
  });

  it("leaves the others alone", async () => {
    const stop = new AbortController();
    const live = room.call(DirectoryServiceDefinition, "thb");
    const followed = live.listDirectives({ fromNumber: 1n, follow: true }, { signal: stop.signal });
    const numbers: number[] = [];
    const reading = (async () => {
      for await (const { directive } of followed)
        if (directive !== undefined) numbers.push(directive.signatures.length);
    })();
    await room.suspend("wcu");
    const { number } = room.federation.board.federation.head;
    await expect.poll(() => numbers.length, SOON).toBe(number);
    stop.abort();
    await expect(reading).rejects.toThrow();
  });
});

describe("a stolen node whose unit was given new keys", () => {
  it("is off at once with its old certificate, and the unit's new node is let in", async () => {
    const stolen = machineOf("thb");
    const anew = await newNodeOf("thb");
    using session = evaluation("broker", stolen);
    expect(await permitted(session)).toBe("served");
    const stop = new AbortController();
    using atOffice = evaluation("key-office", stolen);
    const lives = [session, atOffice].map(({ client }) => endOf(client.evaluate(silence(stop.signal))));
    expect(await permitted(atOffice)).toBe("served");
    const following = endOf(
      room.call(DirectoryServiceDefinition, "thb").listDirectives({ fromNumber: 1n, follow: true }),
    );
    for (const office of ["broker", "key-office"] as const) {
      using early = evaluation(office, anew);
      expect(await permitted(early)).toBe("FORBIDDEN");
    }
    await room.decide(anew.rotation);
    expect(await within(CUT_OFF_MS, Promise.all([...lives, following]))).toEqual(Array(3).fill("FORBIDDEN"));
    stop.abort();
    for (const office of ["broker", "key-office"] as const) {
      using old = evaluation(office, stolen);
      using replaced = evaluation(office, anew);
      expect(await permitted(old)).toBe("FORBIDDEN");
      await expect.poll(() => permitted(replaced), SOON).toBe("served");
    }
    await expect(room.membership("thb").requestCredentials({})).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});

describe("a removed member", () => {
  it("stays out with its old certificate and its old session", async () => {
    using session = evaluation("broker");
    expect(await permitted(session)).toBe("served");
    await room.decide({
      type: "remove",
      member: room.federation.member("ct"),
      reason: "Invented reason",
      forCause: false,
    });
    expect(await permitted(session)).toBe("FORBIDDEN");
    for (const office of ["broker", "key-office"] as const) {
      using anew = evaluation(office);
      await expect.poll(() => permitted(anew), SOON).toBe("FORBIDDEN");
    }
    await expect(room.membership("ct").requestCredentials({})).rejects.toMatchObject({ code: "FORBIDDEN" });
    const following = room.call(DirectoryServiceDefinition, "ct").listDirectives({ fromNumber: 1n });
    expect(await endOf(following)).toBe("FORBIDDEN");
  });
});

describe("an administrator who has lost the seat", () => {
  it("is off at once", async () => {
    const { found } = room.federation.board.federation;
    const followed = room.call(DirectoryServiceDefinition, "clerk").listDirectives({ fromNumber: 1n, follow: true });
    const live = endOf(followed);
    const session = room.board("clerk");
    await session.listProposals({});
    const board = found.board.slice(0, 2);
    const holders = board.map((seat) => ({ administratorKeyId: keyId(seat.signingKey), sealed: randomBytes(80) }));
    const shares = openEpochs(room.federation.board.federation).flatMap(({ epoch, salts }) =>
      salts.map(({ domain }) => ({ epoch, domain, shares: holders })),
    );
    await room.decide({ type: "boardChange", board, quorum: 2, shares, reason: "Invented reason" });
    expect(await within(CUT_OFF_MS, live)).toBe("FORBIDDEN");
    await expect(session.listProposals({})).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(room.board("clerk").listProposals({})).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});

/** Keys and a certificate of a machine that is to take a lost one's place, and the directive that gives the unit these keys. */
async function newNodeOf(unit: "thb"): Promise<Machine & { readonly rotation: DirectiveBody }> {
  const { root, board, founded } = room.federation;
  const dir = join(root, `${unit}-anew`);
  const { enrolment } = await initNode(dir, { name: "Invented unit" });
  const { signingKey, sealingKey, tlsRequestPem } = enrolment as {
    [Field in keyof Enrolment]-?: NonNullable<Enrolment[Field]>;
  };
  const admit = board.federation.members.get(room.federation.member(unit))!;
  const certificatePem = await issueCertificate({
    authority: readRegistrarKeys(founded.registrarDir).authority,
    requestPem: tlsRequestPem,
    identity: memberIdentity({ ...admit, signingKey }),
    hosts: [],
    nowMs: Date.now(),
  });
  const tls = {
    certificatePem,
    privateKeyPem: readFileSync(keyFile(dir, "tls.key"), "utf8"),
    rootsPem: room.tls(unit).rootsPem,
  };
  const salts = await board.saltsFor({ ...admit, sealingKey });
  const party = { kind: "member" as const, member: admit.member, sealingKey, salts };
  const caller = callerIn(dir, board.federation);
  return { tls, caller, rotation: { type: "rotateKey", party, signingKey, reason: "Invented reason" } };
}

/** A bare HTTP/2 connection of the unit "ct" over which one call is made; `closed` resolves when the server hangs up. */
async function rawConnection(office: Office): Promise<{ readonly closed: Promise<unknown> }> {
  const { evaluators } = room.federation.founded.federation.found;
  const { address } = evaluators[office === "broker" ? 0 : 1]!;
  const tls = room.tls("ct");
  const [host, port] = address.split(":");
  const socket: TLSSocket = connect({
    host: host!,
    port: Number(port),
    ALPNProtocols: ["h2"],
    ca: tls.rootsPem,
    cert: tls.certificatePem,
    key: tls.privateKeyPem,
    checkServerIdentity: () => undefined,
  });
  await once(socket, "secureConnect");
  const session = connectHttp2(`https://${address}`, { createConnection: () => socket });
  session.on("error", () => undefined);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const call = session.request({
    ":method": "POST",
    ":path": "/causeway.v1.EvaluationService/GetBudget",
    "content-type": "application/grpc",
    te: "trailers",
  });
  call.on("error", () => undefined);
  call.end(new Uint8Array(5));
  call.resume();
  await once(call, "end");
  return { closed };
}
