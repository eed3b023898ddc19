/**
 * Somebody has stolen the board's registrar: the key that signs certificates, the freshness key, the keys of the NATS accounts. It forges
 * certificates of every role, with the names of real parties, and calls every method of every service. SECURITY.md says what comes of it.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshnessSeedOf, readRegistrarKeys } from "../../agency-node/registrar/keys.ts";
import { openBroker } from "../../broker/program.ts";
import type { OpenBroker } from "../../broker/program.ts";
import { utf8 } from "../../shared/core/bytes.ts";
import { blindBatch } from "../../shared/crypto/oprf.ts";
import { keyId, signingKeyPair, signPayload } from "../../shared/crypto/sign.ts";
import { readSigningKeys } from "../../shared/party/keys.ts";
import { readTls } from "../../shared/party/tls.ts";
import { createTlsRequest, issueCertificate } from "../../shared/platform/certificates.ts";
import { grpcClient, unprovenGrpcClient } from "../../shared/platform/grpc.ts";
import type { GrpcTls } from "../../shared/platform/grpc.ts";
import type { Caller } from "../../shared/platform/party-calls.ts";
import { administratorIdentity, evaluatorIdentity, memberIdentity } from "../../shared/platform/standing.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import {
  invitationKeys,
  signCredentialsRequest,
  signEvaluatorOffer,
  signInvitation,
  signPaper,
} from "../../shared/wire/board.ts";
import { encodeKeyOffer } from "../../shared/wire/directive.ts";
import {
  BoardServiceDefinition,
  EnrolmentServiceDefinition,
  MembershipServiceDefinition,
  RegistrarServiceDefinition,
} from "../../shared/wire/gen/causeway/v1/board.ts";
import { DirectoryServiceDefinition } from "../../shared/wire/gen/causeway/v1/directory.ts";
import { EvaluationServiceDefinition, GetBudgetRequest } from "../../shared/wire/gen/causeway/v1/evaluation.ts";
import { signPartyRequest } from "../../shared/wire/party-request.ts";
import { identityUri } from "../../shared/platform/tls.ts";
import { Signed } from "../../shared/wire/gen/causeway/v1/signed.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { callerIn, callerWith, registrarIn } from "../support/callers.ts";
import { freePort } from "../../deploy/demo/ports.ts";
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
import { TestFederation } from "../support/federation.ts";
import { LONG_MS } from "../support/patience.ts";
import { stateFreshness } from "../../agency-node/registrar/statement.ts";
import { draftDirective, signDirective } from "../../agency-node/admin/board.ts";

/** Columns of the table below: whom the forged certificate names. */
const ROLES = ["member", "administrator", "evaluator", "broker", "registrar", "nats"] as const;
type Role = (typeof ROLES)[number];

/** Refused since this role has no business there, refused for want of the party's own signature. */
const [NO, UNSIGNED, ANSWERS] = ["FORBIDDEN", "UNAUTHENTICATED", "answers"];

/** For each method what comes of a call under each role's certificate, with no signature or another's. Nothing else is served to parties. */
const OUTCOMES: Readonly<Record<string, readonly string[]>> = {
  "broker BoardService.listProposals": [NO, UNSIGNED, NO, NO, NO, NO],
  "broker BoardService.propose": [NO, UNSIGNED, NO, NO, NO, NO],
  "broker BoardService.approve": [NO, UNSIGNED, NO, NO, NO, NO],
  "broker BoardService.putPaper": [NO, UNSIGNED, NO, NO, NO, NO],
  "broker BoardService.listPapers": [NO, UNSIGNED, NO, NO, NO, NO],
  "broker BoardService.prepareEpoch": [NO, UNSIGNED, NO, NO, NO, NO],
  "broker BoardService.listHealth": [NO, UNSIGNED, NO, NO, NO, NO],
  "broker BoardService.invite": [NO, UNSIGNED, NO, NO, NO, NO],
  "broker BoardService.listEnrolments": [NO, UNSIGNED, NO, NO, NO, NO],
  "broker BoardService.issueSignInCode": [NO, UNSIGNED, NO, NO, NO, NO],
  "broker RegistrarService.putFreshness": [NO, NO, NO, NO, UNSIGNED, NO],
  "broker RegistrarService.followRequests": [NO, NO, NO, NO, UNSIGNED, NO],
  "broker RegistrarService.putCredentials": [NO, NO, NO, NO, UNSIGNED, NO],
  "broker MembershipService.requestCredentials": [UNSIGNED, UNSIGNED, UNSIGNED, NO, NO, NO],
  "broker MembershipService.getCredentials": [UNSIGNED, UNSIGNED, UNSIGNED, NO, NO, NO],
  "broker MembershipService.offerKey": [UNSIGNED, NO, NO, NO, NO, NO],
  "broker MembershipService.offerShare": [NO, NO, UNSIGNED, NO, NO, NO],
  "broker MembershipService.getPreparation": [UNSIGNED, NO, UNSIGNED, NO, NO, NO],
  "broker MembershipService.getStanding": [UNSIGNED, NO, NO, NO, NO, NO],
  // Its machine holds the chain; a registrar with a new key learns so here.
  "broker DirectoryService.listDirectives": [UNSIGNED, UNSIGNED, UNSIGNED, NO, ANSWERS, NO],
  "broker DirectoryService.getFreshness": [UNSIGNED, UNSIGNED, UNSIGNED, NO, ANSWERS, NO],
  "broker EvaluationService.evaluate": [UNSIGNED, NO, NO, NO, NO, NO],
  "broker EvaluationService.getBudget": [UNSIGNED, NO, NO, NO, NO, NO],
  "key-office EvaluationService.evaluate": [UNSIGNED, NO, NO, NO, NO, NO],
  "key-office EvaluationService.getBudget": [UNSIGNED, NO, NO, NO, NO, NO],
};

