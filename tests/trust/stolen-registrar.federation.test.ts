/**
 * Somebody has stolen the board's registrar: the key that signs certificates, the freshness key, the keys of the NATS accounts. It forges
 * certificates of every role, with the names of real parties, and calls every method of every service. SECURITY.md says what comes of it.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshnessSeedOf, readRegistrarKeys } from "../../agency-node/registrar/keys.ts";
import { keyId, signingKeyPair, signPayload } from "../../shared/crypto/sign.ts";
import { readSigningKeys } from "../../shared/party/keys.ts";
import { grpcClient, unprovenGrpcClient } from "../../shared/platform/grpc.ts";
import { evaluatorIdentity } from "../../shared/platform/standing.ts";
import { invitationKeys, signCredentialsRequest } from "../../shared/wire/board.ts";
import { EnrolmentServiceDefinition, RegistrarServiceDefinition } from "../../shared/wire/gen/causeway/v1/board.ts";
import { DirectoryServiceDefinition } from "../../shared/wire/gen/causeway/v1/directory.ts";
import { EvaluationServiceDefinition, GetBudgetRequest } from "../../shared/wire/gen/causeway/v1/evaluation.ts";
import { signPartyRequest } from "../../shared/wire/party-request.ts";
import { identityUri } from "../../shared/platform/tls.ts";
import { Signed } from "../../shared/wire/gen/causeway/v1/signed.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { registrarIn } from "../support/callers.ts";
import { partyFile } from "../../shared/party/files.ts";
import { readPublicBytes } from "../../shared/party/key-files.ts";
import { signCollectProof } from "../../shared/wire/collect.ts";
import { readFileSync } from "node:fs";
import { fmtCreds } from "@nats-io/jwt";
import { createUser } from "@nats-io/nkeys";
import { issueMemberUser } from "../../agency-node/registrar/nats-accounts.ts";
import { foldDirective, judgeFreshness } from "../../shared/core/chain.ts";
import { installCredentials } from "../../shared/party/install.ts";
import { decodeSignedFreshness, encodeFreshness } from "../../shared/wire/directive.ts";
import { MEMBER_API_PREFIX, submissionSubject } from "../../shared/wire/subjects.ts";
import { eventually, natsAs } from "../registrar/support.ts";
import { join } from "node:path";
import { definitions } from "../wire/definitions.ts";
import type { TestFederation } from "../support/federation.ts";
import { ANSWERS, answered, firstOf, SERVED, StolenRegistrar, UNSIGNED } from "./stolen-registrar.ts";
import type { Office } from "./stolen-registrar.ts";
import { LONG_MS } from "../support/patience.ts";
import { stateFreshness } from "../../agency-node/registrar/statement.ts";
import { draftDirective, signDirective } from "../../agency-node/admin/board.ts";

let stolen: StolenRegistrar;
let federation: TestFederation;

beforeAll(async () => {
  stolen = await StolenRegistrar.start();
  ({ federation } = stolen);
}, LONG_MS);
afterAll(async () => await stolen?.[Symbol.asyncDispose](), LONG_MS);

describe("with the registrar's key for certificates", { timeout: LONG_MS }, () => {
  it("there are as many calls to make as SECURITY.md says, of all services that ask for a certificate", async () => {
    const named = new Set(SERVED.broker.map(({ fullName }) => fullName as string));
    const others = (await definitions()).map(({ fullName }) => fullName).filter((fullName) => !named.has(fullName));
    expect(others.toSorted()).toEqual(["causeway.v1.EnrolmentService", "grpc.health.v1.Health"]);
    const security = readFileSync(join(import.meta.dirname, "../../SECURITY.md"), "utf8");
    const calls = Object.values(stolen.attempts.certificate.outcomes).flat();
    expect(security).toContain(`Of the ${calls.length} calls that there are for six forged names`);
  });

  it.each([
    ["without a signature", "certificate", 2],
    ["with a signature by a key that the chain does not name", "strange key", 0],
    ["with its freshness key as well, which makes the registrar's own calls", "registrar's key", 3],
  ] as const)("every method says what the table says of every role, %s", async (_, name, count) => {
    const attempt = stolen.attempts[name];
    const outcomes = await stolen.attack(attempt);
    expect(outcomes).toEqual(attempt.outcomes);
    expect(answered(outcomes)).toBe(count);
  });
});

describe("at the door for those who have no certificate", () => {
  const refused = (code: string) => expect.objectContaining({ code }) as Error;
  const scope = () => ({ federation: federation.board.federation.id, signer: stolen.thief });

  it("nothing is said of the chain, nobody is enrolled, and nothing was issued", async () => {
    using connection = unprovenGrpcClient(EnrolmentServiceDefinition, stolen.door);
    const { client } = connection;
    const { secretHash } = invitationKeys(randomBytes(16));
    await expect(firstOf(client.getChain({ secretHash }))).rejects.toThrow(refused("NOT_FOUND"));
    const enrolment = readPublicBytes(partyFile(federation.dir("ct"), "enrolment"));
    await expect(client.enrol({ secret: randomBytes(16), enrolment })).rejects.toThrow(refused("NOT_FOUND"));
    const proof = Signed.decode(signCollectProof(Date.now(), scope()));
    const wanted = { tlsRequestPem: "invented", natsKey: "", requestedAtMs: Date.now() };
    const request = Signed.decode(signCredentialsRequest(wanted, scope()));
    await expect(client.collect({ proof, request })).rejects.toThrow(refused("NOT_FOUND"));
    expect(Object.keys(EnrolmentServiceDefinition.methods)).toEqual(["getChain", "enrol", "collect"]);
  });
});

describe("what the stolen keys can say", () => {
  const state = () => federation.board.federation;
  const freshnessSeed = () => freshnessSeedOf(federation.founded.registrarDir, state().found.freshnessKey);

  it("is that an old chain is the last, for 48 hours at most, and never that there is another directive", () => {
    const old = federation.founded.federation;
    const nowMs = Date.now();
    const said = decodeSignedFreshness(
      stateFreshness({ federation: old, freshnessSeed: freshnessSeed(), nowMs, hours: 48 }),
    );
    expect(judgeFreshness(old, said, nowMs + 47 * HOUR_MS)).toBe("fresh");
    expect(judgeFreshness(old, said, nowMs + 48 * HOUR_MS)).toBe("expired");
    const longer = { ...said.freshness, validUntilMs: said.freshness.validUntilMs + 1 };
    const payload = encodeFreshness(longer);
    const { secretKey, publicKey } = signingKeyPair(freshnessSeed());
    const signature = signPayload({ type: "freshness", federation: old.id, payload, secretKey });
    const forgedStatement = { freshness: longer, payload, signature: { keyId: keyId(publicKey), signature } };
    expect(() => judgeFreshness(old, forgedStatement, nowMs)).toThrow(expect.objectContaining({ code: "UNPROVEN" }));
    const draft = draftDirective({ federation: old.id, nowMs }, state(), {
      type: "suspend",
      member: federation.member("ct"),
      reason: "Invented reason",
    });
    const signed = { ...draft, signatures: [signDirective(draft, { publicKey, secretKey })] };
    const context = { pinnedFingerprint: federation.founded.fingerprint, nowMs };
    expect(() => foldDirective(state(), signed, context)).toThrow(expect.objectContaining({ code: "UNPROVEN" }));
  });

  it("is no certificate that a party takes for its own, unless it is for the party's own keys", () => {
    const dir = federation.dir("ct");
    const before = readFileSync(partyFile(dir, "certificate"), "utf8");
    const { certificatePem } = stolen.certificates.member;
    const natsUserJwt = "invented";
    expect(() => installCredentials(dir, { certificatePem, natsUserJwt }, state())).toThrow();
    expect(readFileSync(partyFile(dir, "certificate"), "utf8")).toBe(before);
  });

  it("lets it into a member's account on NATS, where nothing that it says is believed", async () => {
    const { nats } = readRegistrarKeys(federation.founded.registrarDir);
    const member = federation.member("ct");
    const { signingKey } = state().members.get(member)!;
    const user = createUser();
    const jwt = await issueMemberUser(nats, {
      holder: { member, signingKey },
      natsKey: user.getPublicKey(),
      validUntilMs: Date.now() + HOUR_MS,
    });
    const connection = await natsAs(federation, "ct", new TextDecoder().decode(fmtCreds(jwt, user)));
    const unproven = (): number => federation.log.lines("submission.unproven").length;
    const before = unproven();
    await connection
      .jetstream({ apiPrefix: MEMBER_API_PREFIX })
      .publish(submissionSubject(member, 1), randomBytes(1_024));
    await eventually(() => unproven() > before);
    expect(stolen.broker.status).toMatchObject({ records: 0, tokens: 0 });
    await connection.close();
  });
});

const HOUR_MS = 3_600_000;

describe("a request that a party did sign", () => {
  /** A member's, or with `over` one that is not quite. */
  const signedBy = (unit: "ct" | "thb", over: Partial<Asked> = {}, id = federation.board.federation.id): Uint8Array => {
    const asked: Asked = { method: BUDGET, recipient: "causeway:broker", madeAtMs: Date.now(), nonce: randomBytes(16) };
    const signer = readSigningKeys(federation.dir(unit));
    return signPartyRequest(GetBudgetRequest.encode({}), { ...asked, ...over }, { federation: id, signer });
  };

  /** Sent under the unit's certificate, which a thief has forged. */
  async function sent(bytes: Uint8Array, office: Office = "broker"): Promise<string> {
    const { methods } = EvaluationServiceDefinition;
    const requestType = { ...GetBudgetRequest, encode: () => ({ finish: () => bytes }) };
    const definition = {
      ...EvaluationServiceDefinition,
      methods: { ...methods, getBudget: { ...methods.getBudget, requestType } },
    };
    return await stolen.outcomeOf(office, definition, "getBudget", { tls: stolen.certificates.member });
  }

  it("is answered once", async () => {
    const request = signedBy("ct");
    expect(await sent(request)).toBe(ANSWERS);
    expect(await sent(request)).toBe("CONFLICT");
  });

  it("is of no use at another recipient, for another method, in another federation, for another party", async () => {
    expect(await sent(signedBy("ct"), "key-office")).toBe(UNSIGNED);
    const { found } = federation.board.federation;
    expect(await sent(signedBy("ct", { recipient: identityUri(evaluatorIdentity(found.evaluators[1]!)) }))).toBe(
      UNSIGNED,
    );
    expect(await sent(signedBy("ct", { method: "/causeway.v1.MembershipService/GetStanding" }))).toBe(UNSIGNED);
    expect(await sent(signedBy("ct", {}, randomBytes(16)))).toBe(UNSIGNED);
    expect(await sent(signedBy("thb"))).toBe(UNSIGNED);
  });

  it("is of no use later, or changed", async () => {
    expect(await sent(signedBy("ct", { madeAtMs: Date.now() - 6 * 60_000 }))).toBe("OUT_OF_SEQUENCE");
    expect(await sent(signedBy("ct", { madeAtMs: Date.now() + 6 * 60_000 }))).toBe("OUT_OF_SEQUENCE");
    const request = signedBy("ct");
    for (let at = 0; at < request.length; at += 7) {
      const changed = request.with(at, request[at]! ^ 1);
      expect(await sent(changed), `byte ${at}`).toBe(UNSIGNED);
    }
    for (const nothing of [new Uint8Array(), new Uint8Array(64), randomBytes(64)]) {
      expect(await sent(nothing)).toBe(UNSIGNED);
    }
  });
});

