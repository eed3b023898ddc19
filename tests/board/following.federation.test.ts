/** What a node believes of a broker that lies about directives: nothing that the board did not sign, and not for long that all is well. */
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { draftDirective, readChain, signDirective } from "../../agency-node/admin/board.ts";
import { stateFreshness } from "../../agency-node/registrar/statement.ts";
import { freshnessSeedOf } from "../../agency-node/registrar/keys.ts";
import { sealingKeyPair } from "../../shared/crypto/seal.ts";
import { directiveHash } from "../../shared/core/chain.ts";
import type { DirectiveBody, Federation, SignedDirective } from "../../shared/core/directive.ts";
import { toId } from "../../shared/core/ids.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { encodeChain } from "../../shared/party/chain-file.ts";
import { grpcService, startGrpcServer } from "../../shared/platform/grpc.ts";
import type { GrpcServer } from "../../shared/platform/grpc.ts";
import { replaceFile } from "../../shared/party/key-files.ts";
import { silentLog } from "../../shared/world/log.ts";
import type { Log } from "../../shared/world/log.ts";
import { readTls } from "../../shared/party/tls.ts";
import { partyFile } from "../../shared/party/files.ts";
import { readSigningKeys } from "../../shared/party/keys.ts";
import { ChainFollower } from "../../shared/rpc/chain-follower.ts";
import { DirectoryServiceDefinition } from "../../shared/wire/gen/causeway/v1/directory.ts";
import { Signed } from "../../shared/wire/gen/causeway/v1/signed.ts";
import { TestFederation } from "../support/federation.ts";
import { LONG_MS, SOON } from "../support/patience.ts";
import { systemWorld } from "../../shared/world/world.ts";

const DAY_MS = 86_400_000;

type Word = { readonly directive: SignedDirective } | { readonly freshness: Uint8Array };

/** Says what it is told to, in this order; what it has said before it says again to whoever asks from a number on. */
function lyingBroker() {
  const words: Word[] = [];
  let more = Promise.withResolvers<void>();
  const statements = (): Uint8Array[] => words.flatMap((word) => ("freshness" in word ? [word.freshness] : []));

  async function* talk(fromNumber: bigint, follow: boolean) {
    const known = words.length;
    for (let next = 0; ;) {
      const { promise } = more;
      for (; next < words.length; next += 1) {
        const word = words[next]!;
        if ("freshness" in word) {
          if (follow) yield { freshness: Signed.decode(word.freshness) };
        } else if (next >= known || BigInt(word.directive.directive.number) >= fromNumber) {
          const { payload, signatures } = word.directive;
          yield { directive: { payload, signatures: [...signatures] } };
        }
      }
      if (!follow) return;
      await promise;
    }
  }

  return {
    say(...further: readonly Word[]): void {
      words.push(...further);
      const { resolve } = more;
      more = Promise.withResolvers<void>();
      resolve();
    },
    service: grpcService(DirectoryServiceDefinition, {
      listDirectives: ({ fromNumber, follow }) => talk(fromNumber, follow),
      async getFreshness() {
        const last = statements().at(-1);
        return last === undefined ? {} : { freshness: Signed.decode(last) };
      },
    }),
  };
}

let federation: TestFederation;
let chain: Uint8Array;
let open: AsyncDisposableStack;
let broker: ReturnType<typeof lyingBroker>;
let server: GrpcServer;
let follower: ChainFollower;
let nowMs = 0;
/** The broker's clock less the follower's. */
let aheadMs = 0;
/** What the follower logged, and of "policy.unproven" why. */
const events: string[] = [];
const outcomes: unknown[] = [];

beforeAll(async () => {
  federation = await TestFederation.found();
  chain = new Uint8Array(readFileSync(partyFile(federation.dir("broker"), "chain")));
}, LONG_MS);
afterAll(async () => await federation?.[Symbol.asyncDispose](), LONG_MS);

beforeEach(async () => {
  open = new AsyncDisposableStack();
  events.length = 0;
  outcomes.length = 0;
  nowMs = Date.now();
  aheadMs = 0;
  for (const party of ["broker", "ct"]) replaceFile(partyFile(federation.dir(party), "chain"), chain, 0o644);
  broker = lyingBroker();
  server = open.use(await serve());
  const info: Log["info"] = (event) => void events.push(event);
  const warn: Log["warn"] = (event, fields) => {
    events.push(event);
    outcomes.push(fields?.["outcome"]);
  };
  follower = open.use(newFollower({ ...silentLog, info, warn }));
});
afterEach(async () => await open.disposeAsync());

