/** What the broker does with proposals and approvals, and what it does not. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { DirectiveBody } from "../../shared/core/directive.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { keyId, signingKeyPair, signPayload } from "../../shared/crypto/sign.ts";
import { prepareSealingKey } from "../../shared/party/keys.ts";
import { DirectoryServiceDefinition } from "../../shared/wire/gen/causeway/v1/directory.ts";
import { BoardRoom, within } from "./support.ts";
import type { Draft } from "./support.ts";
import { AT_ONCE_MS, LONG_MS } from "../support/patience.ts";

const MINUTE_MS = 60_000;

const WAITING = 1;
const ACCEPTED = 2;
const OVERTAKEN = 3;
const EXPIRED = 4;

let room: BoardRoom;
beforeAll(async () => {
  room = await BoardRoom.open();
}, LONG_MS);
afterEach(() => {
  room.brokerAheadMs = 0;
});
afterAll(async () => await room?.[Symbol.asyncDispose](), LONG_MS);

const head = (): number => room.federation.board.federation.head.number;
const policy = (reason = "Invented reason"): DirectiveBody => ({
  type: "policy",
  canaryBeatMinutes: 300,
  canaryWithinMinutes: 10,
  budgetAlarmPercent: 70,
  overdueStatementsMax: 8,
  allowances: [],
  reason,
});

describe("a proposal", () => {
  it("waits for a quorum, takes effect with the last signature, and overtakes the others", async () => {
    const before = head();
    const [first, second] = [room.draft(policy("first")), room.draft(policy("second"))];
    const { digest, state } = await room.propose(first, "chair");
    const other = await room.propose(second, "deputy");
    expect([state, other.state, head()]).toEqual([WAITING, WAITING, before]);
    const approval = await room.approve(first, digest, "clerk");
    expect(approval).toMatchObject({ state: ACCEPTED, signatures: 2, quorum: 2 });
    expect(head()).toBe(before + 1);
    const { proposals } = await room.board("clerk").listProposals({});
    expect(proposals.map(({ state: each, acceptedAs }) => [each, Number(acceptedAs)])).toEqual(
      expect.arrayContaining([
        [ACCEPTED, before + 1],
        [OVERTAKEN, 0],
      ]),
    );
    await expect(room.approve(second, other.digest, "chair")).rejects.toMatchObject({ code: "OUT_OF_SEQUENCE" });
    // The answer to the last signature may have been lost.
    expect(await room.approve(first, digest, "clerk")).toMatchObject({ state: ACCEPTED });
  });

  it("reaches followers at once: who is not told waits for an hour", async () => {
    const draft = room.draft(policy("followed"));
    const fromNumber = BigInt(draft.directive.number);
    const stream = room.call(DirectoryServiceDefinition, "ct").listDirectives({ fromNumber, follow: true });
    const directives = stream[Symbol.asyncIterator]();
    // The freshness statement shows that the stream stands.
    expect((await directives.next()).value?.freshness).toBeDefined();
    const next = directives.next();
    await room.propose(draft, "chair", "clerk");
    const { value } = await within(AT_ONCE_MS, next);
    expect(value?.directive?.payload).toEqual(Buffer.from(draft.payload));
    await directives.return?.();
  });

  it("is not signed twice by one key", async () => {
    const draft = room.draft(policy("twice"));
    const signatures = [room.sign(draft, "chair"), room.sign(draft, "chair")];
    const directive = { payload: draft.payload, signatures };
    const { digest, state } = await room.board("chair").propose({ directive });
    expect(state).toBe(WAITING);
    expect(await room.approve(draft, digest, "chair")).toMatchObject({ state: WAITING, signatures: 1 });
    const again = await room.board("chair").propose({ directive });
    expect(again.state).toBe(WAITING);
  });

  it("is refused with a signature that is forged, a stranger's or over other bytes", async () => {
    const draft = room.draft(policy("forged"));
    const right = room.sign(draft, "chair");
    const stranger = signingKeyPair(randomBytes(32));
    const { federation } = draft.directive;
    const scope = { type: "directive", federation, payload: draft.payload };
    const wrong = {
      forged: { keyId: right.keyId, signature: randomBytes(64) },
      stranger: { keyId: keyId(stranger.publicKey), signature: signPayload({ ...scope, ...stranger }) },
      identity: { keyId: right.keyId, signature: Uint8Array.of(1, ...new Uint8Array(63)) },
      otherBytes: room.sign(room.draft(policy("other")), "chair"),
      deputyAsChair: { keyId: right.keyId, signature: room.sign(draft, "deputy").signature },
    };
    const { digest } = await room.propose(draft, "chair");
    for (const [name, signature] of Object.entries(wrong)) {
      const propose = room.board("chair").propose({ directive: { payload: draft.payload, signatures: [signature] } });
      await expect(propose, name).rejects.toMatchObject({ code: "UNPROVEN" });
      await expect(room.board("deputy").approve({ digest, signature }), name).rejects.toMatchObject({
        code: "UNPROVEN",
      });
    }
    const unsigned = room.board("chair").propose({ directive: { payload: draft.payload, signatures: [] } });
    await expect(unsigned).rejects.toMatchObject({ code: "INVALID" });
    expect(await room.approve(draft, digest, "chair")).toMatchObject({ state: WAITING, signatures: 1 });
  });

  it("cannot be changed between two approvals", async () => {
    const draft = room.draft(policy("unchanged"));
    const { digest } = await room.propose(draft, "chair");
    const changed = room.draft({ ...policy("unchanged"), budgetAlarmPercent: 71 } as DirectiveBody);
    // The deputy was shown other bytes than the chair has signed.
    const signature = room.sign(changed, "deputy");
    await expect(room.board("deputy").approve({ digest, signature })).rejects.toMatchObject({ code: "UNPROVEN" });
    const directive = { payload: changed.payload, signatures: [room.sign(draft, "chair"), signature] };
    await expect(room.board("deputy").propose({ directive })).rejects.toMatchObject({ code: "UNPROVEN" });
  });

  it("is refused out of turn, out of time, and where the board may not decide so", async () => {
    const chair = room.board("chair");
    const state = room.federation.board.federation;
    const propose = async (draft: Draft) =>
      await chair.propose({ directive: { payload: draft.payload, signatures: [room.sign(draft, "chair")] } });
    const late = room.draft(policy("late"));
    const { digest } = await propose(late);
    const old = room.draft(policy("old"));
    await room.decide(policy("between"));
    expect(room.federation.board.federation.head.number).toBe(state.head.number + 1);
    await expect(propose(old)).rejects.toMatchObject({ code: "OUT_OF_SEQUENCE" });
    await expect(room.approve(late, digest, "deputy")).rejects.toMatchObject({ code: "OUT_OF_SEQUENCE" });
    const expired = room.draft(policy("expired"), Date.now() + MINUTE_MS);
    room.brokerAheadMs = MINUTE_MS;
    await expect(propose(expired)).rejects.toMatchObject({ code: "OUT_OF_SEQUENCE", fields: ["notAfterMs"] });
    const stranger = room.draft({ type: "suspend", member: "00".repeat(16) as never, reason: "Invented reason" });
    await expect(propose(stranger)).rejects.toMatchObject({ code: "INVALID", fields: ["member"] });
  });

  it("expires", async () => {
    const draft = room.draft(policy("short"), Date.now() + MINUTE_MS);
    const { digest } = await room.propose(draft, "chair");
    const states = async () => (await room.board("chair").listProposals({})).proposals.map(({ state }) => state);
    expect(await states()).not.toContain(EXPIRED);
    room.brokerAheadMs = MINUTE_MS;
    expect(await states()).toContain(EXPIRED);
    await expect(room.approve(draft, digest, "deputy")).rejects.toMatchObject({ code: "OUT_OF_SEQUENCE" });
  });

  it("opens an epoch only with the broker's own sealing key", async () => {
    const own = await room.federation.board.opening(2);
    const foreign = prepareSealingKey(room.federation.dir("chair"), 2);
    const draft = room.draft({ ...own, brokerSealingKey: foreign } as DirectiveBody);
    const attempt = room.propose(draft, "chair", "deputy");
    await expect(attempt).rejects.toMatchObject({ code: "INVALID", fields: ["brokerSealingKey"] });
    expect(room.federation.board.federation.epochs.has(2)).toBe(false);
  });
});

describe("one administrator alone", () => {
  it("can do none of what needs several", async () => {
    const member = room.federation.member("wcu");
    const { found } = room.federation.board.federation;
    const signingKey = signingKeyPair(randomBytes(32)).publicKey;
    const reason = "Invented reason";
    const acts: DirectiveBody[] = [
      { type: "suspend", member, reason },
      { type: "remove", member, reason, forCause: true },
      policy(),
      { type: "rotateKey", party: { kind: "freshness" }, signingKey, reason },
      { type: "epochRetire", epoch: 1, cause: "leaked", laggards: [], reason },
      { type: "neverCorrelate", epoch: 1, domain: "target", tokens: [randomBytes(16)], reason },
      await room.federation.board.opening(2),
    ];
    const before = head();
    for (const body of acts) {
      const draft = room.draft(body);
      const signatures = [room.sign(draft, "chair"), room.sign(draft, "chair")];
      const { state } = await room.board("chair").propose({ directive: { payload: draft.payload, signatures } });
      expect([body.type, state]).toEqual([body.type, WAITING]);
    }
    // A board of its own would need its members' signatures as well as the board's.
    const [chair] = found.board;
    const seats = [chair!, { name: "Second self", signingKey, sealingKey: found.board[1]!.sealingKey }];
    const draft = room.draft({ type: "boardChange", board: seats, quorum: 2, shares: [], reason });
    await expect(room.propose(draft, "chair")).rejects.toMatchObject({ code: "INVALID" });
    expect(head()).toBe(before);
  });
});

describe("the board's desk", () => {
  it("serves administrators, each party its own service, and nobody else", async () => {
    for (const party of ["ct", "key-office", "registrar", "broker"]) {
      const board = room.board(party);
      const attempts = [
        board.listProposals({}),
        board.propose({ directive: { payload: new Uint8Array(4), signatures: [] } }),
        board.approve({ digest: randomBytes(32), signature: { keyId: randomBytes(16), signature: randomBytes(64) } }),
        board.putPaper({}),
        board.listPapers({}),
        board.prepareEpoch({ epoch: 2, generation: 0 }),
        board.listHealth({}),
        board.invite({}),
        board.listEnrolments({}),
        board.issueSignInCode({}),
      ];
      for (const attempt of attempts) await expect(attempt, party).rejects.toMatchObject({ code: "FORBIDDEN" });
    }
    for (const party of ["ct", "chair", "broker"]) {
      const registrar = room.registrar(party);
      await expect(registrar.putFreshness({})).rejects.toMatchObject({ code: "FORBIDDEN" });
      await expect(registrar.putCredentials({})).rejects.toMatchObject({ code: "FORBIDDEN" });
    }
    await expect(room.membership("registrar").getCredentials({})).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(room.membership("key-office").offerKey({})).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(room.membership("ct").offerShare({})).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(room.membership("chair").getStanding({})).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});
