/**
 * Somebody has stolen the board's registrar: the key that signs certificates, the freshness key, the keys of the NATS accounts. It forges
 * certificates of every role, with the names of real parties, and calls every method of every service.
 */
import { freshnessSeedOf, readRegistrarKeys } from "../../agency-node/registrar/keys.ts";
import { openBroker } from "../../broker/program.ts";
import type { OpenBroker } from "../../broker/program.ts";
import { utf8 } from "../../shared/core/bytes.ts";
import { blindBatch } from "../../shared/crypto/oprf.ts";
import { keyId, signingKeyPair, signPayload } from "../../shared/crypto/sign.ts";
import { readSigningKeys } from "../../shared/party/keys.ts";
import { readTls } from "../../shared/party/tls.ts";
import { createTlsRequest, issueCertificate } from "../../shared/platform/certificates.ts";
import { grpcClient } from "../../shared/platform/grpc.ts";
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
  MembershipServiceDefinition,
  RegistrarServiceDefinition,
} from "../../shared/wire/gen/causeway/v1/board.ts";
import { DirectoryServiceDefinition } from "../../shared/wire/gen/causeway/v1/directory.ts";
import { EvaluationServiceDefinition } from "../../shared/wire/gen/causeway/v1/evaluation.ts";
import { Signed } from "../../shared/wire/gen/causeway/v1/signed.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { callerIn, callerWith, registrarIn } from "../support/callers.ts";
import { freePort } from "../../deploy/demo/ports.ts";
import { TestFederation } from "../support/federation.ts";
import { stateFreshness } from "../../agency-node/registrar/statement.ts";
import { draftDirective, signDirective } from "../../agency-node/admin/board.ts";

/** Columns of the table below: whom the forged certificate names. */
export const ROLES = ["member", "administrator", "evaluator", "broker", "registrar", "nats"] as const;
export type Role = (typeof ROLES)[number];

/** Refused since this role has no business there, refused for want of the party's own signature. */
const NO = "FORBIDDEN";
export const [UNSIGNED, ANSWERS] = ["UNAUTHENTICATED", "answers"];

/** By method, for each role. */
export type Outcomes = Readonly<Record<string, readonly string[]>>;

type Attempt = { readonly callerOf: () => Caller | undefined; readonly outcomes: Outcomes };

