import { describe, expect, it } from "vitest";
import type { Counterpart } from "../../agency-node/core/counterpart.ts";
import type { Grading } from "../../agency-node/core/grade.ts";
import { doubtOf, endedUnproven, evolveMatch, isProving, secondLook } from "../../agency-node/core/match.ts";
import type { MatchContext, MatchState, MatchStep } from "../../agency-node/core/match.ts";
import type { Disclosure, Meeting, NoticeEvent, Positions } from "../../shared/core/data-plane.ts";
import type { Domain } from "../../shared/core/domain.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Handle, Incarnation, MatchId, MemberId } from "../../shared/core/ids.ts";
import { invented } from "../crypto/support.ts";

const MATCH = toId<MatchId>("aa".repeat(16));
const HANDLE = toId<Handle>("bb".repeat(16));
const OTHER: Counterpart = { handling: "open", member: toId<MemberId>("0e".repeat(16)), handle: HANDLE };
const BINDER = invented("binder", 32);

/** The meeting's first position says what comes of its tags. */
const COPIED = 0;
const STRONG = 1;
const STRONGER = 2;
const UNREADABLE = 9;

const meeting = (position: number, otherBinder = BINDER): Meeting => ({
  incarnation: toId<Incarnation>("cc".repeat(16)),
  sequence: 1,
  positions: { single: [position], opening: [], support: [] },
  otherTags: { single: invented("tag", 8), opening: invented("", 0), support: invented("", 0) },
  otherBinder,
});

const NOWHERE: Positions = { single: [], opening: [], support: [] };
const grading = (grade: Grading["grade"], score = 9): Grading => ({ grade, kind: "identity", score, reasons: [] });

/** A disclosure that holds, by the word of these contexts. */
const TRUE: Disclosure = { handling: "brokered", conversationKey: invented("key", 32), owner: invented("owner", 32) };
const FALSE: Disclosure = { ...TRUE, owner: invented("somebody else", 32) };

function contextOf(of: { readonly domain?: Domain; readonly believed?: readonly Disclosure[] } = {}): MatchContext {
  const { domain = "target", believed = [TRUE] } = of;
  return {
    nowMs: 1_000,
    isHeld: () => true,
    domain: () => domain,
    read(_, { positions }) {
      const [position = UNREADABLE] = positions.single;
      if (position === UNREADABLE) return undefined;
      if (position === COPIED) {
        return { found: { valid: NOWHERE, failed: positions, agreed: [] }, grading: grading("none") };
      }
      const agreed = [{ tokenClass: "single", token: invented(`token ${position}`, 16) }] as const;
      return { found: { valid: positions, failed: NOWHERE, agreed }, grading: grading("strong", position) };
    },
    unread: (told) => (told === undefined || told.grade === "none" ? grading("possible", 0) : told),
    sign: (_, validHash) => invented(`signature ${validHash.join()}`, 64),
    counterpart: (_, disclosure) => (believed.includes(disclosure) ? OTHER : undefined),
  };
}

const opened = (position = STRONG, otherBinder = BINDER): NoticeEvent => ({
  type: "matchOpened",
  matchId: MATCH,
  handle: HANDLE,
  side: 0,
  meeting: meeting(position, otherBinder),
});
const amended = (position: number, otherBinder = BINDER): NoticeEvent => ({
  type: "matchAmended",
  matchId: MATCH,
  amendment: 1,
  meeting: meeting(position, otherBinder),
});
const closed: NoticeEvent = { type: "matchClosed", matchId: MATCH, amendment: 2, reason: "withdrawn" };
const disclosed = (disclosure = TRUE): NoticeEvent => ({ type: "counterpartDisclosed", matchId: MATCH, disclosure });
const refused: NoticeEvent = { type: "proofFailed", matchId: MATCH, own: true, other: false };
const overdue = (ownStated: boolean, otherStated: boolean): NoticeEvent => ({
  type: "proofOverdue",
  matchId: MATCH,
  ownStated,
  otherStated,
});

/** What the events make of no match, one after the other, with the last step. */
function after(events: readonly NoticeEvent[], context = contextOf()): MatchStep {
  let step: MatchStep | undefined;
  for (const event of events) {
    step = evolveMatch(step?.state, event, context);
    if (step === undefined) throw new Error("the match is not known");
  }
  return step as MatchStep;
}

