/** Whoever is asked to sign, at whatever screen, reads the same. */
import { describe, expect, it } from "vitest";
import { ALARM_KINDS } from "../../broker/core/alarm.ts";
import { sayWhat, whatItDoes } from "../../agency-node/admin/desk.ts";
import { SUBJECT_KINDS } from "../../agency-node/core/record.ts";
import { proposalPath } from "../../broker/console/proposals.ts";
import { OBSTACLES } from "../../shared/core/data-plane.ts";
import type { CloseReason } from "../../shared/core/data-plane.ts";
import type { DirectiveBody } from "../../shared/core/directive.ts";
import { DOMAINS } from "../../shared/core/domain.ts";
import type { Hindrance } from "../../shared/core/rotation.ts";
import { boardBefore, describeDirective, directiveSubject, directiveType } from "../../shared/words/directive.ts";
import { hindranceWords, obstacleWords, ownObstacleWords } from "../../shared/words/hindrance.ts";
import { matchSentence, matchStep } from "../../shared/words/match.ts";
import type { MatchFacts, MatchProgress } from "../../shared/words/match.ts";
import { Names } from "../../shared/words/names.ts";
import { factText } from "../../shared/words/pieces.ts";
import { say, speaking, wordFor } from "../../shared/words/say.ts";
import { lakeside, rotating } from "../console/scenario.ts";
import { InventedBroker } from "../console/invented-broker.ts";
import { admission, memberId, seatOf } from "../console/invented-federation.ts";
import { ADMINISTRATOR, TestConsole } from "../console/test-console.ts";
import { textOf } from "../web/visitor.ts";
import { hasMark, PSEUDO } from "../support/pseudo-language.ts";

const FORCED: DirectiveBody = { type: "epochActivate", epoch: 4, laggards: [memberId("wcu-north")] };

/** What the administrators' tool prints before it asks for the digest. */
function terminalText(body: DirectiveBody, broker: InventedBroker): string {
  const lines: string[] = [];
  sayWhat({ say: (line) => lines.push(line), json: () => undefined }, body, broker.state);
  return lines.join("\n");
}

/** One body of every type, among those that an invented history holds. */
function bodies(): DirectiveBody[] {
  const broker = rotating();
  broker.decide({
    type: "reinstate",
    member: memberId("customs"),
    reason: "x",
    salts: broker.saltsFor(admission("customs", "x")),
  });
  broker.replaceFirstSeat("Judge D");
  return broker.signed.map(({ directive }) => directive.body);
}

describe("a cut-over that is forced", () => {
  it("is called forced at the terminal, for programs, and in the console, in the same words", async () => {
    const broker = rotating();
    const proposal = broker.propose(FORCED, ["Prosecutor A"]);
    const { headline, effect, facts } = describeDirective(FORCED, { names: new Names({ federation: broker.state }) });
    expect(effect).toContain("Forces the cut-over");
    const terminal = terminalText(FORCED, broker);
    await using tested = await TestConsole.start(broker);
    const visitor = await tested.signedIn(ADMINISTRATOR);
    const page = textOf(await visitor.read(proposalPath(proposal)))
      .replaceAll("( ", "(")
      .replaceAll(" )", ")");
    for (const text of [headline, effect, ...facts.flatMap((fact) => [fact.label, factText(fact)])]) {
      expect(terminal).toContain(text);
      expect(page).toContain(text);
    }
    expect(whatItDoes(FORCED, broker.state)).toMatchObject({ headline, effect });
  });

  it("is not called so while nobody is left behind", () => {
    expect(terminalText({ ...FORCED, laggards: [] }, rotating())).not.toMatch(/force/i);
  });

  it("is said of a retirement as well", () => {
    const retire: DirectiveBody = { type: "epochRetire", epoch: 3, cause: "rotated", laggards: [], reason: "x" };
    expect(terminalText(retire, rotating())).not.toMatch(/force/i);
    expect(terminalText({ ...retire, laggards: [memberId("wcu-north")] }, rotating())).toContain("Forces the end");
  });
});

describe("every directive", () => {
  it("has a headline, an effect, a type, a subject and its reason, whoever reads it", () => {
    const broker = rotating();
    const names = new Names({ federation: broker.state, directives: broker.signed });
    const all = bodies();
    expect(new Set(all.map(({ type }) => type)).size).toBe(13);
    for (const body of all) {
      const { headline, effect, facts } = describeDirective(body, { names });
      expect(effect).not.toBe(headline);
      expect(facts.length).toBeGreaterThan(1);
      expect(directiveType(body.type)).not.toBe("");
      expect(directiveSubject(body, names)).not.toBe("");
      if ("reason" in body) expect(facts.map(factText)).toContain(body.reason);
      const terminal = terminalText(body, broker);
      for (const text of [headline, effect, ...facts.map(factText)]) expect(terminal).toContain(text);
    }
  });

  it("is described from the catalogue alone", () => {
    const broker = rotating();
    for (const body of bodies()) {
      const described = (): string[] => {
        const { headline, effect, facts } = describeDirective(body, { names: new Names({ federation: broker.state }) });
        return [headline, effect, directiveType(body.type), ...facts.map(({ label }) => label)];
      };
      for (const text of speaking(PSEUDO, described)) expect(hasMark(text), text).toBe(true);
      // Programs read English, whatever the person reads.
      expect(speaking(PSEUDO, () => whatItDoes(body, broker.state))).toEqual(whatItDoes(body, broker.state));
    }
  });

  it("that changes the board says who joins and who leaves it, held against the board of its day", () => {
    const broker = lakeside();
    broker.replaceFirstSeat("Judge D");
    const change = broker.signed.find(({ directive }) => directive.body.type === "boardChange");
    if (change === undefined) throw new Error("no change of the board");
    const before = boardBefore(broker.signed, change.directive.number);
    const names = new Names({ federation: broker.state, directives: broker.signed });
    const { facts } = describeDirective(change.directive.body, { names, boardBefore: before });
    const fact = (label: string): string =>
      facts
        .filter((each) => each.label === label)
        .map(factText)
        .join();
    expect(fact("Joins")).toContain("Judge D");
    expect(fact("Leaves")).toContain("Prosecutor A");
    expect(boardBefore(broker.signed, 1)).toBeUndefined();
    expect(before).toEqual(["Prosecutor A", "Inspector B", "Data protection officer C"].map(seatOf));
  });
});