const BUDGET = "/causeway.v1.EvaluationService/GetBudget";
type Asked = Parameters<typeof signPartyRequest>[1];

describe("a registrar whose freshness key the board has replaced", () => {
  it("hears nothing more on the stream that it has open", { timeout: LONG_MS }, async () => {
    const { founded, board } = federation;
    const caller = registrarIn(founded.registrarDir, board.federation);
    const to = { address: founded.federation.found.broker.address, expected: { kind: "broker" } as const };
    using held = grpcClient(RegistrarServiceDefinition, { ...to, tls: stolen.certificates.registrar, caller });
    const heard = held.client.followRequests({})[Symbol.asyncIterator]();
    expect((await heard.next()).value).toMatchObject({ request: { type: "credentials-request" } });
    const after = heard.next();
    after.catch(() => undefined);
    const signingKey = signingKeyPair(randomBytes(32)).publicKey;
    const { number } = federation.decide({
      type: "rotateKey",
      party: { kind: "freshness" },
      signingKey,
      reason: "Invented reason",
    }).head;
    using directory = grpcClient(DirectoryServiceDefinition, { ...to, tls: stolen.certificates.registrar });
    const isKnown = async (): Promise<boolean> => {
      for await (const _ of directory.client.listDirectives({ fromNumber: BigInt(number) })) return true;
      return false;
    };
    await eventually(isKnown);
    await stolen.requestCredentials();
    await expect(after).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});
