import { describe, expect, it } from "vitest";
import { shuffled, untilBeat, Urn } from "../../agency-node/core/order.ts";
import { SimWorld } from "../sim/world.ts";

/** Pearson's statistic of counts that should be alike: about as much as there are of them, less one. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

const random = (seed: string) => new SimWorld(seed).randomBytes;

describe("an order drawn afresh", () => {
  it("is each of the 24 of four things equally often", () => {
    const bytes = random("orders");
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i += 1) {
      const order = shuffled("abcd", bytes).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // 23 degrees of freedom: beyond 49.7 once in a thousand.
    expect(chiSquare([...counts.values()])).toBeLessThan(49.7);
  });

  it("puts each thing at each place equally often, also when it is taken in portions and more is added meanwhile", () => {
    const bytes = random("places");
    const firsts = Array.from({ length: 10 }, () => 0);
    const lasts = [...firsts];
    for (let i = 0; i < 10_000; i += 1) {
      const urn = new Urn<number>(bytes);
      urn.add([0, 1, 2, 3, 4, 5, 6]);
      const early = urn.take(3);
      urn.add([7, 8, 9]);
      const late = [...urn.take(4), ...urn.take(4)];
      firsts[early[0]!]! += 1;
      lasts[late.at(-1)!]! += 1;
      expect([...early, ...late].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    // 6 degrees of freedom: beyond 22.5 once in a thousand.
    expect(chiSquare(firsts.slice(0, 7))).toBeLessThan(22.5);
    expect(firsts.slice(7)).toEqual([0, 0, 0]);
    expect(chiSquare(lasts.slice(0, 7))).toBeLessThan(22.5);
    expect(chiSquare(lasts.slice(7))).toBeLessThan(13.9);
  });

  it("gives what there is where more is asked for", () => {
    const urn = new Urn<string>(random("few"));
    expect(urn.take(5)).toEqual([]);
    urn.add("ab");
    expect(urn.take(5)).toHaveLength(2);
    expect(urn.size).toBe(0);
  });
});

describe("the beat", () => {
  it("comes at multiples of its length, never at once", () => {
    expect([0, 1, 1_999, 2_000].map((now) => untilBeat(now, 2_000))).toEqual([2_000, 1_999, 1, 2_000]);
  });

  it("of no length is not waited for", () => {
    expect(untilBeat(1_234, 0)).toBe(0);
  });
});
