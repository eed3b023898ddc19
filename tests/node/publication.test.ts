import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { paddedCount } from "../../agency-node/core/padding.ts";
import type { Padding } from "../../agency-node/core/padding.ts";
import { identifiersAt, layOut, paddingOf, tokensOfLayout } from "../../agency-node/core/publication.ts";
import type { HardenedIdentifier } from "../../agency-node/core/publication.ts";
import { concat, toHex } from "../../shared/core/bytes.ts";
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
const tag = ({ cacheKey }: HardenedIdentifier): Uint8Array => cacheKey.subarray(8);
const padding = paddingOf(hashKey(randomBytes(32)), 1);
const nowhere = { single: [], opening: [], support: [] };

describe("the layout of a publication", () => {
  it("holds every identifier once, in its class, at the place where its token stands", () => {
    fc.assert(
      fc.property(identifiers, (all) => {
        const layout = layOut(all, randomBytes);
        const { tokens, tags } = tokensOfLayout(layout, { token, tag, padding });
        for (const tokenClass of TOKEN_CLASSES) {
          const mine = all.filter((each) => each.class === tokenClass);
          expect(layout[tokenClass]).toHaveLength(paddedCount(tokenClass, mine.length));
          expect(tokens[tokenClass]).toHaveLength(16 * paddedCount(tokenClass, mine.length));
          expect(tags[tokenClass]).toHaveLength(8 * paddedCount(tokenClass, mine.length));
          expect(
            layout[tokenClass]
              .filter((place) => place !== null)
              .map(({ cacheKey }) => toHex(cacheKey))
              .sort(),
          ).toEqual(mine.map(({ cacheKey }) => toHex(cacheKey)).sort());
          layout[tokenClass].forEach((place, position) => {
            if (place === null) return;
            expect(tokens[tokenClass].subarray(16 * position, 16 * position + 16)).toEqual(place.cacheKey);
            expect(tags[tokenClass].subarray(8 * position, 8 * position + 8)).toEqual(tag(place));
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
    const publishedWith = (numbers: number[], padding: Padding): { tokens: Set<string>; tags: Set<string> } => {
      const layout = layOut(numbered(...numbers), randomBytes);
      const { tokens, tags } = tokensOfLayout(layout, { token, tag, padding });
      const pieces = (joined: Uint8Array, size: number): Set<string> =>
        new Set(
          Array.from({ length: joined.length / size }, (_, i) => toHex(joined.subarray(size * i, size * i + size))),
        );
      return { tokens: pieces(tokens.single, 16), tags: pieces(tags.single, 8) };
    };
    const kept = (padding: Padding): number[] => {
      const [before, after] = [publishedWith([1, 2, 3], padding), publishedWith([1, 2, 4, 5], padding)];
      const both = (a: Set<string>, b: Set<string>): number => [...a].filter((each) => b.has(each)).length;
      return [both(before.tokens, after.tokens), both(before.tags, after.tags)];
    };
    // Two real ones and four of padding stay.
    expect(kept(padding)).toEqual([6, 6]);
    // The weak variants: what stays is what is real.
    expect(kept(() => randomBytes(24))).toEqual([2, 2]);
    expect(kept((...place) => concat(padding(...place).subarray(0, 16), randomBytes(8)))).toEqual([6, 2]);
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
    expect(identifiersAt(layout, { single: [at, ...others], opening: [at], support: [at] })).toEqual([one]);
  });
});
