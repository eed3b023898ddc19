import { describe, expect, it } from "vitest";
import { ask, binderIn, decideStatement, disclosureOf } from "../../broker/core/disclosure.ts";
import type { PendingProof, Question, StatementContext, StatementVerdict } from "../../broker/core/disclosure.ts";
import { fromHex } from "../../shared/core/bytes.ts";
import type { MeetingStatement, Positions, Side } from "../../shared/core/data-plane.ts";
import type { Handle, Incarnation, MatchId, MemberId } from "../../shared/core/ids.ts";
import { signPayload, signingKeyPair } from "../../shared/crypto/sign.ts";
import { agreedHash, meetingPayload, ownerOf } from "../../shared/crypto/token.ts";

const bytes = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value);
const federation = bytes(1, 16);
const matchId = "f".repeat(32) as MatchId;
const parties = [
  { member: "a".repeat(32) as MemberId, handle: "1".repeat(32) as Handle },
  { member: "b".repeat(32) as MemberId, handle: "2".repeat(32) as Handle },
] as const;
const signers = [signingKeyPair(bytes(10)), signingKeyPair(bytes(11))] as const;
const terms = [
  { conversationKey: bytes(20), blind: bytes(30), handling: "open" },
  { conversationKey: bytes(21), blind: bytes(31), handling: "open" },
] as const;
const met = [
  { tokenClass: "single", token: bytes(40, 16), positions: [3, 0] },
  { tokenClass: "opening", token: bytes(41, 16), positions: [5, 1] },
  { tokenClass: "support", token: bytes(42, 16), positions: [7, 2] },
] as const;
const incarnations = ["c".repeat(32) as Incarnation, "d".repeat(32) as Incarnation] as const;
const question: Question = { amendment: 2, epoch: 1, met, terms, incarnations };
const NONE: Positions = { single: [], opening: [], support: [] };

/** What an honest side states, with something else in its place. */
function statement(
  side: Side,
  over: {
    readonly failed?: Positions;
    readonly valid?: readonly (typeof met)[number][];
    readonly otherBinder?: Uint8Array;
    readonly ownBinder?: Uint8Array;
    readonly signer?: Side;
    readonly of?: MatchId;
    readonly amendment?: number;
    readonly type?: string;
  } = {},
): MeetingStatement {
  const binders = [binderIn(parties[0], terms[0]), binderIn(parties[1], terms[1])] as const;
  const payload = meetingPayload({
    matchId: fromHex(over.of ?? matchId),
    ownBinder: over.ownBinder ?? binders[side],
    otherBinder: over.otherBinder ?? binders[side === 0 ? 1 : 0],
    validHash: agreedHash(over.valid ?? met),
  });
  const { secretKey } = signers[over.signer ?? side];
  const signature = signPayload({ type: over.type ?? "meeting", federation, payload, secretKey });
  return { matchId, amendment: over.amendment ?? 2, failed: over.failed ?? NONE, signature };
}

const context = (side: Side): StatementContext => ({
  federation,
  parties,
  side,
  signingKeys: [signers[side].publicKey],
});
const asked = ask(undefined, question, { by: 0, nowMs: 100 });
const decide = (proof: PendingProof, side: Side, of: MeetingStatement): StatementVerdict =>
  decideStatement(proof, of, context(side));
const wrong = { kind: "ignored", refusal: "wrong" };

/** The proof after statements that must all be taken. */
function after(...sides: readonly Side[]): PendingProof {
  return sides.reduce((proof, side) => {
    const verdict = decide(proof, side, statement(side));
    return "proof" in verdict ? verdict.proof : expect.unreachable(verdict.kind);
  }, asked);
}

