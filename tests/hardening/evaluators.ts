/** A small federation of invented members with real evaluators: real TLS, real gRPC on loopback, real key shares. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workerEngines } from "../../broker/evaluator/doors.ts";
import type { EvaluatorEvent } from "../../broker/evaluator/ports.ts";
import { createEvaluator } from "../../broker/evaluator/evaluator.ts";
import type { Admit, Budget, Federation } from "../../shared/core/directive.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { toId } from "../../shared/core/ids.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { generateKeyShare, publicKeyOf } from "../../shared/crypto/oprf.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { startGrpcServer } from "../../shared/platform/grpc.ts";
import type { GrpcService, GrpcTls } from "../../shared/platform/grpc.ts";
import { silentLog } from "../../shared/world/log.ts";
import { evaluatorIdentity, memberIdentity } from "../../shared/platform/standing.ts";
import { createAuthority, createTlsRequest, issueCertificate } from "../../shared/platform/certificates.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import type { Authority } from "../../shared/platform/certificates.ts";
import { freePort } from "../../deploy/demo/ports.ts";
import type { Caller } from "../../shared/platform/party-calls.ts";
import type { Clock } from "../../shared/world/clock.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { callerWith } from "../support/callers.ts";

export const AMPLE: Budget = { initial: 1_000_000, perDay: 1_000_000 };

export type RunningEvaluator = {
  readonly name: string;
  readonly identity: PeerIdentity;
  readonly keyShare: Uint8Array;
  readonly port: number;
  readonly events: EvaluatorEvent[];
  /** Resolves at its next event, before anything that follows from it. */
  nextEvent(): Promise<void>;
  /** Ends the server and its workers; budgets stay in their file. */
  stop(): Promise<void>;
  /** As after a crash: same keys, same file, same port. */
  start(): Promise<void>;
};

export type TestFederation = AsyncDisposable & {
  federation: Federation;
  nowMs: number;
  readonly authority: Authority;
  readonly evaluators: readonly RunningEvaluator[];
  tlsFor(identity: PeerIdentity): Promise<GrpcTls>;
  /** Any member, as it signs its requests. */
  readonly caller: Caller;
  /** Replaces the federation by one in which this is the member's budget, or in which it is no member. */
  setMember(member: MemberId, budget: Budget | undefined): void;
};

export type EvaluatorKeys = {
  readonly name: string;
  readonly federation: Uint8Array;
  readonly signing: SigningKeyPair;
};

export type TestOptions = {
  readonly evaluators?: number;
  readonly workers?: number;
  /** Puts something between an evaluator and its server. */
  readonly wrap?: (service: GrpcService, keys: EvaluatorKeys) => GrpcService;
};

/** Of every member of these federations. */
const MEMBER_KEYS = signingKeyPair(new Uint8Array(32).fill(1));

export const identityOf = (member: MemberId): PeerIdentity =>
  memberIdentity({ member, signingKey: MEMBER_KEYS.publicKey });

/** Any member of the federation, as it signs its requests. */
export const memberCaller = ({ id }: Pick<Federation, "id">, clock: Clock): Caller =>
  callerWith(MEMBER_KEYS, id, clock);

export const newMember = (): MemberId => toId<MemberId>(toHex(randomBytes(16)));

