import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  findCandidates,
  isExpired,
  matchIdOf,
  recordKeyOf,
  type RecordLookup,
  type RecordView,
} from "../../broker/core/matching.ts";
import { keyedTokenHash } from "../../broker/core/token-hash.ts";
import { type TaggedTokens, TokenIndex } from "../../broker/core/token-index.ts";
import { concat, fromHex, toHex } from "../../shared/core/bytes.ts";
import { OPENING_CLASSES, type TokenClass } from "../../shared/core/data-plane.ts";
import type { Handle, MemberId } from "../../shared/core/ids.ts";
import { blake2b } from "@noble/hashes/blake2.js";

const TODAY = 20_780;
const FEDERATION = new Uint8Array(16).fill(0xfe);

function id(number: number): string {
  return number.toString(16).padStart(32, "0");
}

function content(numbers: Partial<Record<TokenClass, readonly number[]>>): TaggedTokens {
  const join = (tokenClass: TokenClass) => concat(...(numbers[tokenClass] ?? []).map((number) => fromHex(id(number))));
  const tags = (tokenClass: TokenClass) => new Uint8Array(8 * (numbers[tokenClass] ?? []).length);
  return {
    tokens: { single: join("single"), opening: join("opening"), support: join("support") },
    tags: { single: tags("single"), opening: tags("opening"), support: tags("support") },
  };
}

/** Invented members and records; a record's handle sorts against its number, so that order by key is not order by number. */
class Federation {
  readonly index = new TokenIndex(keyedTokenHash(new Uint8Array(16).fill(3)));
  readonly views = new Map<number, RecordView>();
  readonly lookup: RecordLookup = (record) => this.views.get(record);

  publish(
    record: number,
    member: number,
    tokens: Partial<Record<TokenClass, readonly number[]>>,
    reviewByDay = TODAY,
  ): void {
    const handle = id(0xffff_ffff - record) as Handle;
    this.views.set(record, { member: id(member) as MemberId, handle, reviewByDay, handling: "open" });
    this.index.put(record, member, content(tokens));
  }

  match(record: number, today = TODAY) {
    return findCandidates(this.index, record, this.lookup, today);
  }
}

