import { describe, expect, it } from "vitest";
import { decideEncounter, decideParting, evolveMatch, noticesOf } from "../../broker/core/match.ts";
import type { Encounter, Match, MatchEvent, Pair } from "../../broker/core/match.ts";
import type { Handle, Incarnation, MatchId, MemberId } from "../../shared/core/ids.ts";

const TERMS = { conversationKey: new Uint8Array(32), blind: new Uint8Array(32), handling: "open" } as const;

function encounter(metHash: string, epoch = 1): Encounter {
  const meeting = (sequence: number) => ({
    incarnation: "i" as Incarnation,
    sequence,
    positions: { single: [sequence], opening: [], support: [] },
    otherTags: { single: new Uint8Array(8).fill(sequence), opening: new Uint8Array(), support: new Uint8Array() },
    otherBinder: new Uint8Array(32).fill(sequence),
  });
  return {
    matchId: "match" as MatchId,
    domain: "target",
    parties: [
      { member: "low" as MemberId, handle: "x" as Handle },
      { member: "high" as MemberId, handle: "y" as Handle },
    ],
    meetings: [meeting(1), meeting(2)],
    epoch,
    met: [],
    terms: [TERMS, TERMS],
    metHash,
  };
}

/** What is known of a pair in the one epoch there is. */
function pair(match: Match | undefined, metHash?: string, over: Partial<Pair> = {}): Pair {
  return { match, metHash, tells: true, isArrival: false, isStranded: false, ...over };
}

/** The match after these events, each decided on the state before. */
function after(...decisions: ((match: Match | undefined) => MatchEvent | undefined)[]): Match {
  let match: Match | undefined;
  for (const decide of decisions) match = evolveMatch(match, decide(match) as MatchEvent);
  return match as Match;
}
const meets = (metHash: string) => (match: Match | undefined) => decideEncounter(pair(match), encounter(metHash));
const parts = (match: Match | undefined) => decideParting(match as Match, "withdrawn");

describe("the life of a match", () => {
  it("is opened once, with a notice to each side about its own record", () => {
    const event = decideEncounter(pair(undefined), encounter("a")) as MatchEvent;
    const match = evolveMatch(undefined, event);
    expect(match).toMatchObject({ status: "open", amendment: 0 });
    const [lower, higher] = noticesOf(match, event, encounter("a").meetings);
    expect(lower).toMatchObject({
      member: "low",
      event: { type: "matchOpened", side: 0, handle: "x", meeting: { sequence: 1 } },
    });
    expect(higher).toMatchObject({
      member: "high",
      event: { type: "matchOpened", side: 1, handle: "y", meeting: { sequence: 2 } },
    });
  });

  it("stays as it is while the same tokens meet", () => {
    expect(decideEncounter(pair(after(meets("a")), "a"), encounter("a"))).toBeUndefined();
  });

  it("is amended by number when other tokens meet", () => {
    const match = after(meets("a"), meets("b"), meets("c"));
    expect(match).toMatchObject({ status: "open", amendment: 2 });
  });

  it("is closed once", () => {
    const match = after(meets("a"), parts);
    expect(match).toMatchObject({ status: "closed", amendment: 1 });
    expect(decideParting(match, "expired")).toBeUndefined();
  });

  it("opens again by an amendment, never by a second opening", () => {
    const event = decideEncounter(pair(after(meets("a"), parts)), encounter("a"));
    expect(event).toMatchObject({ type: "amended", amendment: 2 });
  });
});

describe("the life of a match over a rotation", () => {
  const open = after(meets("a"));
  const inSecond = (over: Partial<Pair>, known?: string) =>
    decideEncounter(pair(open, known, over), encounter("x", 2))?.type;

  it("is not touched by records that arrive in the new epoch, whichever epoch tells", () => {
    expect(inSecond({ isArrival: true, tells: false })).toBeUndefined();
    expect(inSecond({ isArrival: true, tells: true })).toBeUndefined();
  });

  it("is amended by the epoch that tells, and by no other", () => {
    expect(inSecond({ tells: false }, "w")).toBeUndefined();
    expect(inSecond({ tells: true }, "w")).toBe("amended");
    expect(inSecond({ tells: true }, "x")).toBeUndefined();
    expect(inSecond({ tells: true })).toBe("amended");
  });

  it("is told again when its sides can no longer prove what they were told", () => {
    expect(inSecond({ isStranded: true, isArrival: true, tells: false })).toBe("amended");
    expect(inSecond({ isStranded: true }, "x")).toBe("amended");
  });

  it("opens or re-opens in any epoch", () => {
    expect(decideEncounter(pair(undefined, undefined, { tells: false }), encounter("x", 2))?.type).toBe("opened");
    const closed = after(meets("a"), parts);
    expect(decideEncounter(pair(closed, undefined, { tells: false }), encounter("x", 2))?.type).toBe("amended");
  });
});
