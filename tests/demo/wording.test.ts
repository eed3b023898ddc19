import { describe, expect, it } from "vitest";
import type { MatchView } from "../../agency-node/cli/rpc/node-client.ts";
import { printable } from "../../shared/terminal/printable.ts";
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

  it("warns of a claim that could not be proven, and says why one ended", () => {
    expect(sentenceOf({ ...UNPROVEN, state: "unproven" })).toContain("do not act on it");
    expect(sentenceOf({ ...MATCH, state: "closed", closeReason: "withdrawn" })).toBe(
      "The overlap with your record CT-014 is closed: a side withdrew its record.",
    );
  });

  it("keeps a file or a contact from steering the terminal", () => {
    expect(printable("a\u001b[2Jb\r\nc\u202ed")).toBe("a [2Jb c d");
    expect(sentenceOf({ ...MATCH, reference: "\u001b]0;x\u0007" })).not.toMatch(/\p{Cc}/u);
  });
});