/** What the registrar's own three calls come to with its own key, which the thief has as well. */
const WITH_ITS_KEY: Readonly<Record<string, string>> = {
  "broker RegistrarService.putFreshness": ANSWERS,
  "broker RegistrarService.followRequests": ANSWERS,
  "broker RegistrarService.putCredentials": ANSWERS,
};

const SERVED = {
  broker: [
    BoardServiceDefinition,
    RegistrarServiceDefinition,
    MembershipServiceDefinition,
    DirectoryServiceDefinition,
    EvaluationServiceDefinition,
  ],
  "key-office": [EvaluationServiceDefinition],
} as const;

type Office = keyof typeof SERVED;
type Definition = { readonly name: string; readonly methods: object };

let federation: TestFederation;
let broker: OpenBroker;
/** For those who have no certificate. */
let door: string;
let certificates: Readonly<Record<Role, GrpcTls>>;
/** The thief's own. */
const thief = signingKeyPair(randomBytes(32));

beforeAll(async () => {
  federation = await TestFederation.found({ console: true });
  await federation.nats.start();
  door = `127.0.0.1:${await freePort()}`;
  const config = { ...federation.configureBroker(), enrolment: { listen: door } };
  broker = await openBroker(config, systemWorld(federation.log.for("broker")));
  await broker.ready;
  await federation.startEvaluator();
  await requestCredentials();
  certificates = Object.fromEntries(
    await Promise.all(ROLES.map(async (role) => [role, await forged(identities()[role])] as const)),
  ) as typeof certificates;
}, LONG_MS);
afterAll(async () => {
  await broker?.[Symbol.asyncDispose]();
  await federation?.[Symbol.asyncDispose]();
}, LONG_MS);

/** An evaluator asks for a new certificate. */
async function requestCredentials(): Promise<void> {
  const [dir, { id, found }] = [federation.dir("key-office"), federation.founded.federation];
  const to = { address: found.broker.address, tls: readTls(dir), expected: { kind: "broker" } as const };
  using connection = grpcClient(MembershipServiceDefinition, { ...to, caller: callerIn(dir, { id }) });
  const wanted = { tlsRequestPem: "invented", natsKey: "", requestedAtMs: Date.now() };
  const request = signCredentialsRequest(wanted, { federation: id, signer: readSigningKeys(dir) });
  await connection.client.requestCredentials({ request: Signed.decode(request) });
}

/** Real parties. */
function identities(): Readonly<Record<Role, PeerIdentity>> {
  const { found, members } = federation.founded.federation;
  return {
    member: memberIdentity(members.get(federation.member("ct"))!),
    administrator: administratorIdentity(found.board[0]!),
    evaluator: evaluatorIdentity(found.evaluators[1]!),
    broker: { kind: "broker" },
    registrar: { kind: "registrar" },
    nats: { kind: "nats" },
  };
}