describe("a statement on a meeting", () => {
  it("is taken from each side, and proves the match when both are in", () => {
    expect(decide(asked, 0, statement(0)).kind).toBe("stated");
    expect(decide(after(0), 1, statement(1)).kind).toBe("proven");
    expect(decide(after(1), 0, statement(0)).kind).toBe("proven");
  });

  it("is taken with some tags failed, over what is left", () => {
    const failed = { ...NONE, single: [3], support: [7] };
    expect(decide(asked, 0, statement(0, { failed, valid: [met[1]] })).kind).toBe("stated");
    expect(decide(asked, 0, statement(0, { failed }))).toEqual(wrong);
    expect(decide(asked, 0, statement(0, { valid: [met[1]] }))).toEqual(wrong);
  });

  it("fails the match when no tag held that could have opened it, and only then", () => {
    const failed = { ...NONE, single: [0], opening: [1] };
    const unsigned = { matchId, amendment: 2, failed } as const;
    expect(decide(asked, 1, unsigned)).toEqual({ kind: "failed" });
    expect(decide(asked, 1, { ...unsigned, failed: { ...failed, opening: [] } })).toEqual(wrong);
  });

  it("counts for nothing over support alone: what could not open a meeting does not prove one", () => {
    const failed = { ...NONE, single: [3], opening: [5] };
    expect(decide(asked, 0, statement(0, { failed, valid: [met[2]] }))).toEqual(wrong);
  });

  it.each([
    ["under another member's key", { signer: 1 }],
    ["about another binder of the other side", { otherBinder: bytes(9) }],
    ["about another binder of its own", { ownBinder: bytes(9) }],
    ["about another match", { of: "e".repeat(32) as MatchId }],
    ["about other tokens", { valid: [{ ...met[0], token: bytes(99, 16) }] }],
    ["as another kind of message", { type: "submission" }],
  ] as const)("is wrong when it is signed %s", (_name, over) => {
    expect(decide(asked, 0, statement(0, over as Parameters<typeof statement>[1]))).toEqual(wrong);
  });

  it("is the other side's when it is sent again as one's own: reflected, it does not verify", () => {
    expect(decide(after(0), 1, statement(0))).toEqual(wrong);
  });

  it("answers the meeting that was told last, once", () => {
    expect(decide(asked, 0, statement(0, { amendment: 1 }))).toEqual({ kind: "ignored", refusal: "outdated" });
    expect(decide(after(0), 0, statement(0))).toEqual({ kind: "ignored", refusal: "repeated" });
  });

  it("of an earlier meeting does not serve for one with other tags, whatever number it is given", () => {
    const other: Question = { ...question, amendment: 3, terms: [terms[0], { ...terms[1], blind: bytes(32) }] };
    const again = ask(asked, other, { by: 1, nowMs: 200 });
    expect(decide(again, 0, { ...statement(0), amendment: 3 })).toEqual(wrong);
  });
});

describe("what is owed", () => {
  const next: Question = { ...question, amendment: 3 };

  it("is owed anew by whoever has answered, and still by whoever has not", () => {
    for (const by of [1, undefined] as const) {
      expect(ask(after(0), next, { by, nowMs: 200 }).sides).toEqual([
        { askedAtMs: 200, isOverdue: false },
        { askedAtMs: 100, isOverdue: false },
      ]);
    }
  });

  it("is owed anew by the other side of whoever has changed its record", () => {
    expect(ask(asked, next, { by: 0, nowMs: 200 }).sides).toEqual([
      { askedAtMs: 100, isOverdue: false },
      { askedAtMs: 200, isOverdue: false },
    ]);
  });

  it("stays overdue over an amendment, until it is stated", () => {
    const late: PendingProof = { ...asked, sides: [{ askedAtMs: 100, isOverdue: true }, asked.sides[1]] };
    const again = ask(late, next, { by: 1, nowMs: 200 });
    expect(again.sides[0].isOverdue).toBe(true);
    const verdict = decide(again, 0, statement(0, { amendment: 3 }));
    expect("proof" in verdict && verdict.proof.sides[0].isOverdue).toBe(false);
  });
});

describe("what a proven counterpart learns", () => {
  const made = { validHash: bytes(50), signature: bytes(51, 64) };
  const of = { domain: "target", party: parties[0], terms: terms[0], statement: made } as const;
  const admit = { mandate: "invented mandate" };
  const disclosed = (over: object, mandateBearers = 3) => disclosureOf({ ...of, ...over, admit, mandateBearers });

  it("is under open handling what the binder is made of, and the statement", () => {
    const { conversationKey, blind } = terms[0];
    expect(disclosed({})).toEqual({ handling: "open", ...parties[0], blind, conversationKey, ...made });
  });

  it("is under brokered handling nothing that names the member, and no mandate that would", () => {
    const brokered = { terms: { ...terms[0], handling: "brokered" } };
    const owner = ownerOf({ ...parties[0], blind: bytes(30) });
    const learned = { handling: "brokered", conversationKey: bytes(20), owner };
    expect(disclosed(brokered)).toEqual({ ...learned, mandate: "invented mandate" });
    expect(disclosed(brokered, 2)).toEqual(learned);
  });

  it("is nothing about protected persons or silent records", () => {
    expect(disclosed({ domain: "protected" }, 9)).toBeUndefined();
    expect(disclosed({ terms: { ...terms[0], handling: "silent" } }, 9)).toBeUndefined();
  });
});