const stateAfter = (...events: readonly NoticeEvent[]): MatchState => after(events).state;

describe("a match at one side", () => {
  it("opens with a grade and a signed statement on what was found", () => {
    const { state, isStated } = after([opened()]);
    expect(state).toMatchObject({ status: "open", grading: { grade: "strong" }, amendment: 0 });
    expect(state.statement).toMatchObject({ amendment: 0, failed: NOWHERE });
    expect(state.statement?.signature).toHaveLength(64);
    expect(isStated).toBe(true);
  });

  it("is shown to whoever was hit even if nothing of it is proven, and the statement is then not signed", () => {
    const { state, isStated } = after([opened(COPIED)]);
    expect(state).toMatchObject({ status: "unproven", grading: { grade: "none" } });
    expect(doubtOf(state)).toBe("copied");
    expect(state.statement).toEqual({ amendment: 0, failed: meeting(COPIED).positions });
    expect(isStated).toBe(true);
  });

  it("told again that it is open, states the same again: the broker may have lost it", () => {
    const { state, isStated } = after([opened(), opened()]);
    expect({ state, isStated }).toEqual(after([opened()]));
  });

  it("is not invented by a notice about a match that was never opened", () => {
    for (const event of [amended(STRONG), closed, disclosed(), refused, overdue(true, false)]) {
      expect(evolveMatch(undefined, event, contextOf())).toBeUndefined();
    }
  });

  it("states each amendment by its own tags, which prove it or do not", () => {
    const better = after([opened(), amended(STRONGER)]);
    expect(better.state).toMatchObject({ status: "open", amendment: 1, grading: { score: STRONGER } });
    expect(better.state.statement?.signature).not.toEqual(stateAfter(opened()).statement?.signature);
    expect(better.isStated).toBe(true);
    expect(stateAfter(opened(), amended(COPIED))).toMatchObject({ status: "unproven", grading: { grade: "none" } });
    expect(stateAfter(opened(COPIED), amended(STRONG))).toMatchObject({ status: "open", grading: { grade: "strong" } });
  });

  it("opens again when it is amended after its end, and is proven again at once", () => {
    expect(stateAfter(opened(), disclosed(), closed)).toMatchObject({ status: "closed", closeReason: "withdrawn" });
    const again = stateAfter(opened(), disclosed(), closed, amended(STRONG));
    expect(again).toMatchObject({ status: "proven", counterpart: OTHER });
    expect(again.closeReason).toBeUndefined();
  });

  it("cannot be stated while its version is not known, keeps what was told, and says so plainly", () => {
    const unread = after([opened(UNREADABLE)]);
    expect(unread).toMatchObject({ isStated: false, state: { status: "open", grading: { grade: "possible" } } });
    expect(unread.state.statement).toBeUndefined();
    expect(stateAfter(opened(), amended(UNREADABLE)).grading).toEqual(grading("strong", STRONG));
    expect(after([opened(), amended(UNREADABLE)]).isStated).toBe(false);
  });
});