export async function startFederation(options: TestOptions = {}): Promise<TestFederation> {
  const federation = emptyFederation();
  const authority = await createAuthority({ federation: federation.id, nowMs: Date.now() });
  const directory = mkdtempSync(join(tmpdir(), "causeway-evaluators-"));
  const tlsFor = async (identity: PeerIdentity): Promise<GrpcTls> => {
    const { privateKeyPem, requestPem } = await createTlsRequest();
    const facts = { authority, requestPem, identity, hosts: ["127.0.0.1"], nowMs: Date.now() };
    return { rootsPem: authority.certificatePem, certificatePem: await issueCertificate(facts), privateKeyPem };
  };
  const test = { authority, federation, nowMs: Date.now(), tlsFor, evaluators: [] as RunningEvaluator[] };
  for (let i = 0; i < (options.evaluators ?? 2); i += 1) {
    const name = ["broker-office", "key-office", "third-office"][i] ?? `office-${i}`;
    test.evaluators.push(await startEvaluator(test, name, directory, options));
  }
  return {
    ...test,
    caller: memberCaller(federation, () => test.nowMs),
    get federation() {
      return test.federation;
    },
    set federation(value) {
      test.federation = value;
    },
    get nowMs() {
      return test.nowMs;
    },
    set nowMs(value) {
      test.nowMs = value;
    },
    setMember(member, budget) {
      const { federation } = test;
      test.federation = budget ? withMember(federation, member, budget) : withoutMember(federation, member);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(test.evaluators.map((evaluator) => evaluator.stop()));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

type Test = { federation: Federation; nowMs: number; tlsFor(identity: PeerIdentity): Promise<GrpcTls> };

async function startEvaluator(
  test: Test,
  name: string,
  directory: string,
  options: TestOptions,
): Promise<RunningEvaluator> {
  const keyShare = generateKeyShare(randomBytes(64));
  const signing = signingKeyPair(randomBytes(32));
  const identity = evaluatorIdentity({ name, signingKey: signing.publicKey });
  const tls = await test.tlsFor(identity);
  const events: EvaluatorEvent[] = [];
  let next = Promise.withResolvers<void>();
  const onEvent = (event: EvaluatorEvent): void => {
    events.push(event);
    next.resolve();
    next = Promise.withResolvers();
  };
  const list = (address: string): void => {
    const others = test.federation.found.evaluators.filter((each) => each.name !== name);
    const listed = { name, address, signingKey: signing.publicKey, sharePublicKey: publicKeyOf(keyShare) };
    const evaluators = [...others, listed];
    const generations = new Map([[1, evaluators]]);
    test.federation = { ...test.federation, found: { ...test.federation.found, evaluators }, generations };
  };
  let running: AsyncDisposableStack | undefined;
  const port = await freePort();
  const start = async (): Promise<void> => {
    const stack = new AsyncDisposableStack();
    const evaluator = stack.use(
      createEvaluator(
        {
          name,
          federation: () => test.federation,
          shares: { read: () => keyShare, generations: () => [1], destroy: () => undefined },
          signing,
          databasePath: join(directory, `${name}.sqlite`),
          startEngine: workerEngines({ randomBytes }, options.workers ?? 1),
          onEvent,
        },
        { clock: () => test.nowMs },
      ),
    );
    const service =
      options.wrap?.(evaluator.service, { name, federation: test.federation.id, signing }) ?? evaluator.service;
    stack.use(
      await startGrpcServer({
        address: `127.0.0.1:${port}`,
        tls,
        services: [service],
        recipient: { identity, federation: () => test.federation, clock: () => test.nowMs },
        world: systemWorld(silentLog),
        graceMs: 0,
      }),
    );
    running = stack;
  };
  const stop = async (): Promise<void> => {
    await running?.disposeAsync();
    running = undefined;
  };
  list("127.0.0.1:1");
  await start();
  list(`127.0.0.1:${port}`);
  return { name, identity, keyShare, port, events, nextEvent: () => next.promise, start, stop };
}

export function emptyFederation(): Federation {
  const nothing = new Uint8Array(32);
  return {
    id: randomBytes(16),
    found: {
      name: "test federation",
      board: [],
      quorum: 1,
      broker: { name: "broker", signingKey: nothing, address: "127.0.0.1:1" },
      evaluators: [],
      generation: 1,
      tlsRoots: [],
      freshnessKey: nothing,
    },
    members: new Map(),
    suspended: new Map(),
    removed: new Map(),
    epochs: new Map(),
    generations: new Map(),
    policy: { canaryBeatMinutes: 360, canaryWithinMinutes: 15, budgetAlarmPercent: 80, overdueStatementsMax: 8 },
    natsAddress: undefined,
    rotationDue: undefined,
    usedKeys: new Set(),
    signingKeys: new Map(),
    head: { number: 1, hash: nothing },
  };
}

/** The same in which this is the member's budget, and the member in good standing. */
export function withMember(federation: Federation, member: MemberId, budget: Budget): Federation {
  const members = new Map(federation.members).set(member, admit(member, budget));
  const suspended = new Map([...federation.suspended].filter(([id]) => id !== member));
  return { ...federation, members, suspended };
}

/** The same without the member. */
function withoutMember(federation: Federation, member: MemberId): Federation {
  return { ...federation, members: new Map([...federation.members].filter(([id]) => id !== member)) };
}

/** The same in which the member is suspended. */
export function withSuspended(federation: Federation, member: MemberId): Federation {
  const terms = federation.members.get(member);
  if (terms === undefined) throw new Error("only a member can be suspended");
  return { ...withoutMember(federation, member), suspended: new Map(federation.suspended).set(member, terms) };
}

/** Elements that one of the evaluators has charged to this member. */
export function chargedTo(member: MemberId, events: readonly EvaluatorEvent[]): number {
  return events.reduce((sum, event) => {
    return event.kind === "evaluated" && event.member === member && event.charged ? sum + event.elements : sum;
  }, 0);
}

export function admit(member: MemberId, budget: Budget): Admit {
  return {
    member,
    slug: "invented-unit",
    name: "Invented Unit",
    mandate: "counter-trafficking",
    contact: { office: "Invented Unit", phone: "", email: "", hours: "" },
    domains: ["target"],
    signingKey: MEMBER_KEYS.publicKey,
    sealingKey: new Uint8Array(32),
    legalBasis: "none: test data",
    purposes: ["test"],
    retentionDaysMax: 30,
    budget,
  };
}
