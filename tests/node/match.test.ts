import { describe, expect, it } from "vitest";
import type { Grading } from "../../agency-node/core/grade.ts";
import { evolveMatch, isProving } from "../../agency-node/core/match.ts";
import type { MatchContext, MatchState, MatchStep } from "../../agency-node/core/match.ts";
import type { Counterpart, Meeting, NoticeEvent, Side, SubmissionBody } from "../../shared/core/data-plane.ts";
import type { Domain } from "../../shared/core/domain.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Handle, Incarnation, MatchId } from "../../shared/core/ids.ts";
import { invented } from "../crypto/support.ts";

const MATCH = toId<MatchId>("aa".repeat(16));
const HANDLE = toId<Handle>("bb".repeat(16));
const CB = invented("cb", 32);
const COUNTERPART: Counterpart = { handling: "open", mandate: "war-crimes", name: "Invented unit", slug: "wcu" };

/** The meeting's first position says what it is worth: 0 nothing, anything else a strong identity. */
const meeting = (worth: number): Meeting => ({
  incarnation: toId<Incarnation>("cc".repeat(16)),
  sequence: 1,
  positions: { single: [worth], dateLevel: [], yearLevel: [] },
});
const WORTHLESS = meeting(0);
const STRONG = meeting(1);
const STRONGER = meeting(2);
const SECOND_EPOCH: Meeting = { ...meeting(1), sequence: 2 };

function contextOf(of: { side?: Side; cb?: Uint8Array | undefined; domain?: Domain } = {}): MatchContext {
  const { side = 0, domain = "target" } = of;
  const cb = "cb" in of ? of.cb : CB;
  return {
    nowMs: 1_000,
    nonce: () => invented(`nonce ${side}`, 32),
    domain: () => domain,
    grade: (_, { positions }) => grading(positions.single[0] === 0 ? "none" : "strong"),
    epoch: (_handle, { sequence }) => (sequence === SECOND_EPOCH.sequence ? 2 : 1),
    confirmKey: () => cb,
  };
}

const grading = (grade: Grading["grade"]): Grading => ({ grade, kind: "identity", score: 9, reasons: [] });

const opened = (met = STRONG, side: Side = 0): NoticeEvent => ({
  type: "matchOpened",
  matchId: MATCH,
  handle: HANDLE,
  side,
  meeting: met,
});
const amended = (met: Meeting): NoticeEvent => ({ type: "matchAmended", matchId: MATCH, amendment: 1, meeting: met });
const closed: NoticeEvent = { type: "matchClosed", matchId: MATCH, amendment: 2, reason: "withdrawn" };
const nonce = (bytes = invented("nonce 1", 32)): NoticeEvent => ({
  type: "counterpartNonce",
  matchId: MATCH,
  nonce: bytes,
});
const mac = (bytes: Uint8Array): NoticeEvent => ({ type: "counterpartMac", matchId: MATCH, mac: bytes });
const contact: NoticeEvent = { type: "counterpartContact", matchId: MATCH, counterpart: COUNTERPART };
const failed: NoticeEvent = { type: "proofFailed", matchId: MATCH };

/** What the events make of no match, one after the other, with everything that was sent. */
function after(events: readonly NoticeEvent[], context = contextOf()): MatchStep {
  let state: MatchState | undefined;
  const send: SubmissionBody[] = [];
  for (const event of events) {
    const step = evolveMatch(state, event, context);
    if (step === undefined) throw new Error("the match is not known");
    state = step.state;
    send.push(...step.send);
  }
  return { state: state as MatchState, send };
}

const kinds = (send: readonly SubmissionBody[]): string[] => send.map(({ kind }) => kind);

function sent<Kind extends SubmissionBody["kind"]>(
  step: MatchStep,
  kind: Kind,
): Extract<SubmissionBody, { kind: Kind }> {
  const body = step.send.find((each) => each.kind === kind);
  if (body === undefined) throw new Error(`nothing of the kind ${kind} was sent`);
  return body as Extract<SubmissionBody, { kind: Kind }>;
}

/** The MAC that an honest other side sends. */
function theirMac(cb: Uint8Array = CB): Uint8Array {
  const other = after([opened(STRONG, 1), nonce(invented("nonce 0", 32))], contextOf({ side: 1, cb }));
  return sent(other, "proofMac").mac;
}

const JUDGED = [opened(), nonce(), mac(theirMac())];

