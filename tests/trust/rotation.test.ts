/** Who holds a rotation up, and what one costs: judged from the members' own words. */
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { EpochHealth, Health, Submission } from "../../shared/core/data-plane.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Incarnation, MemberId } from "../../shared/core/ids.ts";
import { laggardsIn, lossesOf, readinessIn, rehearse, STATEMENT_MS_MAX } from "../../shared/core/rotation.ts";
import type { MemberReport } from "../../shared/core/rotation.ts";
import { randomBytes } from "../../shared/world/random.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { openHealth, signSubmission } from "../../shared/wire/data-plane.ts";
import { newSigner, PaperFederation } from "./paper-federation.ts";
import { NOW_MS } from "./sample-federation.ts";

let paper: PaperFederation;
let harbour: MemberId;
let border: MemberId;
let reports: Map<MemberId, MemberReport>;

beforeEach(() => {
  paper = new PaperFederation();
  harbour = paper.admit("harbour");
  border = paper.admit("border");
  paper.rotate(1);
  paper.decide(paper.opening(2));
  reports = new Map([harbour, border].map((member) => [member, report([epochHealth(1), epochHealth(2)])]));
});

function epochHealth(epoch: number, over: Partial<EpochHealth> = {}): EpochHealth {
  const counts = { records: 100, published: 100, canariesMet: 3, canariesExpected: 3, canariesMissing: [] };
  return { epoch, ...counts, digestAgreedMs: NOW_MS - 1000, obstacle: "", ...over };
}

function statement(epochs: readonly EpochHealth[], over: Partial<Health> = {}): Health {
  return {
    version: "0.1.0",
    nodeTimeMs: NOW_MS - 1000,
    outboxSinceMs: 0,
    capabilities: [],
    skippedNotices: 0,
    recordsNotCompared: 0,
    clockSkewMs: 0,
    heldStrays: 0,
    contestedExpiries: 0,
    canariesUnprovenSinceMs: 0,
    directiveNumber: paper.state.head.number,
    directiveHash: paper.state.head.hash,
    epochs,
    ...over,
  };
}

function report(epochs: readonly EpochHealth[], over: Partial<Health> = {}): MemberReport {
  const held = epochs.map(({ epoch }) => ({ epoch, records: 110, tokens: 1760 }));
  return { statement: statement(epochs, over), held };
}

const known = () => ({ federation: paper.state, reports, nowMs: NOW_MS });
const whyOf = (member: MemberId) => readinessIn(2, known()).find((each) => each.member === member)?.why;

describe("an epoch may become active", () => {
  it("when every member in good standing says that all of it is there", () => {
    expect(laggardsIn(2, known())).toEqual([]);
    expect(readinessIn(2, known()).map(({ ready }) => ready)).toEqual([true, true]);
  });

  it("not while a member has something missing", () => {
    const cases: [Partial<EpochHealth>, object][] = [
      [{ published: 99 }, { kind: "records", missing: 1 }],
      [{ published: 101 }, { kind: "records", missing: 1 }],
      [{ digestAgreedMs: 0 }, { kind: "digest" }],
      [{ canariesMet: 1 }, { kind: "canaries", missing: 2, of: [] }],
      [{ obstacle: "scheme" }, { kind: "obstacle", obstacle: "scheme" }],
    ];
    for (const [over, why] of cases) {
      reports.set(harbour, report([epochHealth(1), epochHealth(2, over)]));
      expect(whyOf(harbour)).toEqual([why]);
      expect(laggardsIn(2, known()).map(({ member }) => member)).toEqual([harbour]);
    }
  });

  it("not while a member is silent, has not begun, or follows another history", () => {
    reports.delete(harbour);
    expect(whyOf(harbour)).toEqual([{ kind: "neverHeard" }]);
    reports.set(harbour, report([epochHealth(1)]));
    expect(whyOf(harbour)).toEqual([{ kind: "notBegun" }]);
    reports.set(harbour, report([epochHealth(2)], { directiveHash: randomBytes(32) }));
    expect(whyOf(harbour)).toEqual([{ kind: "otherHistory" }]);
    for (const nodeTimeMs of [NOW_MS - STATEMENT_MS_MAX - 1, NOW_MS + STATEMENT_MS_MAX + 1]) {
      reports.set(harbour, report([epochHealth(2)], { nodeTimeMs }));
      expect(whyOf(harbour)).toEqual([{ kind: "silent", sinceMs: nodeTimeMs }]);
    }
  });

  it("without a member that is suspended", () => {
    reports.delete(harbour);
    paper.decide({ type: "suspend", member: harbour, reason: "invented" });
    expect(laggardsIn(2, known())).toEqual([]);
  });

  it("but for test records shared with those who are left behind", () => {
    const third = paper.admit("third");
    const waits = (of: readonly MemberId[], over: Partial<EpochHealth> = {}) =>
      report([epochHealth(2, { canariesMet: 1, canariesMissing: of, ...over })]);
    const behind = (without: readonly MemberId[] | "all") =>
      laggardsIn(2, known(), without).map(({ member }) => member);
    reports.delete(harbour);
    reports.set(border, waits([harbour])).set(third, waits([harbour, border]));
    expect(behind([])).toEqual([harbour, border, third]);
    // The third's own with the second are missing, whoever is left behind.
    expect(behind([harbour])).toEqual([harbour, third]);
    reports.set(third, waits([harbour]));
    expect(behind([harbour])).toEqual([harbour]);
    expect(behind("all")).toEqual([harbour]);
    // Anything else holds up as before, and a member that does not say whose are missing.
    reports.set(third, waits([harbour], { digestAgreedMs: 0 }));
    expect(behind([harbour])).toEqual([harbour, third]);
    reports.set(third, waits([]));
    expect(behind([harbour])).toEqual([harbour, third]);
  });

  it("only on figures in which nothing is missing, whatever they are", () => {
    const small = fc.nat(3);
    fc.assert(
      fc.property(small, small, small, small, fc.boolean(), (records, published, met, expected, agreed) => {
        const over = { records, published, canariesMet: met, canariesExpected: expected };
        reports.set(harbour, report([epochHealth(2, { ...over, digestAgreedMs: agreed ? 1 : 0 })]));
        expect(whyOf(harbour)?.length === 0).toBe(records === published && met === expected && agreed);
      }),
    );
  });
});

