import { beforeAll, describe, expect, it } from "vitest";
import { canaryRole, canarySubject } from "../../agency-node/canaries/core/person.ts";
import { pairsOf } from "../../agency-node/canaries/core/plan.ts";
import type { CanaryPair } from "../../agency-node/canaries/core/plan.ts";
import { domainOf } from "../../agency-node/core/record.ts";
import type { Subject } from "../../agency-node/core/record.ts";
import { comparableOf, identifiersOf } from "../../agency-node/linkage/identifiers.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { inventedPersons } from "../eval/invented-persons.ts";
import { join } from "../eval/join.ts";
import { gradingBetween } from "../linkage/subjects.ts";
import { membersOf, planFor } from "./support.ts";

/** More than a federation of 50 has live at once. */
const MEMBERS = 250;

describe("the invented persons of canaries", () => {
  let pairs: CanaryPair[];
  let sides: (readonly [Subject, Subject])[];

  beforeAll(() => {
    pairs = pairsOf(planFor(membersOf(MEMBERS)));
    sides = pairs.map((pair) => [canarySubject(pair, 0), canarySubject(pair, 1)]);
  });

  it("meet at probable or better, as identity, and say nothing that cannot be compared", () => {
    for (const [one, other] of sides) {
      const grading = gradingBetween(one, other);
      expect(grading.kind).toBe("identity");
      expect(["probable", "strong"]).toContain(grading.grade);
      expect(gradingBetween(other, one)).toEqual(grading);
      expect([comparableOf(one).problems, comparableOf(other).problems]).toEqual([[], []]);
    }
  });

  it("are derived alike by both nodes, and written by each in its own way", () => {
    const again = pairsOf(planFor(membersOf(MEMBERS).toReversed()));
    const known = new Map(again.map((pair) => [toHex(pair.secret), pair]));
    for (const [i, pair] of pairs.entries()) {
      const same = known.get(toHex(pair.secret))!;
      expect(canarySubject(same, 1)).toEqual(sides[i]?.[1]);
      expect(sides[i]?.[0]).not.toEqual(sides[i]?.[1]);
    }
  });

  it("meet at the broker's index nobody but their own pair", () => {
    const entries = (side: 0 | 1) => sides.map((subjects, i) => ({ id: String(i), subject: subjects[side] }));
    const met = join(entries(0), entries(1)).pairs.filter(({ grading }) => grading.grade !== "none");
    expect(met.filter(({ left, right }) => left !== right)).toEqual([]);
    expect(met).toHaveLength(pairs.length);
  });

  it("bear names that no table of names knows and are born in years to come", () => {
    for (const { names, birthDates } of sides.flat()) {
      for (const word of names?.[0]?.text.split(/[ ,]+/) ?? []) expect(word).toMatch(/[qQ]/);
      expect(Number(birthDates?.[0]?.slice(0, 4))).toBeGreaterThan(2060);
    }
  });

  it("have as many tokens of each class as ordinary persons", () => {
    const mean = (subjects: readonly Subject[]): number =>
      subjects.reduce((sum, subject) => sum + identifiersOf(subject).length, 0) / subjects.length;
    const [canaries, ordinary] = [mean(sides.flat()), mean(inventedPersons(1_000))];
    expect(canaries / ordinary).toBeGreaterThan(0.6);
    expect(canaries / ordinary).toBeLessThan(1.6);
  });

  it("are in the domain that they are to prove", () => {
    for (const pair of pairs) {
      expect(domainOf(canaryRole(pair, "target"))).toBe("target");
      expect(domainOf(canaryRole(pair, "protected"))).toBe("protected");
    }
  });
});
