import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canarySubject } from "../../agency-node/canaries/core/person.ts";
import { beatOf, pairsOf } from "../../agency-node/canaries/core/plan.ts";
import type { CanaryPair } from "../../agency-node/canaries/core/plan.ts";
import { toHex } from "../../shared/core/bytes.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { BEAT_MS, membersOf, planFor } from "./support.ts";

const keyOf = ({ beatMs, ring, from, to, secret }: CanaryPair): string =>
  [beatMs, ring, from, to, toHex(secret)].join(" ");
const keysOf = (pairs: readonly CanaryPair[]): string[] => pairs.map(keyOf).sort();
const pairsWith = (member: MemberId, pairs: readonly CanaryPair[]): CanaryPair[] =>
  pairs.filter(({ from, to }) => from === member || to === member);

describe("the plan of a beat", () => {
  it("gives every member three pairs or more, with another member each, for 2 to 60 members and any salt", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), fc.string(), fc.nat(1_000), (count, salt, beat) => {
        const members = membersOf(count);
        const pairs = pairsOf(planFor(members, salt, beat * 60_000));
        expect(pairs.every(({ from, to }) => from !== to)).toBe(true);
        expect(new Set(keysOf(pairs)).size).toBe(pairs.length);
        for (const member of members) expect(pairsWith(member, pairs).length).toBeGreaterThanOrEqual(3);
      }),
      { numRuns: 60 },
    );
  });

  it("has no pair for a member alone", () => {
    expect(pairsOf(planFor(membersOf(1)))).toEqual([]);
    expect(pairsOf(planFor([]))).toEqual([]);
  });

  it("is the same at two nodes that hold the members in another order", () => {
    const members = membersOf(7);
    expect(keysOf(pairsOf(planFor(members.toReversed())))).toEqual(keysOf(pairsOf(planFor(members))));
  });

  it("shares no secret with the plan of another beat or under another salt", () => {
    const members = membersOf(5);
    const plans = [planFor(members), planFor(members, "other salt"), planFor(members, "salt", BEAT_MS + 60_000)];
    const secrets = plans.flatMap((plan) => pairsOf(plan).map(({ secret }) => toHex(secret)));
    expect(new Set(secrets).size).toBe(secrets.length);
  });

  it("pairs others under another salt and in another beat", () => {
    const members = membersOf(12);
    const meetings = (salt: string, beatMs = BEAT_MS): string[] =>
      pairsOf(planFor(members, salt, beatMs)).map(({ ring, from, to }) => `${ring} ${from} ${to}`);
    const known = new Set(meetings("salt"));
    // By chance two of 24 would be the same.
    expect(meetings("other salt").filter((pair) => known.has(pair)).length).toBeLessThan(8);
    expect(meetings("salt", BEAT_MS + 60_000).filter((pair) => known.has(pair)).length).toBeLessThan(8);
  });

  it("lets everybody meet everybody within a few beats", () => {
    const members = membersOf(6);
    const met = new Set<string>();
    for (let beat = 0; beat < 20; beat += 1) {
      for (const { from, to } of pairsOf(planFor(members, "salt", BEAT_MS + beat * 60_000))) met.add(`${from} ${to}`);
    }
    expect(met.size).toBe(6 * 5);
  });

  it("changes only beside a member that comes or goes", () => {
    const members = membersOf(20);
    const before = new Set(keysOf(pairsOf(planFor(members))));
    const after = keysOf(pairsOf(planFor(members.slice(1))));
    expect(after.filter((key) => !before.has(key))).toHaveLength(2);
    expect([...before].filter((key) => !after.includes(key))).toHaveLength(4);
  });
});

describe("the beat of an instant", () => {
  it("is the same all through a beat and another one after it", () => {
    const start = Date.UTC(2026, 10, 22, 6);
    expect(beatOf(start, 360)).toBe(start);
    expect(beatOf(start + 360 * 60_000 - 1, 360)).toBe(start);
    expect(beatOf(start + 360 * 60_000, 360)).toBe(start + 360 * 60_000);
  });
});

describe("the bytes of a plan", () => {
  /** The pair was computed a second time, by another BLAKE2b, from the words of `proto/README.md`. */
  it("stay what nodes of other versions derive", () => {
    const [pair] = pairsOf(planFor(membersOf(3)));
    expect([pair?.from, pair?.to]).toEqual(["182bb4d5dd77e5fe50f1287d6974c764", "b614d39bfe6222e34cdd84bd8cc6c7ee"]);
    expect(toHex(pair!.secret)).toBe("de5922a3b62122e2b3dc0d0c80cb53cbe18c15a0deea7503062493fece38b04f");
    expect(canarySubject(pair!, 0)).toEqual({
      kind: "person",
      names: [{ text: "Kutvqugigunubut Natpqalomit", strength: "full" }],
      birthDates: ["2072-07-25"],
      birthPlaces: ["Limwqevabazales"],
      sex: "female",
      countries: [],
      documents: [{ type: "passport", number: "CWCANARY085342059922" }],
      phones: [],
      emails: [],
    });
    expect(canarySubject(pair!, 1).names).toEqual([
      { text: "NATPQALOMIT, Kutvqugigunubut Dapfqemakal", strength: "full" },
    ]);
  });
});