describe("a node's statement", () => {
  function signed(health: Health, member: MemberId, signer: SigningKeyPair): Uint8Array {
    const submission: Submission = {
      recipientKey: randomBytes(32),
      member,
      incarnation: toId<Incarnation>("11".repeat(16)),
      sequence: 4,
      prevHash: randomBytes(32),
      epoch: 2,
      body: { kind: "health", ...health },
    };
    return signSubmission(submission, { federation: paper.state.id, signer }).signed;
  }
  const open = (bytes: Uint8Array, member = harbour) =>
    openHealth(bytes, { federation: paper.state.id, member, signingKey: paper.member(member).signingKey });

  it("counts when the member signed it, and never when the broker did", () => {
    const health = statement([epochHealth(2)]);
    const own = paper.signers.get(harbour) as SigningKeyPair;
    expect(open(signed(health, harbour, own))).toEqual(health);
    const unproven = expect.objectContaining({ code: "UNPROVEN" });
    expect(() => open(signed(health, harbour, newSigner()))).toThrow(unproven);
    expect(() => open(signed(health, harbour, own), border)).toThrow(unproven);
    expect(() => open(signed(health, border, own))).toThrow(unproven);
  });
});

describe("a rehearsal", () => {
  it("adds up what would be made again, what stays behind, and how long it takes", () => {
    const figures = rehearse(known(), 100);
    expect(figures).toMatchObject({ epoch: 3, records: 200, tokens: 3200, leftBehind: 20, expectedSeconds: 32 });
    expect(figures.members.map(({ member }) => member)).toEqual([harbour, border]);
  });

  it("names who would hold it up", () => {
    reports.set(border, { held: [{ epoch: 2, records: 5, tokens: 80 }] });
    expect(rehearse(known()).members[1]).toMatchObject({ records: 5, tokens: 80, why: [{ kind: "neverHeard" }] });
  });

  it("of a federation without an epoch is empty", () => {
    const fresh = new PaperFederation();
    expect(rehearse({ ...known(), federation: fresh.state })).toMatchObject({
      epoch: 1,
      records: 0,
      expectedSeconds: 0,
    });
  });
});

describe("closing a leaked epoch", () => {
  it("loses what does not stand in the other one", () => {
    reports.set(border, report([epochHealth(1), epochHealth(2, { published: 40 })], { outboxSinceMs: 5 }));
    expect(lossesOf(1, known())).toEqual({
      remains: 2,
      remainsActive: false,
      neverCorrelate: 0,
      members: [
        { member: harbour, records: 0, underWay: false, unheard: false },
        { member: border, records: 60, underWay: true, unheard: false },
      ],
    });
  });

  it("loses everything where there is no other, and the list of values that mean nobody", () => {
    paper.decide({ type: "epochActivate", epoch: 2, laggards: [] });
    paper.decide({ type: "epochRetire", epoch: 1, cause: "rotated", laggards: [], reason: "invented" });
    const tokens = [randomBytes(16), randomBytes(16)];
    paper.decide({ type: "neverCorrelate", epoch: 2, domain: "target", tokens, reason: "invented" });
    reports.delete(border);
    const losses = lossesOf(2, known());
    expect(losses).toMatchObject({ remains: undefined, neverCorrelate: 2 });
    expect(losses.members).toEqual([
      { member: harbour, records: 100, underWay: false, unheard: false },
      { member: border, records: 0, underWay: false, unheard: true },
    ]);
  });
});