/** For each method what comes of a call under each role's certificate, with no signature or another's. Nothing else is served to parties. */
const OUTCOMES: Outcomes = {
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

/** Where a certificate will do, a signature round the request is taken for a request that nobody knows. */
const SIGNED_OUTCOMES: Outcomes = Object.fromEntries(
  Object.entries(OUTCOMES).map(([method, row]) => [
    method,
    row.map((outcome) => (outcome === ANSWERS ? "INVALID" : outcome)),
  ]),
);

function withItsOwnKey(outcomes: Outcomes): Outcomes {
  const own = ROLES.indexOf("registrar");
  const rows = Object.entries(outcomes);
  return Object.fromEntries(
    rows.map(([method, row]) => [method, row.with(own, WITH_ITS_KEY[method] ?? (row[own] as string))]),
  );
}

export const SERVED = {
  broker: [
    BoardServiceDefinition,
    RegistrarServiceDefinition,
    MembershipServiceDefinition,
    DirectoryServiceDefinition,
    EvaluationServiceDefinition,
  ],
  "key-office": [EvaluationServiceDefinition],
} as const;

export type Office = keyof typeof SERVED;
export type Definition = { readonly name: string; readonly methods: object };

export class StolenRegistrar implements AsyncDisposable {
  readonly federation: TestFederation;
  readonly broker: OpenBroker;
  /** For those who have no certificate. */
  readonly door: string;
  /** Its own key, which the chain does not name. */
  readonly thief = signingKeyPair(randomBytes(32));
  /** With a certificate alone, with a key that the chain does not name as well, and with the registrar's own. */
  readonly attempts: Readonly<Record<"certificate" | "strange key" | "registrar's key", Attempt>>;
  #certificates: Readonly<Record<Role, GrpcTls>> | undefined;

  private constructor(federation: TestFederation, broker: OpenBroker, door: string) {
    this.federation = federation;
    this.broker = broker;
    this.door = door;
    const { founded, board } = federation;
    this.attempts = {
      certificate: { callerOf: () => undefined, outcomes: OUTCOMES },
      "strange key": { callerOf: () => callerWith(this.thief, board.federation.id), outcomes: SIGNED_OUTCOMES },
      "registrar's key": {
        callerOf: () => registrarIn(founded.registrarDir, board.federation),
        outcomes: withItsOwnKey(SIGNED_OUTCOMES),
      },
    };
  }

  /** Founds a federation, starts broker and second evaluator, and forges. */
  static async start(): Promise<StolenRegistrar> {
    await using opened = new AsyncDisposableStack();
    const federation = opened.use(await TestFederation.found({ console: true }));
    await federation.nats.start();
    const door = `127.0.0.1:${await freePort()}`;
    const config = { ...federation.configureBroker(), enrolment: { listen: door } };
    const broker = opened.use(await openBroker(config, systemWorld(federation.log.for("broker"))));
    await broker.ready;
    await federation.startEvaluator();
    const stolen = new StolenRegistrar(federation, broker, door);
    await stolen.requestCredentials();
    const identities = Object.entries(stolen.#identities()) as [Role, PeerIdentity][];
    const forged = identities.map(async ([role, identity]) => [role, await stolen.#forged(identity)] as const);
    stolen.#certificates = Object.fromEntries(await Promise.all(forged)) as Record<Role, GrpcTls>;
    opened.move();
    return stolen;
  }

  get certificates(): Readonly<Record<Role, GrpcTls>> {
    if (this.#certificates === undefined) throw new Error("nothing is forged yet");
    return this.#certificates;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker[Symbol.asyncDispose]();
    await this.federation[Symbol.asyncDispose]();
  }

  /** An evaluator asks for a new certificate. */
  async requestCredentials(): Promise<void> {
    const [dir, { id, found }] = [this.federation.dir("key-office"), this.federation.founded.federation];
    const to = { address: found.broker.address, tls: readTls(dir), expected: { kind: "broker" } as const };
    using connection = grpcClient(MembershipServiceDefinition, { ...to, caller: callerIn(dir, { id }) });
    const wanted = { tlsRequestPem: "invented", natsKey: "", requestedAtMs: Date.now() };
    const request = signCredentialsRequest(wanted, { federation: id, signer: readSigningKeys(dir) });
    await connection.client.requestCredentials({ request: Signed.decode(request) });
  }

  /** Real parties. */
  #identities(): Readonly<Record<Role, PeerIdentity>> {
    const { found, members } = this.federation.founded.federation;
    return {
      member: memberIdentity(members.get(this.federation.member("ct"))!),
      administrator: administratorIdentity(found.board[0]!),
      evaluator: evaluatorIdentity(found.evaluators[1]!),
      broker: { kind: "broker" },
      registrar: { kind: "registrar" },
      nats: { kind: "nats" },
    };
  }

  async #forged(identity: PeerIdentity): Promise<GrpcTls> {
    const { privateKeyPem, requestPem } = await createTlsRequest();
    const { authority } = readRegistrarKeys(this.federation.founded.registrarDir);
    const facts = { authority, requestPem, identity, hosts: ["127.0.0.1"], nowMs: Date.now() };
    return { rootsPem: authority.certificatePem, certificatePem: await issueCertificate(facts), privateKeyPem };
  }

  /** Requests as well formed as somebody can make them who has no party's own key. */
  #requestOf(method: string): object {
    const { federation: state } = this.federation.board;
    const scope = { federation: state.id, signer: this.thief };
    const nowMs = Date.now();
    const signature = { keyId: keyId(this.thief.publicKey), signature: randomBytes(64) };
    switch (method) {
      case "propose": {
        const body = { type: "suspend", member: this.federation.member("ct"), reason: "Invented reason" } as const;
        const draft = draftDirective({ federation: state.id, nowMs }, state, body);
        return { directive: { payload: draft.payload, signatures: [signDirective(draft, this.thief)] } };
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
        const freshnessSeed = freshnessSeedOf(this.federation.founded.registrarDir, state.found.freshnessKey);
        return { freshness: Signed.decode(stateFreshness({ federation: state, freshnessSeed, nowMs })) };
      }
      case "putCredentials": {
        const credentials = { certificatePem: "invented", natsUserJwt: "", issuedAtMs: BigInt(nowMs) };
        return { keyId: keyId(readSigningKeys(this.federation.dir("chair")).publicKey), credentials };
      }
      case "requestCredentials": {
        const wanted = { tlsRequestPem: "invented", natsKey: "", requestedAtMs: nowMs };
        return { request: Signed.decode(signCredentialsRequest(wanted, scope)) };
      }
      case "offerKey": {
        const offer = { member: this.federation.member("ct"), epoch: 2, sealingKey: randomBytes(32) };
        const payload = encodeKeyOffer(offer);
        const signed = signPayload({
          type: "key-offer",
          federation: state.id,
          payload,
          secretKey: this.thief.secretKey,
        });
        return { offer: { payload, signature: { keyId: keyId(this.thief.publicKey), signature: signed } } };
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
  async outcomeOf(office: Office, definition: Definition, method: string, caller: Thief): Promise<string> {
    const { found } = this.federation.founded.federation;
    const [address, expected] =
      office === "broker"
        ? [found.broker.address, { kind: "broker" } as const]
        : [found.evaluators[1]!.address, evaluatorIdentity(found.evaluators[1]!)];
    using connection = grpcClient(definition as typeof BoardServiceDefinition, { address, expected, ...caller });
    const client = connection.client as unknown as Record<string, (request: unknown, options: object) => unknown>;
    const request = this.#requestOf(method);
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

  /** Every method that is served, with what comes of it under each role's certificate. */
  async attack({ callerOf }: Attempt): Promise<Outcomes> {
    const outcomes: Record<string, string[]> = {};
    for (const office of Object.keys(SERVED) as Office[]) {
      for (const definition of SERVED[office] as readonly Definition[]) {
        for (const method of Object.keys(definition.methods)) {
          const row: string[] = [];
          for (const role of ROLES) {
            const caller = callerOf();
            const as = { tls: this.certificates[role], ...(caller === undefined ? {} : { caller }) };
            row.push(await this.outcomeOf(office, definition, method, as));
          }
          outcomes[`${office} ${definition.name}.${method}`] = row;
        }
      }
    }
    return outcomes;
  }
}

type Thief = { readonly tls: GrpcTls; readonly caller?: Caller };

const isStream = (answer: unknown): answer is AsyncIterable<unknown> =>
  (answer as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] !== undefined;

/** Whoever may listen hears something: requests for credentials wait. */
export async function firstOf(stream: AsyncIterable<unknown>): Promise<void> {
  await stream[Symbol.asyncIterator]().next();
}

async function* once(item: unknown): AsyncGenerator {
  yield item;
}

/** Calls that gave or changed something. */
export function answered(outcomes: Outcomes): number {
  return Object.values(outcomes)
    .flat()
    .filter((outcome) => outcome === ANSWERS).length;
}