describe("the other side", () => {
  it("is known once a disclosure holds, also after the match was closed", () => {
    expect(stateAfter(opened(), disclosed())).toMatchObject({ status: "proven", counterpart: OTHER });
    expect(stateAfter(opened(), closed, disclosed())).toMatchObject({ status: "closed", counterpart: OTHER });
  });

  it("is not who the broker says without proof, and the officer is told that it does not hold", () => {
    const state = stateAfter(opened(), disclosed(FALSE));
    expect(state).toMatchObject({ status: "unproven", misnamed: FALSE });
    expect(state.counterpart).toBeUndefined();
    expect(doubtOf(state)).toBe("misnamed");
  });

  it("is not believed to know what met once this node has found that it does not, whatever the broker hands on", () => {
    const state = stateAfter(opened(COPIED), disclosed());
    expect(state.counterpart).toBeUndefined();
    expect(doubtOf(state)).toBe("copied");
  });

  it("stays who it is when a second disclosure does not hold", () => {
    expect(stateAfter(opened(), disclosed(), disclosed(FALSE))).toMatchObject({ status: "proven", counterpart: OTHER });
  });

  it("is unknown again when the broker puts another record in its place", () => {
    const state = stateAfter(opened(), disclosed(), amended(STRONG, invented("another binder", 32)));
    expect(state.status).toBe("open");
    expect(state.counterpart).toBeUndefined();
  });

  it("is believed by tags alone: not of a version that is not known here, whatever a member signs that helps the broker", () => {
    const invented = stateAfter(opened(UNREADABLE), disclosed());
    expect([invented.status, doubtOf(invented)]).toEqual(["unproven", "unread"]);
    expect(invented.counterpart).toBeUndefined();
    // Once it can be read, it is held against what met.
    expect(stateAfter(opened(UNREADABLE), disclosed(), amended(STRONG))).toMatchObject({ status: "proven" });
    expect(doubtOf(stateAfter(opened(UNREADABLE), disclosed(), amended(COPIED)))).toBe("copied");
  });

  it("gets nothing from what the tags of another record have shown, grade included", () => {
    const swapped = [opened(), amended(UNREADABLE, invented("another binder", 32)), disclosed()];
    for (const events of [swapped, [...swapped.slice(0, 1), disclosed(), ...swapped.slice(1)]]) {
      const state = stateAfter(...events);
      expect(state).toMatchObject({ status: "unproven", grading: { grade: "possible", score: 0 } });
      expect(state.counterpart).toBeUndefined();
    }
  });

  it("is looked at a second time when the chain has gone on: it may have been behind", () => {
    const state = stateAfter(opened(), disclosed(FALSE));
    expect(secondLook(state, contextOf())).toBeUndefined();
    expect(secondLook(stateAfter(opened()), contextOf())).toBeUndefined();
    expect(secondLook(state, contextOf({ believed: [FALSE] }))).toMatchObject({ status: "proven", counterpart: OTHER });
  });

  it("may say that this side knows nothing: that is shown, and does not end what is proven later", () => {
    const state = stateAfter(opened(), refused);
    expect([state.status, doubtOf(state)]).toEqual(["unproven", "refused"]);
    expect(stateAfter(opened(), refused, disclosed()).status).toBe("proven");
  });

  it("that has once shown a copied token is not named any more, whatever it proves later", () => {
    const failed: NoticeEvent = { type: "proofFailed", matchId: MATCH, own: false, other: true };
    const state = stateAfter(opened(COPIED), failed, amended(STRONG));
    expect(state).toMatchObject({ status: "unproven", grading: { grade: "strong" } });
    expect(doubtOf(state)).toBe("copied");
  });

  it("is waited for by name of who is late", () => {
    const state = stateAfter(opened(), overdue(true, false));
    expect(state).toMatchObject({ status: "open", overdue: { ownStated: true, otherStated: false } });
    expect(stateAfter(opened(), overdue(true, false), disclosed()).overdue).toBeUndefined();
  });
});

describe("a match on its way", () => {
  it("is so until the counterpart is known, in protected until it is stated", () => {
    const stages = (...events: NoticeEvent[]): boolean[] =>
      (["target", "protected"] as const).map((domain) => isProving(after(events, contextOf({ domain })).state));
    expect(stages(opened())).toEqual([true, false]);
    expect(stages(opened(UNREADABLE))).toEqual([true, true]);
    expect(stages(opened(), disclosed())).toEqual([false, false]);
    expect(stages(opened(COPIED))).toEqual([false, false]);
    expect(stages(opened(), closed)).toEqual([false, false]);
  });

  it("that was published, stalled and withdrawn stays to be seen", () => {
    const ended = (domain: Domain, ...events: NoticeEvent[]): boolean =>
      endedUnproven(after(events, contextOf({ domain })).state);
    expect(ended("target", opened())).toBe(false);
    expect(ended("target", opened(), closed)).toBe(true);
    expect(ended("target", opened(COPIED), closed)).toBe(true);
    expect(ended("target", opened(), disclosed(), closed)).toBe(false);
    expect(ended("target", opened(), closed, disclosed())).toBe(false);
    expect(ended("target", opened(), closed, disclosed(FALSE))).toBe(true);
    // Nobody is named there: only the broker can say who was late.
    expect(ended("protected", opened(), closed)).toBe(false);
    expect(ended("protected", opened(), overdue(true, false), closed)).toBe(true);
  });
});