describe("a match at one side", () => {
  it("opens with a grade and a nonce, and says nothing more before the other side's nonce", () => {
    const { state, send } = after([opened()]);
    expect(state).toMatchObject({ status: "open", grading: { grade: "strong" }, amendment: 0 });
    expect(kinds(send)).toEqual(["proofNonce"]);
  });

  it("below possible is dropped, and nobody is asked to prove anything", () => {
    const { state, send } = after([opened(WORTHLESS)]);
    expect(state.status).toBe("dropped");
    expect(send).toEqual([]);
  });

  it("told twice that it is open, is one match with one nonce", () => {
    expect(kinds(after([opened(), opened()]).send)).toEqual(["proofNonce"]);
  });

  it("is not made by any other notice than its opening", () => {
    for (const event of [amended(STRONG), closed, nonce(), mac(CB), contact, failed]) {
      expect(evolveMatch(undefined, event, contextOf())).toBeUndefined();
    }
  });

  it("is lifted by an amendment that reaches possible, and only then proves", () => {
    const { state, send } = after([opened(WORTHLESS), amended(STRONG)]);
    expect(state).toMatchObject({ status: "open", amendment: 1 });
    expect(kinds(send)).toEqual(["proofNonce"]);
  });

  it("that an officer saw never vanishes: below possible it is closed", () => {
    expect(after([opened(), amended(WORTHLESS)]).state).toMatchObject({ status: "closed", closeReason: "amended" });
    expect(after([...JUDGED, contact, amended(WORTHLESS)]).state.status).toBe("closed");
    expect(after([opened(WORTHLESS), amended(WORTHLESS)]).state.status).toBe("dropped");
  });

  it("that ended opens again by an amendment, without its reason, and repeats the steps the broker ignored meanwhile", () => {
    const { state, send } = after([opened(), closed, amended(STRONG)]);
    expect(state).toMatchObject({ status: "open" });
    expect(state.closeReason).toBeUndefined();
    expect(kinds(send)).toEqual(["proofNonce", "proofNonce"]);
    const judged = after([...JUDGED, closed, amended(STRONGER)]);
    expect(kinds(judged.send.slice(-3))).toEqual(["proofNonce", "proofMac", "proofVerdict"]);
  });

  it("stays proven when it is amended, and after it ended and opened again", () => {
    expect(after([...JUDGED, contact, amended(STRONGER)]).state).toMatchObject({
      status: "proven",
      counterpart: COUNTERPART,
    });
    expect(after([...JUDGED, contact, closed]).state.status).toBe("closed");
    expect(after([...JUDGED, contact, closed, amended(STRONG)]).state.status).toBe("proven");
  });

  it("proves what was last told before the nonces, and nothing that is told later", () => {
    const before = after([opened(), amended(STRONGER), nonce()]);
    expect(before.state.proof?.meeting).toEqual(STRONGER);
    expect(after([opened(), nonce(), amended(STRONGER)]).state.proof?.meeting).toEqual(STRONG);
  });

  it("begins its proof again when it is told of a meeting in another epoch, and keeps what it has found proven", () => {
    const step = after([opened(), nonce(), amended(SECOND_EPOCH)]);
    expect(step.state.proof).toEqual({ meeting: SECOND_EPOCH, ownNonce: step.state.proof?.ownNonce });
    expect(kinds(step.send)).toEqual(["proofNonce", "proofMac", "proofNonce"]);
    expect(kinds(after([opened(), nonce(), amended(SECOND_EPOCH), nonce()]).send).at(-1)).toBe("proofMac");
    expect(after([...JUDGED, amended(SECOND_EPOCH)]).state.proof).toMatchObject({ verdict: true });
    expect(after([...JUDGED, contact, amended(SECOND_EPOCH)]).state.status).toBe("proven");
  });

  it("that failed its proof stays so, whatever comes", () => {
    for (const later of [[amended(STRONGER)], [contact], [closed, amended(STRONG)], [mac(theirMac())]]) {
      expect(after([opened(), nonce(), failed, ...later]).state).toMatchObject({ status: "unproven" });
    }
    expect(after([opened(), failed, closed]).state.status).toBe("closed");
  });
});