describe("matching", () => {
  it.each(OPENING_CLASSES)("finds a pair by one token of class %s", (tokenClass) => {
    const federation = new Federation();
    federation.publish(1, 10, { [tokenClass]: [100, 7] });
    federation.publish(2, 20, { [tokenClass]: [7] });
    expect(federation.match(2).candidates).toEqual([{ a: 1, b: 2, met: [{ tokenClass, positionA: 1, positionB: 0 }] }]);
  });

  it("finds nothing inside one member, and nothing across classes", () => {
    const federation = new Federation();
    federation.publish(1, 10, { single: [7] });
    federation.publish(2, 10, { single: [7] });
    federation.publish(3, 20, { opening: [7] });
    expect(federation.match(2).candidates).toEqual([]);
    expect(federation.match(3).candidates).toEqual([]);
  });

  it("opens nothing by support tokens, however many, and tells them with what is open", () => {
    const federation = new Federation();
    federation.publish(1, 10, { opening: [1], support: [7, 8, 9] });
    federation.publish(2, 20, { opening: [2], support: [9, 8, 7] });
    federation.publish(3, 30, { opening: [1], support: [8] });
    expect(federation.match(2).candidates).toEqual([]);
    expect(federation.match(3).candidates).toEqual([
      {
        a: 1,
        b: 3,
        met: [
          { tokenClass: "opening", positionA: 0, positionB: 0 },
          { tokenClass: "support", positionA: 1, positionB: 0 },
        ],
      },
    ]);
  });

  it("never pairs a member with itself, even where the index knows it under two numbers", () => {
    const federation = new Federation();
    federation.publish(1, 10, { single: [7] });
    federation.publish(2, 20, { single: [7] });
    federation.views.set(2, { ...(federation.views.get(2) as RecordView), member: id(10) as MemberId });
    expect(federation.match(2).candidates).toEqual([]);
  });

  it("gives the same candidate from either side, side 0 being the lower record key, everything sorted", () => {
    const federation = new Federation();
    federation.publish(1, 30, { single: [1, 2], support: [3, 4, 5] });
    federation.publish(2, 20, { single: [2, 1], support: [5, 3] });
    federation.publish(3, 20, { single: [9, 2] });
    const expected = {
      a: 2,
      b: 1,
      met: [
        { tokenClass: "single", positionA: 0, positionB: 1 },
        { tokenClass: "single", positionA: 1, positionB: 0 },
        { tokenClass: "support", positionA: 0, positionB: 2 },
        { tokenClass: "support", positionA: 1, positionB: 0 },
      ],
    };
    expect(federation.match(2).candidates).toEqual([expected]);
    const fromOther = federation.match(1).candidates;
    expect(fromOther[0]).toEqual(expected);
    expect(fromOther.map(({ a, b }) => [a, b])).toEqual([
      [2, 1],
      [3, 1],
    ]);
  });

  it("lets a record take part through its review day and not a day longer, on either side", () => {
    const federation = new Federation();
    federation.publish(1, 10, { single: [7] }, TODAY);
    federation.publish(2, 20, { single: [7] }, TODAY + 30);
    expect(federation.match(2, TODAY).candidates).toHaveLength(1);
    expect(federation.match(2, TODAY + 1).candidates).toHaveLength(0);
    expect(federation.match(1, TODAY + 1).candidates).toHaveLength(0);
    expect(isExpired({ reviewByDay: TODAY }, TODAY)).toBe(false);
    expect(isExpired({ reviewByDay: TODAY }, TODAY + 1)).toBe(true);
  });

  it("leaves out a record that takes no part now, and finds it again afterwards", () => {
    const federation = new Federation();
    federation.publish(1, 10, { single: [7] });
    federation.publish(2, 20, { single: [7] });
    const suspended = federation.views.get(1) as RecordView;
    federation.views.delete(1);
    expect(federation.match(2).candidates).toEqual([]);
    expect(federation.match(1).candidates).toEqual([]);
    federation.views.set(1, suspended);
    expect(federation.match(2).candidates).toHaveLength(1);
    expect(federation.match(1).candidates).toHaveLength(1);
  });

  it("suppresses an opening or support token that more than 32 members hold, never a single one", () => {
    const federation = new Federation();
    for (let member = 1; member <= 32; member += 1) {
      federation.publish(member, member, { single: [1], opening: [2], support: [3] });
    }
    expect(federation.match(1).common).toEqual([]);
    federation.publish(33, 33, { single: [1], opening: [8, 2], support: [3] });
    const { candidates, common } = federation.match(33);
    expect(common).toEqual([
      { tokenClass: "opening", position: 1 },
      { tokenClass: "support", position: 0 },
    ]);
    expect(candidates).toHaveLength(32);
    for (const { met } of candidates) expect(met).toEqual([{ tokenClass: "single", positionA: 0, positionB: 0 }]);
  });

  it("cannot be made to suppress a token by one member, however often it publishes it", () => {
    const federation = new Federation();
    federation.publish(1, 10, { opening: [2] });
    for (let record = 2; record < 5_000; record += 1) federation.publish(record, 66, { opening: [2] });
    federation.publish(9_000, 20, { opening: [2] });
    const { candidates, common, crowded } = federation.match(9_000);
    expect(common).toEqual([]);
    expect(crowded).toEqual([{ tokenClass: "opening", position: 0, member: 66 }]);
    expect(candidates.some(({ a, b }) => a === 1 && b === 9_000)).toBe(true);
    expect(candidates).toHaveLength(65);
  });

  it("still counts a flooded token as evidence for a pair that another token finds", () => {
    const federation = new Federation();
    for (let record = 1; record < 500; record += 1) federation.publish(record, 10, { single: [2, 1_000 + record] });
    federation.publish(900, 20, { single: [1_250, 2] });
    expect(federation.match(900).candidates.find(({ a }) => a === 250)?.met).toEqual([
      { tokenClass: "single", positionA: 0, positionB: 1 },
      { tokenClass: "single", positionA: 1, positionB: 0 },
    ]);
  });

  it("loses no pair that shares a token, whatever is published, replaced and withdrawn", () => {
    const numbers = fc.array(fc.nat(20), { maxLength: 6 });
    const record = fc.record({ member: fc.nat(4), tokens: fc.record({ single: numbers, opening: numbers }) });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(9), record), { maxLength: 25 }), (steps) => {
        const federation = new Federation();
        const live = new Map<number, (typeof steps)[0][1]>();
        for (const [number, entry] of steps) {
          federation.publish(number, entry.member, entry.tokens);
          live.set(number, entry);
        }
        for (const [number, entry] of live) {
          const expected = [...live]
            .filter(([, other]) => other.member !== entry.member && isSharing(entry.tokens, other.tokens))
            .map(([other]) => other)
            .sort((x, y) => x - y);
          const found = federation.match(number).candidates.map(({ a, b }) => (a === number ? b : a));
          expect(found).toEqual(expected);
        }
      }),
      { seed: 20261122, numRuns: 200 },
    );
  });
});

function isSharing(one: { single: number[]; opening: number[] }, other: typeof one): boolean {
  return (["single", "opening"] as const).some((c) => one[c].some((number) => other[c].includes(number)));
}

describe("match ids", () => {
  const lower = recordKeyOf({ member: id(1) as MemberId, handle: id(9) as Handle });
  const higher = recordKeyOf({ member: id(2) as MemberId, handle: id(3) as Handle });

  it("are BLAKE2b-128 over label, federation, lower and higher record key, by another implementation too", () => {
    const label = new TextEncoder().encode("causeway/match/v1");
    const input = concat(Uint8Array.of(0, label.length), label, FEDERATION, fromHex(lower), fromHex(higher));
    expect(matchIdOf(FEDERATION, lower, higher)).toBe(toHex(blake2b(input, { dkLen: 16 })));
  });

  it("do not depend on which record came first", () => {
    expect(matchIdOf(FEDERATION, higher, lower)).toBe(matchIdOf(FEDERATION, lower, higher));
  });

  it("differ between federations", () => {
    expect(matchIdOf(new Uint8Array(16), lower, higher)).not.toBe(matchIdOf(FEDERATION, lower, higher));
  });

  it("are refused for a record with itself and for keys and federations of another length", () => {
    const attempts = [
      () => matchIdOf(FEDERATION, lower, lower),
      () => matchIdOf(FEDERATION, lower, higher.slice(2)),
      () => matchIdOf(FEDERATION.subarray(1), lower, higher),
    ];
    for (const attempt of attempts) expect(attempt).toThrowError(expect.objectContaining({ code: "INVALID" }));
  });
});
