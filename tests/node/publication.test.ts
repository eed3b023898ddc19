import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { paddedCount } from "../../agency-node/core/padding.ts";
import type { Padding } from "../../agency-node/core/padding.ts";
import { identifiersAt, layOut, paddingOf, tokensOfLayout } from "../../agency-node/core/publication.ts";
import type { HardenedIdentifier } from "../../agency-node/core/publication.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import { hashKey } from "../../shared/crypto/hash.ts";
import { randomBytes } from "../../shared/world/random.ts";

const identifier = fc.record({
  kind: fc.constantFrom("person.name", "person.document", "link.phone"),
  class: fc.constantFrom(...TOKEN_CLASSES),
  cacheKey: fc.uint8Array({ minLength: 16, maxLength: 16 }),
});
const identifiers = fc.uniqueArray(identifier, { maxLength: 64, selector: ({ cacheKey }) => toHex(cacheKey) });
/** A token that names its identifier, so that positions can be followed. */
const token = ({ cacheKey }: HardenedIdentifier): Uint8Array => cacheKey;
const padding = paddingOf(hashKey(randomBytes(32)), 1);
const nowhere = { single: [], dateLevel: [], yearLevel: [] };

describe("the layout of a publication", () => {
  it("holds every identifier once, in its class, at the place where its token stands", () => {
    fc.assert(
      fc.property(identifiers, (all) => {
        const layout = layOut(all, randomBytes);
        const tokens = tokensOfLayout(layout, token, padding);
        for (const tokenClass of TOKEN_CLASSES) {
          const mine = all.filter((each) => each.class === tokenClass);
          expect(layout[tokenClass]).toHaveLength(paddedCount(tokenClass, mine.length));
          expect(tokens[tokenClass]).toHaveLength(16 * paddedCount(tokenClass, mine.length));
          expect(
            layout[tokenClass]
              .filter((place) => place !== null)
              .map(({ cacheKey }) => toHex(cacheKey))
              .sort(),
          ).toEqual(mine.map(({ cacheKey }) => toHex(cacheKey)).sort());
          layout[tokenClass].forEach((place, position) => {
            if (place === null) return;
            expect(tokens[tokenClass].subarray(16 * position, 16 * position + 16)).toEqual(place.cacheKey);
            expect(identifiersAt(layout, { ...nowhere, [tokenClass]: [position, position] })).toEqual([place]);
          });
        }
      }),
      { numRuns: 50 },
    );
  });

  it("puts the same identifiers at other places each time", () => {
    const all = Array.from({ length: 8 }, (_, i) => ({
      kind: "link.phone",
      class: "single" as const,
      cacheKey: new Uint8Array(16).fill(i + 1),
    }));
    const orders = Array.from({ length: 20 }, () =>
      layOut(all, randomBytes)
        .single.map((place) => place?.cacheKey[0])
        .join(" "),
    );
    expect(new Set(orders).size).toBeGreaterThan(15);
  });

  it("keeps a record's padding from version to version, or an amendment would show which tokens are real", () => {
    const numbered = (...numbers: number[]): HardenedIdentifier[] =>
      numbers.map((n) => ({ kind: "link.phone", class: "single", cacheKey: new Uint8Array(16).fill(n) }));
    const tokensWith = (numbers: number[], pad: Padding): Set<string> => {
      const { single } = tokensOfLayout(layOut(numbered(...numbers), randomBytes), token, pad);
      return new Set(Array.from({ length: single.length / 16 }, (_, i) => toHex(single.subarray(16 * i, 16 * i + 16))));
    };
    const kept = (pad: Padding): number => {
      const before = tokensWith([1, 2, 3], pad);
      return [...tokensWith([1, 2, 4, 5], pad)].filter((each) => before.has(each)).length;
    };
    // Two real ones and four of padding stay.
    expect(kept(padding)).toBe(6);
    // The weak variant: what stays is what is real.
    expect(kept(() => randomBytes(16))).toBe(2);
  });

  it("shares no padding with another class, epoch or record", () => {
    const key = hashKey(randomBytes(32));
    const all = [padding, paddingOf(key, 1), paddingOf(key, 2)].flatMap((pad) =>
      TOKEN_CLASSES.flatMap((tokenClass) => [0, 1, 63].map((number) => toHex(pad(tokenClass, number)))),
    );
    expect(new Set(all).size).toBe(27);
  });

  it("counts padding, places outside and fractions for nothing: positions are the broker's word", () => {
    const one = { kind: "link.phone", class: "single" as const, cacheKey: new Uint8Array(16).fill(1) };
    const layout = layOut([one], randomBytes);
    const at = layout.single.findIndex((place) => place !== null);
    const others = [-1, 8, 1e9, 0.5, Number.NaN, ...[0, 1, 2, 3, 4, 5, 6, 7].filter((position) => position !== at)];
    expect(identifiersAt(layout, { ...nowhere, single: others })).toEqual([]);
    expect(identifiersAt(layout, { single: [at, ...others], dateLevel: [at], yearLevel: [at] })).toEqual([one]);
  });
});
