import { describe, expect, it } from "vitest";
import { latinLookAlike, mixesAlphabets, unmixed, unmixedLatin } from "../../agency-node/linkage/look-alikes.ts";
import { plainText, visibleText } from "../../agency-node/linkage/plain-text.ts";
import { hashOf, lowestRanked } from "../../agency-node/linkage/ranking.ts";

describe("a text as a person sees it", () => {
  it("has nothing that nobody sees, and wide letters as plain ones", () => {
    expect(visibleText("Le\u200bvy\u00ad\ufeff")).toBe("Levy");
    expect(visibleText("Ｌｅｖｙ")).toBe("Ｌｅｖｙ");
    expect(plainText("Ｌｅ\u2060ｖｙ")).toBe("Levy");
  });

  it("keeps joiners only between letters that they join", () => {
    const persian = "می\u200cخواهم";
    expect(visibleText(persian)).toBe(persian);
    expect(visibleText("Le\u200cvy\u200d")).toBe("Levy");
  });
});

describe("a word of two alphabets", () => {
  const MIXED = "Pеtrov"; // a Cyrillic е
  const NEITHER = "Zжw"; // no alphabet has all three

  it("is read in each alphabet that all its letters can be of", () => {
    expect(mixesAlphabets(MIXED)).toBe(true);
    expect(unmixed(MIXED)).toEqual(["Petrov"]);
    expect(unmixed("СOMO")).toEqual(["COMO", "СОМО"]);
    expect(unmixedLatin(`${MIXED} Петров`)).toBe("Petrov Петров");
  });

  it("stands as it is where no alphabet has all its letters, and so do words of one", () => {
    expect(unmixed(NEITHER)).toEqual([NEITHER]);
    for (const pure of ["Petrov", "Петров", "Πέτρος", "Petrov Петров"]) expect(unmixed(pure)).toEqual([pure]);
  });

  it("may be a single letter of a plate", () => {
    expect(["А", "Ρ", "A", "Ж"].map(latinLookAlike)).toEqual(["A", "P", "A", "Ж"]);
  });
});

describe("what stays where there are too many", () => {
  it("is the same whatever order a source has", () => {
    const items = Array.from({ length: 50 }, (_, i) => `value ${i}`);
    const kept = lowestRanked(items, 10, (item) => hashOf(item));
    expect(kept).toHaveLength(10);
    expect(lowestRanked(items.toReversed(), 10, (item) => hashOf(item))).toEqual(kept);
    expect(lowestRanked(items, 50, (item) => hashOf(item))).toBe(items);
  });

  it("goes by FNV-1a", () => {
    // From the authors' test suite, draft-eastlake-fnv.
    expect(["", "a", "foobar"].map((text) => hashOf(text))).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
    expect(hashOf("bar", hashOf("foo"))).toBe(hashOf("foobar"));
  });
});