describe("the proof of knowledge at one side", () => {
  it("accepts the other side's MAC and says so", () => {
    expect(sent(after(JUDGED), "proofVerdict").proven).toBe(true);
  });

  it("finds a MAC wrong that was made without the identifiers", () => {
    const step = after([opened(), nonce(), mac(theirMac(invented("another cb", 32)))]);
    expect(sent(step, "proofVerdict").proven).toBe(false);
  });

  it("is not taken in by its own MAC sent back", () => {
    const own = sent(after([opened(), nonce()]), "proofMac").mac;
    expect(sent(after([opened(), nonce(), mac(own)]), "proofVerdict").proven).toBe(false);
  });

  it("is not taken in by its own nonce and MAC sent back", () => {
    const ownNonce = nonce(invented("nonce 0", 32));
    const own = sent(after([opened(), ownNonce]), "proofMac").mac;
    expect(sent(after([opened(), ownNonce, mac(own)]), "proofVerdict").proven).toBe(false);
  });

  it("gives no second MAC for another nonce, and the same one for the same", () => {
    const { state, send } = after([opened(), nonce(), nonce(invented("a third nonce", 32)), nonce()]);
    const macs = send.filter(({ kind }) => kind === "proofMac");
    expect(macs).toHaveLength(2);
    expect(macs[0]).toEqual(macs[1]);
    expect(state.proof?.theirNonce).toEqual(invented("nonce 1", 32));
  });

  it("does not change its verdict for another MAC", () => {
    const { send } = after([...JUDGED, mac(invented("garbage", 32))]);
    expect(send.filter(({ kind }) => kind === "proofVerdict")).toEqual([
      { kind: "proofVerdict", matchId: MATCH, proven: true },
      { kind: "proofVerdict", matchId: MATCH, proven: true },
    ]);
  });

  it("believes no counterpart that the broker names before our own verdict, or against it", () => {
    const wrong = mac(invented("garbage", 32));
    for (const events of [
      [opened(), contact],
      [opened(), nonce(), contact],
      [opened(), nonce(), wrong, contact],
    ]) {
      const { state } = after(events);
      expect(state).toMatchObject({ status: "open" });
      expect(state.counterpart).toBeUndefined();
    }
    expect(after([opened(WORTHLESS), contact]).state.status).toBe("dropped");
  });

  it("says nothing it cannot know when the version that met is not here any more", () => {
    const step = after([opened(), nonce(), mac(theirMac())], contextOf({ cb: undefined }));
    expect(kinds(step.send)).toEqual(["proofNonce"]);
    expect(step.state.status).toBe("open");
  });

  it("is on its way until the counterpart is known, in protected until the verdict", () => {
    const [open, judged] = [after([opened()]), after(JUDGED)];
    expect([open, judged, after([...JUDGED, contact])].map(({ state }) => isProving(state))).toEqual([
      true,
      true,
      false,
    ]);
    expect(isProving(after(JUDGED, contextOf({ domain: "protected" })).state)).toBe(false);
    expect(isProving(after([opened()], contextOf({ domain: "protected" })).state)).toBe(true);
  });
});

/** Both sides with a broker between them that passes each step on once both have made it. */
function meet(cbs: readonly [Uint8Array, Uint8Array]): readonly [MatchState, MatchState] {
  const contexts = [contextOf({ side: 0, cb: cbs[0] }), contextOf({ side: 1, cb: cbs[1] })] as const;
  const step = (side: Side, state: MatchState | undefined, event: NoticeEvent): MatchStep => {
    const next = evolveMatch(state, event, contexts[side]);
    if (next === undefined) throw new Error("the match is not known");
    return next;
  };
  const both = (
    states: readonly (MatchState | undefined)[],
    events: readonly NoticeEvent[],
  ): [MatchStep, MatchStep] => [
    step(0, states[0], events[0] as NoticeEvent),
    step(1, states[1], events[1] as NoticeEvent),
  ];
  let steps = both([undefined, undefined], [opened(STRONG, 0), opened(STRONG, 1)]);
  const [n0, n1] = steps.map((each) => sent(each, "proofNonce").nonce);
  steps = both(
    steps.map(({ state }) => state),
    [nonce(n1), nonce(n0)],
  );
  const [m0, m1] = steps.map((each) => sent(each, "proofMac").mac);
  steps = both(
    steps.map(({ state }) => state),
    [mac(m1 as Uint8Array), mac(m0 as Uint8Array)],
  );
  const proven = steps.every((each) => sent(each, "proofVerdict").proven);
  const end = proven ? contact : failed;
  return both(
    steps.map(({ state }) => state),
    [end, end],
  ).map(({ state }) => state) as [MatchState, MatchState];
}

describe("two sides", () => {
  it("that know the same identifiers end proven", () => {
    expect(meet([CB, CB]).map(({ status }) => status)).toEqual(["proven", "proven"]);
  });

  it("of which one has the token only and not what stands behind it end unproven, without a name", () => {
    for (const state of meet([CB, invented("a guess", 32)])) {
      expect(state.status).toBe("unproven");
      expect(state.counterpart).toBeUndefined();
    }
  });
});

describe("a meeting in an epoch that has ended", () => {
  it("leaves what the officer was told: it can be neither graded nor proven anew", () => {
    const told = after(JUDGED);
    const ended: MatchContext = {
      ...contextOf({ cb: undefined }),
      grade: (_handle, _meeting, before) => before ?? grading("possible"),
    };
    const step = evolveMatch(told.state, amended(STRONGER), ended)!;
    expect(step.state.grading).toEqual(told.state.grading);
    expect(step.state.status).toBe(told.state.status);
    expect(step.send).toEqual([]);
  });
});