async function serve(): Promise<GrpcServer> {
  const { address } = federation.founded.federation.found.broker;
  const tls = readTls(federation.dir("broker"));
  return await startGrpcServer({
    address,
    tls,
    services: [broker.service],
    recipient: {
      identity: { kind: "broker" },
      federation: () => federation.founded.federation,
      clock: () => nowMs + aheadMs,
    },
    world: systemWorld(silentLog),
    graceMs: 0,
  });
}

function newFollower(log: Log): ChainFollower {
  const dir = federation.dir("ct");
  return new ChainFollower({ dir, world: { ...systemWorld(log), clock: () => nowMs }, signer: readSigningKeys(dir) });
}

function follow(): void {
  const stop = new AbortController();
  const running = follower.run(stop.signal);
  open.defer(async () => {
    stop.abort();
    await running;
  });
}

/** What the true board knows. */
const state = (): Federation => readChain(federation.dir("broker"), Date.now()).federation;

function decided(body: DirectiveBody, of = { state: state(), nowMs, notAfterMs: nowMs + DAY_MS }): SignedDirective {
  const draft = draftDirective({ federation: of.state.id, ...of }, of.state, body);
  const signers = ["chair", "deputy"].map((name) => readSigningKeys(federation.dir(name)));
  return { ...draft, signatures: signers.map((signer) => signDirective(draft, signer)) };
}

/** The true board goes on with it. */
function extend(directive: SignedDirective): void {
  const { directives } = readChain(federation.dir("broker"), nowMs);
  replaceFile(partyFile(federation.dir("broker"), "chain"), encodeChain([...directives, directive]), 0o644);
}

function fresh(of: Pick<Federation, "id" | "head" | "found">, atMs = nowMs, hours?: number): { freshness: Uint8Array } {
  const freshnessSeed = freshnessSeedOf(federation.founded.registrarDir, state().found.freshnessKey);
  return { freshness: stateFreshness({ federation: of as Federation, freshnessSeed, nowMs: atMs, hours }) };
}

const headAfter = ({ payload, directive }: SignedDirective) => ({
  ...state(),
  head: { number: directive.number, hash: directiveHash(payload) },
});

const policy = (reason: string): DirectiveBody => ({
  type: "policy",
  canaryBeatMinutes: 300,
  canaryWithinMinutes: 10,
  budgetAlarmPercent: 70,
  overdueStatementsMax: 8,
  allowances: [],
  reason,
});

const proven = (): boolean => follower.policyUnprovenSinceMs === 0;
const settled = async (look: () => unknown, value: unknown): Promise<void> =>
  await expect.poll(look, SOON).toEqual(value);