async function forged(identity: PeerIdentity): Promise<GrpcTls> {
  const { privateKeyPem, requestPem } = await createTlsRequest();
  const { authority } = readRegistrarKeys(federation.founded.registrarDir);
  const facts = { authority, requestPem, identity, hosts: ["127.0.0.1"], nowMs: Date.now() };
  return { rootsPem: authority.certificatePem, certificatePem: await issueCertificate(facts), privateKeyPem };
}

/** Requests as well formed as somebody can make them who has no party's own key. */
function requestOf(method: string): object {
  const { federation: state } = federation.board;
  const scope = { federation: state.id, signer: thief };
  const nowMs = Date.now();
  const signature = { keyId: keyId(thief.publicKey), signature: randomBytes(64) };
  switch (method) {
    case "propose": {
      const body = { type: "suspend", member: federation.member("ct"), reason: "Invented reason" } as const;
      const draft = draftDirective({ federation: state.id, nowMs }, state, body);
      return { directive: { payload: draft.payload, signatures: [signDirective(draft, thief)] } };
    }
    case "approve":
      return { digest: randomBytes(32), signature };
    case "putPaper": {
      const body = { kind: "shareRequest", purpose: "Invented purpose", epochs: [1] } as const;
      return { paper: Signed.decode(signPaper({ topic: "salts", writtenAtMs: nowMs, body }, scope)) };
    }
    case "prepareEpoch":
      return { epoch: 2, generation: 0 };
    case "invite": {
      const invitation = { ...invitationKeys(randomBytes(16)), note: "Invented", validUntilMs: nowMs + 3_600_000 };
      return { invitation: Signed.decode(signInvitation(invitation, scope)) };
    }
    case "putFreshness": {
      const freshnessSeed = freshnessSeedOf(federation.founded.registrarDir, state.found.freshnessKey);
      return { freshness: Signed.decode(stateFreshness({ federation: state, freshnessSeed, nowMs })) };
    }
    case "putCredentials": {
      const credentials = { certificatePem: "invented", natsUserJwt: "", issuedAtMs: BigInt(nowMs) };
      return { keyId: keyId(readSigningKeys(federation.dir("chair")).publicKey), credentials };
    }
    case "requestCredentials": {
      const wanted = { tlsRequestPem: "invented", natsKey: "", requestedAtMs: nowMs };
      return { request: Signed.decode(signCredentialsRequest(wanted, scope)) };
    }
    case "offerKey": {
      const offer = { member: federation.member("ct"), epoch: 2, sealingKey: randomBytes(32) };
      const payload = encodeKeyOffer(offer);
      const signed = signPayload({ type: "key-offer", federation: state.id, payload, secretKey: thief.secretKey });
      return { offer: { payload, signature: { keyId: keyId(thief.publicKey), signature: signed } } };
    }
    case "offerShare": {
      const offer = { name: "key-office", generation: 2, sharePublicKey: randomBytes(32) };
      return { offer: Signed.decode(signEvaluatorOffer(offer, scope)) };
    }
    case "listDirectives":
      return { fromNumber: 1n };
    case "evaluate": {
      const { blinded } = blindBatch([utf8("invented identifier")], randomBytes(64));
      return { request: { $case: "batch", value: { batchId: randomBytes(16), generation: 1, blinded } } };
    }
    default:
      return {};
  }
}

/** "answers", or the code of the refusal. */
async function outcomeOf(office: Office, definition: Definition, method: string, caller: Thief): Promise<string> {
  const { found } = federation.founded.federation;
  const [address, expected] =
    office === "broker"
      ? [found.broker.address, { kind: "broker" } as const]
      : [found.evaluators[1]!.address, evaluatorIdentity(found.evaluators[1]!)];
  using connection = grpcClient(definition as typeof BoardServiceDefinition, { address, expected, ...caller });
  const client = connection.client as unknown as Record<string, (request: unknown, options: object) => unknown>;
  const request = requestOf(method);
  const stop = new AbortController();
  try {
    const asked = method === "evaluate" ? once(request) : request;
    const answer = client[method]!(asked, { signal: stop.signal });
    await (isStream(answer) ? firstOf(answer) : answer);
    return ANSWERS;
  } catch (error) {
    return (error as { readonly code?: string }).code ?? String(error);
  } finally {
    stop.abort();
  }
}

type Thief = { readonly tls: GrpcTls; readonly caller?: Caller };

const isStream = (answer: unknown): answer is AsyncIterable<unknown> =>
  (answer as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] !== undefined;

/** Whoever may listen hears something: requests for credentials wait. */
async function firstOf(stream: AsyncIterable<unknown>): Promise<void> {
  await stream[Symbol.asyncIterator]().next();
}

