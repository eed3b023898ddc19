import { describe, expect, it } from "vitest";
import type { MatchView } from "../../agency-node/cli/rpc/node-client.ts";
import { printable } from "../../shared/terminal/printable.ts";
import { matchStep } from "../../shared/words/match.ts";
import { sentenceOf } from "../../agency-node/cli/wording.ts";

const MATCH: MatchView = {
  id: "00",
  reference: "CT-014",
  subjectKind: "person",
  caseReference: "Invented",
  grade: "strong",
  kind: "identity",
  reasons: ["Both are linked to the same phone number"],
  state: "proven",
  closeReason: "",
  openedAtMs: 0,
  updatedAtMs: 0,
  counterpart: {
    handling: "open",
    mandate: "war-crimes",
    name: "War Crimes Unit North",
    slug: "wcu",
    contact: { office: "liaison desk", phone: "+44 7700 900003", email: "", hours: "day and night" },
  },
  nextStep: "Wait: the invented next step.",
  handling: "open",
  reviewBy: "2027-03-31",
  endedUnproven: false,
};
const { counterpart: _, ...UNPROVEN } = MATCH;

describe("what an officer reads", () => {
  it("names unit and telephone once both sides have proven what they know", () => {
    expect(sentenceOf(MATCH)).toBe(
      "A war-crimes unit also holds this person (your record CT-014, strong). " +
        "Call War Crimes Unit North, liaison desk, +44 7700 900003, day and night.",
    );
  });

  it("names nobody before that", () => {
    expect(sentenceOf({ ...UNPROVEN, state: "open" })).toBe(
      "Another unit also holds this person (your record CT-014, strong). Wait: the invented next step.",
    );
  });

  it("names the mandate at most under brokered handling", () => {
    const counterpart = { handling: "brokered", mandate: "organised-crime", name: "", slug: "" };
    expect(sentenceOf({ ...MATCH, counterpart })).toMatch(/^An organised-crime unit also holds .* ask your board/);
    expect(sentenceOf({ ...MATCH, counterpart: { ...counterpart, mandate: "" } })).toMatch(/^Another unit also holds/);
  });

  it("never calls an association the same subject", () => {
    const text = sentenceOf({ ...MATCH, kind: "association" });
    expect(text).toContain("holds another subject that shares something with this person");
    expect(text).toContain("both are linked to the same phone number");
    expect(text).not.toContain("also holds");
  });

  it("claims nothing of what is not proven at all, and says what to do", () => {
    const nextStep = matchStep({ status: "unproven", doubt: "copied" }, "person");
    expect(sentenceOf({ ...UNPROVEN, grade: "none", state: "unproven", nextStep })).toBe(
      "An overlap with your record CT-014 is claimed and not proven. Another unit's record came with a token of this person " +
        "and without proof that it knows it: copied, or withheld to stay unnamed. The board is told which unit: ask it before you act.",
    );
  });

  it("says who is late, and that what the broker says does not hold", () => {
    const late = { ownStated: true, otherStated: false, sinceMs: Date.UTC(2026, 11, 1, 12) };
    const waiting = matchStep({ status: "open", proving: true, overdue: late }, "vehicle");
    expect(sentenceOf({ ...UNPROVEN, state: "open", nextStep: waiting })).toMatch(
      /strong\)\. The other unit has not proven since 2026-12-01 \d\d:\d\d that it knows this vehicle\. The board is told/,
    );
    const misnamed = matchStep({ status: "unproven", doubt: "misnamed" }, "person");
    expect(sentenceOf({ ...UNPROVEN, state: "unproven", nextStep: misnamed })).toMatch(
      /strong\)\. What the broker says .* does not hold: ask your board/,
    );
  });

  it("says why one ended, who it was with, and that the other side never proved what it knows", () => {
    const ended = { ...MATCH, state: "closed", closeReason: "withdrawn" };
    const closed = "The overlap with your record CT-014 is closed: a side withdrew its record.";
    expect(sentenceOf(ended)).toBe(
      `${closed} The other side was War Crimes Unit North, liaison desk, +44 7700 900003, day and night.`,
    );
    expect(sentenceOf({ ...UNPROVEN, state: "closed", closeReason: "withdrawn" })).toBe(closed);
    const nextStep = matchStep({ status: "closed", unproven: true, ownStated: true }, "person");
    expect(sentenceOf({ ...UNPROVEN, state: "closed", closeReason: "withdrawn", endedUnproven: true, nextStep })).toBe(
      `${closed} The other unit never proved that it knows this person, and is not named: ask your board who it was.`,
    );
  });

  it("keeps a file or a contact from steering the terminal", () => {
    expect(printable("a\u001b[2Jb\r\nc\u202ed")).toBe("a [2Jb c d");
    expect(sentenceOf({ ...MATCH, reference: "\u001b]0;x\u0007" })).not.toMatch(/\p{Cc}/u);
  });
});