describe("a follower", () => {
  it("takes a directive at once, and waits a minute for the statement about it", async () => {
    broker.say(fresh(state()));
    follow();
    await settled(proven, true);
    const directive = decided(policy("first"));
    broker.say({ directive });
    await expect.poll(() => follower.federation.head.number, SOON).toBe(directive.directive.number);
    expect([proven(), outcomes]).toEqual([true, []]);
    nowMs += 61_000;
    broker.say(fresh(state(), nowMs - 61_000));
    await settled(() => outcomes, ["superseded"]);
    broker.say(fresh(headAfter(directive)));
    await settled(proven, true);
  });

  it("says so when a directive is withheld, and an older statement does not reassure it", async () => {
    const before = fresh(state());
    broker.say(before);
    follow();
    await settled(proven, true);
    nowMs += 1_000;
    const directive = decided(policy("withheld"));
    broker.say(fresh(headAfter(directive)));
    await settled(() => outcomes, ["behind"]);
    broker.say(before, { directive });
    await settled(proven, true);
    expect(events).toEqual(["policy.proven", "policy.unproven", "directive.accepted", "policy.proven"]);
  });

  it("says so when the last statement runs out and nothing comes", async () => {
    broker.say(fresh(state(), nowMs - 3_600_000 + 300, 1));
    follow();
    await settled(proven, true);
    nowMs += 300;
    await settled(() => outcomes, ["expired"]);
  });

  it("notices two histories: a statement that names another directive under the same number", async () => {
    const [shown, other] = [decided(policy("shown")), decided(policy("other"))];
    broker.say({ directive: shown }, fresh(headAfter(other)));
    follow();
    await settled(() => outcomes, ["UNPROVEN"]);
    expect([follower.federation.head.number, proven()]).toEqual([shown.directive.number, false]);
  });

  it("refuses a member that the broker has admitted of its own", async () => {
    const member = toId<MemberId>("ab".repeat(16));
    const admit = [...state().members.values()][0]!;
    const keys = { signingKey: randomBytes(32), sealingKey: sealingKeyPair(randomBytes(32)).publicKey };
    const body: DirectiveBody = { type: "admit", ...admit, member, slug: "invented", ...keys, salts: [] };
    const draft = draftDirective({ federation: state().id, nowMs }, state(), body);
    const own = readSigningKeys(federation.dir("broker"));
    const alone = { ...draft, signatures: [signDirective(draft, own), signDirective(draft, own)] };
    broker.say({ directive: alone }, fresh(state()));
    follow();
    await settled(() => outcomes, ["UNPROVEN"]);
    expect(follower.federation.members.has(member)).toBe(false);
  });

  it("refuses what was changed on the way", async () => {
    const first = decided(policy("first"));
    const changed = Uint8Array.from(first.payload);
    changed[changed.length - 1]! ^= 1;
    broker.say(fresh(state()));
    follow();
    await settled(proven, true);
    broker.say({ directive: { ...first, payload: changed } });
    await settled(() => outcomes[0], "UNPROVEN");
    expect(follower.federation.head.number).toBe(first.directive.number - 1);
  });

  it("refuses an epoch that comes again after it was aborted", async () => {
    const opening = decided(await federation.board.opening(2));
    extend(opening);
    const openingHash = directiveHash(opening.payload);
    const abort = decided({ type: "epochAbort", epoch: 2, openingHash, reason: "Invented reason" });
    extend(abort);
    broker.say({ directive: opening }, { directive: abort }, fresh(state()));
    follow();
    await settled(proven, true);
    broker.say({ directive: opening });
    await settled(() => outcomes[0], "OUT_OF_SEQUENCE");
    expect(follower.federation.epochs.get(2)?.state).toBe("aborted");
  });

  it("does not give a place back to a removed member for an old or another directive, or after a restart", async () => {
    const member = federation.member("wcu");
    const instead = decided(policy("instead"));
    const remove = decided({ type: "remove", member, reason: "Invented reason", forCause: false });
    broker.say({ directive: remove }, fresh(headAfter(remove)));
    follow();
    await settled(proven, true);
    broker.say({ directive: instead });
    await settled(() => outcomes[0], "OUT_OF_SEQUENCE");
    using again = newFollower(silentLog);
    for (const each of [follower, again]) expect(each.federation.members.has(member)).toBe(false);
  });

  it("that was away for weeks takes old directives under a fresh statement, and not without", async () => {
    const missed = decided(policy("missed"));
    nowMs += 30 * DAY_MS;
    broker.say({ directive: missed });
    follow();
    await settled(() => outcomes[0], "OUT_OF_SEQUENCE");
    expect(follower.federation.head.number).toBe(missed.directive.number - 1);
    broker.say(fresh(headAfter(missed)));
    await settled(() => follower.federation.head.number, missed.directive.number);
    await settled(proven, true);
  });

  it.each([10, -10])("is told that its clock is wrong by a broker whose clock is %d minutes ahead", async (minutes) => {
    aheadMs = minutes * 60_000;
    broker.say(fresh(state()));
    follow();
    await settled(() => [follower.clockRefused, follower.reached, outcomes], [true, true, ["clock"]]);
    aheadMs = 0;
    await settled(() => [follower.clockRefused, proven()], [false, true]);
  });

  it("is unproven while the broker is away, and proven when it is back", async () => {
    broker.say(fresh(state()));
    follow();
    await settled(proven, true);
    await server[Symbol.asyncDispose]();
    await settled(() => [proven(), follower.reached, outcomes], [false, false, ["UNAVAILABLE"]]);
    open.use(await serve());
    await settled(() => [proven(), follower.reached], [true, true]);
  });
});