describe("words", () => {
  it("exist for every obstacle, to others and to the unit itself", () => {
    for (const obstacle of OBSTACLES) {
      expect(obstacleWords(obstacle)).not.toBe(obstacle);
      expect(ownObstacleWords(obstacle)).not.toBe(obstacle);
    }
    expect(obstacleWords("a word of a later version")).toBe("a word of a later version");
  });

  it("exist for every hindrance", () => {
    const all: { readonly [Kind in Hindrance["kind"]]: Extract<Hindrance, { readonly kind: Kind }> } = {
      neverHeard: { kind: "neverHeard" },
      silent: { kind: "silent", sinceMs: Date.UTC(2026, 10, 22, 11, 5) },
      otherHistory: { kind: "otherHistory" },
      notBegun: { kind: "notBegun" },
      obstacle: { kind: "obstacle", obstacle: "salts" },
      records: { kind: "records", missing: 2 },
      digest: { kind: "digest" },
      canaries: { kind: "canaries", missing: 1, of: [] },
    };
    const texts = Object.values(all).map((why) => hindranceWords([why]));
    expect(new Set(texts).size).toBe(texts.length);
    expect(texts).toContain("not heard since 22 November 2026, 11:05 UTC");
    expect(texts).toContain("1 of its test records has not met");
  });

  it("exist for every kind of alarm: what it is, what it means, what to do", () => {
    for (const kind of ALARM_KINDS) {
      const texts = [say(`alarm.${kind}`), say(`alarm.${kind}.means`), say(`alarm.${kind}.advice`)];
      expect(new Set(texts).size).toBe(3);
    }
  });

  it("exist for every domain, kind of subject and end of a match", () => {
    for (const domain of DOMAINS) expect(say(`domain.${domain}`)).toContain(`(${domain})`);
    for (const kind of SUBJECT_KINDS) expect(say(`subject.${kind}`)).toBe(kind);
    const ends: Readonly<Record<CloseReason, true>> = {
      withdrawn: true,
      expired: true,
      amended: true,
    };
    for (const reason of Object.keys(ends)) expect(wordFor("closeReason", reason)).not.toBe(reason);
  });
});

describe("a match", () => {
  const MATCH: MatchFacts = {
    reference: "CT-014",
    subjectKind: "person",
    grade: "strong",
    kind: "identity",
    reasons: ["Both are linked to the same phone number"],
    state: "open",
    closeReason: "withdrawn",
    nextStep: "",
    endedUnproven: false,
  };

  it("is told from the catalogue alone, in every state", () => {
    speaking(PSEUDO, () => {
      for (const state of ["open", "proven", "unproven", "closed"])
        expect(hasMark(matchSentence({ ...MATCH, state }))).toBe(true);
      expect(hasMark(matchSentence({ ...MATCH, state: "unproven", grade: "none" }))).toBe(true);
      expect(hasMark(matchSentence({ ...MATCH, state: "closed", endedUnproven: true }))).toBe(true);
    });
  });

  it("has a next step in every state", () => {
    const late = (ownStated: boolean, otherStated: boolean) =>
      ({ status: "open", proving: true, overdue: { ownStated, otherStated, sinceMs: 0 } }) as const;
    const progress: readonly MatchProgress[] = [
      { status: "open", proving: true },
      { status: "open", proving: false },
      late(true, false),
      late(false, true),
      late(false, false),
      { status: "proven", contactKnown: true },
      { status: "proven", contactKnown: false },
      { status: "unproven", doubt: "copied" },
      { status: "unproven", doubt: "refused" },
      { status: "unproven", doubt: "misnamed" },
      { status: "unproven", doubt: "unread" },
      { status: "closed", unproven: false, ownStated: true },
      { status: "closed", unproven: true, ownStated: true },
      { status: "closed", unproven: true, ownStated: false },
    ];
    const steps = progress.map((each) => matchStep(each, "person"));
    expect(matchStep(late(true, true), "person")).toBe(matchStep({ status: "open", proving: true }, "person"));
    expect(new Set(steps).size).toBe(steps.length);
  });
});
