import { describe, expect, it } from "vitest";
import type { Subject } from "../../agency-node/core/record.ts";
import { brokenBounds, exposureOf, publishedRecordOf } from "./exposure.ts";
import type { PublishedRecord, PublishedToken } from "./exposure.ts";
import { inventedPersons } from "./invented-persons.ts";

const PERSONS = inventedPersons(2_500);
const PUBLICATION = PERSONS.map(publishedRecordOf);

const token = (name: string, tokenClass: PublishedToken["class"] = "support"): PublishedToken => ({
  class: tokenClass,
  token: name,
  kind: "test",
});

/** What nobody must publish: each word of a name as a token of its own. */
function loneNamesOf({ names = [] }: Subject): PublishedRecord {
  const words = new Set(names.flatMap(({ text }) => text.toLowerCase().split(" ")));
  return [...words].map((word) => token(word));
}

describe("what a broker sees inside one member's publication of invented persons", () => {
  const exposure = exposureOf(PUBLICATION);

  it("stays within every bound", () => {
    expect({ ...exposure, broken: brokenBounds(exposure) }).toMatchObject({ records: 2_500, broken: [] });
  });

  it("is measured on persons who do publish", () => {
    expect(exposure.tokensPerRecord).toBeGreaterThan(4);
  });

  it("breaks the bounds of repetition and of the graph where lone names are tokens", () => {
    const leaky = PUBLICATION.map((record, i) => [...record, ...loneNamesOf(PERSONS[i] as Subject)]);
    expect(brokenBounds(exposureOf(leaky))).toEqual(
      expect.arrayContaining(["seenFiveTimes", "meanLinks", "largestComponent"]),
    );
  });
});

describe("the figures of an exposure", () => {
  it("count occurrences of tokens that five records hold, and not of those that four hold", () => {
    const five = Array.from({ length: 5 }, () => [token("five")]);
    const four = Array.from({ length: 4 }, () => [token("four"), token("four", "single")]);
    expect(exposureOf([...five, ...four])).toMatchObject({ records: 9, seenFiveTimes: 5 / 13, tokensMax: 2 });
  });

  it("link two records once, however many tokens they share, and never across classes", () => {
    const pair = [
      [token("a"), token("b")],
      [token("a"), token("b")],
    ];
    const others = [[token("c", "single")], [token("c", "opening")]];
    expect(exposureOf([...pair, ...others])).toMatchObject({
      graphDensity: 1 / 6,
      meanLinks: 0.5,
      linkedRecords: 0.5,
      largestComponent: 0.5,
    });
  });

  it("follow a chain of links into one connected part", () => {
    const chain = [[token("a")], [token("a"), token("b")], [token("b"), token("c")], [token("c")], [token("d")]];
    expect(exposureOf(chain)).toMatchObject({ meanLinks: 6 / 5, linkedRecords: 4 / 5, largestComponent: 4 / 5 });
  });

  it("compare padded counts: eight tokens of a class look like one, nine do not", () => {
    const tokens = (count: number, name: string) =>
      Array.from({ length: count }, (_, i) => token(`${name}${i}`, "single"));
    const records = [tokens(1, "a"), tokens(8, "b"), tokens(9, "c")];
    expect(exposureOf(records)).toMatchObject({ uniqueCountVectors: 1 / 3 });
  });

  it("are all zero for an empty publication", () => {
    expect(brokenBounds(exposureOf([]))).toEqual([]);
  });
});