async function* once(item: unknown): AsyncGenerator {
  yield item;
}

/** Every method that is served, with what comes of it under each role's certificate. */
async function attack(callerOf: () => Caller | undefined): Promise<Record<string, string[]>> {
  const outcomes: Record<string, string[]> = {};
  for (const office of Object.keys(SERVED) as Office[]) {
    for (const definition of SERVED[office] as readonly Definition[]) {
      for (const method of Object.keys(definition.methods)) {
        const row: string[] = [];
        for (const role of ROLES) {
          const caller = callerOf();
          const as = { tls: certificates[role], ...(caller === undefined ? {} : { caller }) };
          row.push(await outcomeOf(office, definition, method, as));
        }
        outcomes[`${office} ${definition.name}.${method}`] = row;
      }
    }
  }
  return outcomes;
}

const answered = (outcomes: Readonly<Record<string, readonly string[]>>): number =>
  Object.values(outcomes)
    .flat()
    .filter((outcome) => outcome === ANSWERS).length;

describe("with the registrar's key for certificates", () => {
  it("there are as many calls to make as SECURITY.md says, of all services that ask for a certificate", async () => {
    const named = new Set(SERVED.broker.map(({ fullName }) => fullName as string));
    const others = (await definitions()).map(({ fullName }) => fullName).filter((fullName) => !named.has(fullName));
    expect(others.toSorted()).toEqual(["causeway.v1.EnrolmentService", "grpc.health.v1.Health"]);
    const security = readFileSync(join(import.meta.dirname, "../../SECURITY.md"), "utf8");
    expect(security).toContain(
      `Of the ${Object.values(OUTCOMES).flat().length} calls that there are for six forged names`,
    );
  });

  it("every method says what the table says of every role, without a signature", { timeout: LONG_MS }, async () => {
    const outcomes = await attack(() => undefined);
    expect(outcomes).toEqual(OUTCOMES);
    expect(answered(outcomes)).toBe(2);
  });

  it("and the same with a signature by a key that the chain does not name", { timeout: LONG_MS }, async () => {
    const outcomes = await attack(() => callerWith(thief, federation.board.federation.id));
    expect(outcomes).toEqual(signedWhereNotAsked(OUTCOMES));
    expect(answered(outcomes)).toBe(0);
  });

  it("and with its freshness key as well, no more than the registrar's own calls", { timeout: LONG_MS }, async () => {
    const outcomes = await attack(() => registrarIn(federation.founded.registrarDir, federation.board.federation));
    const own = ROLES.indexOf("registrar");
    const expected = Object.entries(signedWhereNotAsked(OUTCOMES)).map(([method, row]) => [
      method,
      row.with(own, WITH_ITS_KEY[method] ?? row[own]!),
    ]);
    expect(outcomes).toEqual(Object.fromEntries(expected));
  });
});

/** Where a certificate will do, a signature round the request is taken for a request that nobody knows. */
function signedWhereNotAsked(outcomes: typeof OUTCOMES): Record<string, string[]> {
  const rows = Object.entries(outcomes);
  return Object.fromEntries(
    rows.map(([method, row]) => [method, row.map((outcome) => (outcome === ANSWERS ? "INVALID" : outcome))]),
  );
}

describe("at the door for those who have no certificate", () => {
  const refused = (code: string) => expect.objectContaining({ code }) as Error;
  const scope = () => ({ federation: federation.board.federation.id, signer: thief });

  it("nothing is said of the chain, nobody is enrolled, and nothing was issued", async () => {
    using connection = unprovenGrpcClient(EnrolmentServiceDefinition, door);
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
    const { certificatePem } = certificates.member;
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
    expect(broker.status).toMatchObject({ records: 0, tokens: 0 });
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
    return await outcomeOf(office, definition, "getBudget", { tls: certificates.member });
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
    using stolen = grpcClient(RegistrarServiceDefinition, { ...to, tls: certificates.registrar, caller });
    const heard = stolen.client.followRequests({})[Symbol.asyncIterator]();
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
    using directory = grpcClient(DirectoryServiceDefinition, { ...to, tls: certificates.registrar });
    const isKnown = async (): Promise<boolean> => {
      for await (const _ of directory.client.listDirectives({ fromNumber: BigInt(number) })) return true;
      return false;
    };
    await eventually(isKnown);
    await requestCredentials();
    await expect(after).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});
