import { describe, expect, it } from "vitest";
import { packLoans, unpackLoans } from "../../agency-node/core/packed.ts";
import { drawLoans, freePlaces, paddedCount, withLoans } from "../../agency-node/core/padding.ts";
import type { Free, Lender, Loan, Padding } from "../../agency-node/core/padding.ts";
import { layOut, paddingOf, tokensOfLayout } from "../../agency-node/core/publication.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Handle } from "../../shared/core/ids.ts";
import { hashKey } from "../../shared/crypto/hash.ts";
import { invented } from "../crypto/support.ts";
import { SimWorld } from "../sim/world.ts";

const random = new SimWorld("padding").randomBytes;
const handleOf = (i: number): Handle => toId<Handle>(i.toString(16).padStart(32, "0"));
const paddingOfHandle = (handle: Handle) => paddingOf(hashKey(invented(`padding of ${handle}`, 32)), 1);

const FREE: Free = { single: 7, opening: 21, support: 12 };
const NONE: Free = { single: 0, opening: 0, support: 0 };

/** Records that each borrow from any of the others, with `frees` for their places. */
function borrowers(frees: readonly Free[]) {
  const all: Loan[][] = [];
  const lender = (borrower: number): Lender => {
    for (;;) {
      const i = random(2).reduce((sum, byte) => 256 * sum + byte, 0) % frees.length;
      if (i !== borrower) return { handle: handleOf(i), free: frees[i]!, loans: all[i] ?? [] };
    }
  };
  for (const [i, free] of frees.entries()) all.push(drawLoans({ handle: handleOf(i), free }, () => lender(i), random));
  return all;
}

const nothing = () => new Uint8Array();

/** The tokens of a record with nothing but padding, under these loans. */
function tokensOf(handle: Handle, loans: readonly Loan[]): string[] {
  const padding = withLoans(paddingOfHandle(handle), loans, paddingOfHandle);
  const { tokens } = tokensOfLayout(layOut([], random), { token: nothing, tag: nothing, padding });
  return TOKEN_CLASSES.flatMap((tokenClass) =>
    Array.from(
      { length: tokens[tokenClass].length / 16 },
      (_, i) => `${tokenClass} ${toHex(tokens[tokenClass].subarray(16 * i, 16 * i + 16))}`,
    ),
  );
}

describe("the places of a class", () => {
  it("are a power of two, from the least of the class on", () => {
    expect([0, 8, 9, 64].map((count) => paddedCount("single", count))).toEqual([8, 8, 16, 64]);
    expect([0, 9, 16, 17].map((count) => paddedCount("support", count))).toEqual([16, 16, 16, 32]);
    expect([0, 31, 32, 33].map((count) => paddedCount("opening", count))).toEqual([32, 32, 32, 64]);
  });

  it("that are free are those that hold no identifier", () => {
    const identifiers = [...TOKEN_CLASSES, "single" as const].map((tokenClass) => ({ class: tokenClass }));
    expect(freePlaces(identifiers)).toEqual({ single: 6, opening: 31, support: 15 });
  });
});

describe("borrowed padding", () => {
  const loans = borrowers(Array.from({ length: 2_000 }, () => FREE));

  it("makes records share tokens that hold none in common: from two or three others on average, and often more than one token", () => {
    const lenders = loans.map((of) => new Set(of.map(({ lender }) => lender)).size);
    const mean = lenders.reduce((sum, count) => sum + count, 0) / lenders.length;
    expect(mean).toBeGreaterThan(2);
    expect(mean).toBeLessThan(3);
    const each = loans.flatMap((of) =>
      [...Map.groupBy(of, ({ lender }) => lender).values()].map(({ length }) => length),
    );
    for (const [tokens, share] of [
      [2, 0.4],
      [4, 0.15],
      [8, 0.03],
    ] as const) {
      expect(each.filter((count) => count >= tokens).length / each.length).toBeGreaterThan(share);
    }
  });

  it("stands in both records, once in each, at a place that is padding there", () => {
    for (const [i, of] of loans.slice(0, 200).entries()) {
      const own = tokensOf(handleOf(i), of);
      expect(new Set(own).size).toBe(own.length);
      for (const { lender, tokenClass, number, lent } of of) {
        expect(number).toBeLessThan(FREE[tokenClass]);
        expect(lent).toBeLessThan(FREE[tokenClass]);
        const at = Number.parseInt(lender, 16);
        const theirs = new Set(tokensOf(lender, loans[at]!));
        expect(own.filter((token) => theirs.has(token)).length).toBeGreaterThan(0);
        expect(theirs).toContain(`${tokenClass} ${toHex(paddingOfHandle(lender)(tokenClass, lent).subarray(0, 16))}`);
      }
    }
  });

  it("has a tag of each record's own: two that are equal would say that the token is padding", () => {
    const some = loans.slice(0, 400);
    const repeatedTags = (paddings: readonly Padding[]): number => {
      const tags = paddings.flatMap((padding) => {
        const published = tokensOfLayout(layOut([], random), { token: nothing, tag: nothing, padding });
        return TOKEN_CLASSES.flatMap((each) => toHex(published.tags[each]).match(/.{16}/g) ?? []);
      });
      return tags.length - new Set(tags).size;
    };
    expect(repeatedTags(some.map((of, i) => withLoans(paddingOfHandle(handleOf(i)), of, paddingOfHandle)))).toBe(0);
    // The weak variant: a place is lent whole.
    const lentWhole = some.map((of, i): Padding => (tokenClass, number) => {
      const loan = of.find((each) => each.tokenClass === tokenClass && each.number === number);
      return loan === undefined
        ? paddingOfHandle(handleOf(i))(tokenClass, number)
        : paddingOfHandle(loan.lender)(tokenClass, loan.lent);
    });
    expect(repeatedTags(lentWhole)).toBeGreaterThan(100);
  });

  it("stands in two records most often, and in many now and then", () => {
    const holders = new Map<string, number>();
    for (const { lender, tokenClass, lent } of loans.flat()) {
      const key = `${lender} ${tokenClass} ${lent}`;
      holders.set(key, (holders.get(key) ?? 1) + 1);
    }
    const counts = [...holders.values()];
    expect(counts.filter((count) => count === 2).length / counts.length).toBeGreaterThan(0.5);
    expect(counts.filter((count) => count >= 5).length).toBeGreaterThan(20);
  });

  it("is none where there is no room or nobody to lend", () => {
    const [own, other] = [handleOf(1), handleOf(2)];
    for (let i = 0; i < 20; i += 1) {
      expect(drawLoans({ handle: own, free: NONE }, () => ({ handle: other, free: FREE, loans: [] }), random)).toEqual(
        [],
      );
      expect(drawLoans({ handle: own, free: FREE }, () => ({ handle: other, free: NONE, loans: [] }), random)).toEqual(
        [],
      );
      expect(drawLoans({ handle: own, free: FREE }, () => undefined, random)).toEqual([]);
    }
  });

  it("is never a record's own, lent back by another", () => {
    const own = { handle: handleOf(1), free: FREE };
    const back: Loan = { tokenClass: "single", number: 1, lender: own.handle, lent: 0 };
    const nextLender = () => ({ handle: handleOf(2), free: NONE, loans: [back] });
    for (let i = 0; i < 50; i += 1) expect(drawLoans(own, nextLender, random)).toEqual([]);
  });

  it("is kept as it is", () => {
    const [some] = loans.filter(({ length }) => length > 3);
    expect(unpackLoans(packLoans(some!))).toEqual(some);
  });
});
