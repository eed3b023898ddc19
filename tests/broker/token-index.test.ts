import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  type EncounterRules,
  type Encounters,
  type MetToken,
  type TaggedTokens,
  TokenIndex,
  type TokenPlace,
} from "../../broker/core/token-index.ts";
import { keyedTokenHash, type TokenHash } from "../../broker/core/token-hash.ts";
import { concat } from "../../shared/core/bytes.ts";
import { type TagSet, type TokenClass, type TokenSet, TOKEN_CLASSES } from "../../shared/core/data-plane.ts";

const SEED = Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i);
const RUNS = { seed: 20261122, numRuns: 150 };

const keyed = keyedTokenHash(SEED);
const oneSlot: TokenHash = (_w0, _w1, _w2, _w3, out) => out.fill(-1);
const fewSlots: TokenHash = (w0, _w1, _w2, _w3, out) => {
  out[0] = 0;
  out[1] = (w0 & 3) << 30;
};
const hashes: readonly [string, TokenHash][] = [
  ["the keyed hash", keyed],
  ["a hash that sends every token to one slot at the table's end", oneSlot],
  ["a hash that knows four values", fewSlots],
];

const unlimited: EncounterRules = {
  membersMax: { single: Infinity, opening: Infinity, support: Infinity },
  recordsPerMemberMax: Infinity,
  accepts: () => true,
};

/** An invented token, told apart by its number. */
function token(number: number): Uint8Array {
  const bytes = new Uint8Array(16).fill(7);
  new DataView(bytes.buffer).setUint32(0, number, true);
  return bytes;
}

type Numbers = Readonly<Record<TokenClass, readonly number[]>>;

function tokenSet(numbers: Partial<Numbers>): TokenSet {
  const join = (tokenClass: TokenClass) => concat(...(numbers[tokenClass] ?? []).map(token));
  return { single: join("single"), opening: join("opening"), support: join("support") };
}

/** Tags told apart by number and a salt: tags of two records differ, and so do those of one record's versions. */
function tagSet(numbers: Partial<Numbers>, salt = 0): TagSet {
  const tag = (number: number): Uint8Array => {
    const bytes = new Uint8Array(8).fill(9);
    new DataView(bytes.buffer).setInt32(0, number * 100 + salt, true);
    return bytes;
  };
  const join = (tokenClass: TokenClass) => concat(...(numbers[tokenClass] ?? []).map(tag));
  return { single: join("single"), opening: join("opening"), support: join("support") };
}

function content(numbers: Partial<Numbers>, salt = 0): TaggedTokens {
  return { tokens: tokenSet(numbers), tags: tagSet(numbers, salt) };
}

/** `count` tokens of each class that no other record has. */
function ownTokens(record: number, count = 8): TaggedTokens {
  const numbers = Array.from({ length: count }, (_, i) => 1_000_000 + record * 64 + i);
  return content({ single: numbers, opening: numbers, support: numbers });
}

/** What the index must do, written so that it is plainly right. */
class Model {
  readonly records = new Map<number, { member: number; numbers: Numbers; salt: number }>();

  get size(): number {
    let size = 0;
    for (const { numbers } of this.records.values()) for (const c of TOKEN_CLASSES) size += new Set(numbers[c]).size;
    return size;
  }

  holders(tokenClass: TokenClass, number: number): number[] {
    return [...this.records]
      .filter(([, { numbers }]) => numbers[tokenClass].includes(number))
      .map(([record]) => record);
  }

  members(tokenClass: TokenClass, number: number): number {
    return new Set(this.holders(tokenClass, number).map((record) => this.records.get(record)?.member)).size;
  }

  *distinctTokens(record: number): Generator<TokenPlace & { number: number }> {
    for (const tokenClass of TOKEN_CLASSES) {
      const numbers = this.records.get(record)?.numbers[tokenClass] ?? [];
      for (const number of new Set(numbers)) yield { tokenClass, number, position: numbers.indexOf(number) };
    }
  }

  encounters(record: number, rules: EncounterRules): Encounters {
    const byRecord = new Map<number, MetToken[]>();
    const common: TokenPlace[] = [];
    const crowded: (TokenPlace & { member: number })[] = [];
    const member = this.records.get(record)?.member;
    for (const { tokenClass, number, position } of this.distinctTokens(record)) {
      if (this.members(tokenClass, number) > rules.membersMax[tokenClass]) {
        common.push({ tokenClass, position });
        continue;
      }
      const perMember = new Map<number, number>();
      for (const other of this.holders(tokenClass, number)) {
        const view = this.records.get(other);
        if (view === undefined || view.member === member || !rules.accepts(other)) continue;
        const otherPosition = view.numbers[tokenClass].indexOf(number);
        if (tokenClass !== "support" || byRecord.has(other)) {
          byRecord.set(other, [...(byRecord.get(other) ?? []), { tokenClass, position, otherPosition }]);
        }
        perMember.set(view.member, (perMember.get(view.member) ?? 0) + 1);
      }
      for (const [member, count] of perMember) {
        if (count > rules.recordsPerMemberMax) crowded.push({ tokenClass, position, member });
      }
    }
    return { byRecord, common, crowded };
  }
}

type Step = { record: number; member: number; numbers?: Numbers };

const classNumbers = fc.array(fc.nat(14), { maxLength: 10 });
const numbersOf = fc.record({ single: classNumbers, opening: classNumbers, support: classNumbers });
const put = fc.record({ record: fc.nat(11), member: fc.nat(3), numbers: numbersOf });
const removal = fc.record({ record: fc.nat(11), member: fc.constant(0) });
const steps = fc.array(fc.oneof({ arbitrary: put, weight: 3 }, { arbitrary: removal, weight: 1 }), { maxLength: 40 });

function isHeld(numbers: Numbers): boolean {
  return TOKEN_CLASSES.some((tokenClass) => numbers[tokenClass].length > 0);
}

function replay(hash: TokenHash, sequence: readonly Step[]): { index: TokenIndex; model: Model } {
  const index = new TokenIndex(hash);
  const model = new Model();
  let salt = 0;
  for (const { record, member, numbers } of sequence) {
    if (numbers === undefined) expect(index.remove(record)).toBe(model.records.delete(record));
    else {
      salt += 1;
      index.put(record, member, content(numbers, salt));
      model.records.delete(record);
      if (isHeld(numbers)) model.records.set(record, { member, numbers, salt });
    }
    expect(index.size).toBe(model.size);
  }
  return { index, model };
}

function order(place: TokenPlace): number {
  return TOKEN_CLASSES.indexOf(place.tokenClass) * 1000 + place.position;
}

function sorted(encounters: Encounters) {
  return {
    byRecord: new Map(
      [...encounters.byRecord]
        .sort(([x], [y]) => x - y)
        .map(([record, tokens]) => [record, [...tokens].sort((x, y) => order(x) - order(y))]),
    ),
    common: [...encounters.common].sort((x, y) => order(x) - order(y)),
    crowded: [...encounters.crowded].sort((x, y) => order(x) - order(y) || x.member - y.member),
  };
}

describe.each(hashes)("the token index, with %s", (_name, hash) => {
  it("answers like a plain map through any sequence of puts, replacements and removals", () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const { index, model } = replay(hash, sequence);
        expect(index.recordCount).toBe(model.records.size);
        for (let record = 0; record < 12; record += 1) {
          const numbers = model.records.get(record)?.numbers;
          expect(index.has(record)).toBe(numbers !== undefined);
          expect(index.tokensOf(record)).toEqual(tokenSet(numbers ?? {}));
          expect(index.tagsOf(record)).toEqual(tagSet(numbers ?? {}, model.records.get(record)?.salt));
          expect(sorted(index.encounters(record, unlimited))).toEqual(sorted(model.encounters(record, unlimited)));
        }
        for (let number = 0; number < 16; number += 1) {
          for (const c of TOKEN_CLASSES)
            expect([...index.membersHolding(c, token(number))]).toEqual([model.members(c, number)]);
        }
      }),
      RUNS,
    );
  });

  it("keeps to its limits and still reports every shared token of each pair that it reports", () => {
    const limits = fc.record({ common: fc.integer({ min: 1, max: 4 }), perMember: fc.integer({ min: 1, max: 3 }) });
    fc.assert(
      fc.property(steps, limits, fc.nat(11), (sequence, { common, perMember }, hidden) => {
        const { index, model } = replay(hash, sequence);
        const rules: EncounterRules = {
          membersMax: { single: Infinity, opening: common, support: common },
          recordsPerMemberMax: perMember,
          accepts: (record) => record !== hidden,
        };
        for (let record = 0; record < 12; record += 1) {
          const found = sorted(index.encounters(record, rules));
          const expected = sorted(model.encounters(record, rules));
          expect(found.common).toEqual(expected.common);
          expect(found.crowded).toEqual(expected.crowded);
          for (const [other, tokens] of found.byRecord) expect(tokens).toEqual(expected.byRecord.get(other));
          expectEnough(found, expected, perMember, model);
        }
      }),
      RUNS,
    );
  });
});

/** Every token of an opening class leads to as many records of each member as there are, up to the limit. */
function expectEnough(found: Encounters, expected: Encounters, perMember: number, model: Model): void {
  const count = (encounters: Encounters) => {
    const counts = new Map<string, number>();
    for (const [record, tokens] of encounters.byRecord) {
      for (const { tokenClass, position } of tokens.filter((each) => each.tokenClass !== "support")) {
        const key = `${tokenClass}/${position}/${model.records.get(record)?.member}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    return counts;
  };
  const counts = count(found);
  for (const [key, all] of count(expected))
    expect(counts.get(key) ?? 0).toBeGreaterThanOrEqual(Math.min(all, perMember));
}

describe("the token index", () => {
  it("hashes like the published vector of Chaskey-12 for a message of sixteen bytes", () => {
    const key = new Uint8Array(16);
    const view = new DataView(key.buffer);
    [0x833d3433, 0x009f389f, 0x2398e64f, 0x417acf39].forEach((word, i) => view.setUint32(4 * i, word, true));
    const out = new Int32Array(2);
    keyedTokenHash(key)(0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c, out);
    expect([...new Uint32Array(out.buffer)]).toEqual([0x5dd0e2a9, 0xfb5eac8c]);
  });

  it("sends tokens elsewhere under another seed", () => {
    const out = [SEED, SEED.map((byte) => byte ^ 1)].map((seed) => {
      const words = new Int32Array(2);
      keyedTokenHash(seed)(1, 2, 3, 4, words);
      return [...words];
    });
    expect(out[0]).not.toEqual(out[1]);
  });

  it("refuses a seed of another length", () => {
    expect(() => keyedTokenHash(SEED.subarray(1))).toThrowError(expect.objectContaining({ code: "INVALID" }));
  });

  it("tells classes apart", () => {
    const index = new TokenIndex(keyed);
    index.put(1, 1, content({ single: [5] }));
    index.put(2, 2, content({ opening: [5] }));
    expect(index.encounters(1, unlimited).byRecord.size).toBe(0);
    expect([...index.membersHolding("single", token(5))]).toEqual([1]);
  });

  it("lets a support token meet nobody, and tells it with what has met", () => {
    const index = new TokenIndex(keyed);
    index.put(1, 1, content({ single: [5], support: [6, 7] }));
    index.put(2, 2, content({ support: [7] }));
    index.put(3, 3, content({ opening: [8], single: [5], support: [7] }));
    expect([...index.encounters(2, unlimited).byRecord.keys()]).toEqual([]);
    expect(index.encounters(3, unlimited).byRecord).toEqual(
      new Map([
        [
          1,
          [
            { tokenClass: "single", position: 0, otherPosition: 0 },
            { tokenClass: "support", position: 0, otherPosition: 1 },
          ],
        ],
      ]),
    );
  });

  it("reports positions beyond the first block of a class", () => {
    const index = new TokenIndex(keyed);
    const numbers = Array.from({ length: 64 }, (_, i) => i);
    index.put(1, 1, content({ opening: numbers }));
    index.put(2, 2, content({ opening: [70, 63, 71, 17] }));
    expect(index.encounters(2, unlimited).byRecord.get(1)).toEqual([
      { tokenClass: "opening", position: 1, otherPosition: 63 },
      { tokenClass: "opening", position: 3, otherPosition: 17 },
    ]);
  });

  it("forgets records of one member that hold the same token, in whatever order they go", () => {
    const records = Array.from({ length: 7 }, (_, i) => i);
    fc.assert(
      fc.property(fc.shuffledSubarray(records, { minLength: 7 }), fc.integer({ min: 1, max: 7 }), (order, gone) => {
        const index = new TokenIndex(keyed);
        for (const record of records) index.put(record, 1, content({ single: [5] }));
        index.put(100, 2, content({ single: [5] }));
        for (const record of order.slice(0, gone)) index.remove(record);
        const left = [...index.encounters(100, unlimited).byRecord.keys()].sort((x, y) => x - y);
        expect(left).toEqual(order.slice(gone).sort((x, y) => x - y));
      }),
      RUNS,
    );
  });

  it("reads tokens from a view into a larger buffer at any offset", () => {
    const index = new TokenIndex(keyed);
    const padded = concat(Uint8Array.of(1, 2, 3), token(8), token(9));
    const tags = concat(Uint8Array.of(1), tagSet({ single: [8, 9] }).single);
    index.put(1, 1, {
      tokens: { ...tokenSet({}), single: padded.subarray(3) },
      tags: { ...tagSet({}), single: tags.subarray(1) },
    });
    expect(index.tokensOf(1).single).toEqual(concat(token(8), token(9)));
    expect(index.tagsOf(1).single).toEqual(tags.subarray(1));
    expect([...index.membersHolding("single", padded.subarray(3))]).toEqual([1, 1]);
  });

  it("refuses numbers out of range and broken classes, and changes nothing", () => {
    const index = new TokenIndex(keyed);
    index.put(1, 1, content({ single: [1] }));
    const broken = { ...content({}), tokens: { ...tokenSet({}), support: new Uint8Array(17) } };
    const tagless = { tokens: tokenSet({ opening: [1] }), tags: tagSet({}) };
    const attempts: [() => void, string[]][] = [
      [() => index.put(1, 1, broken), ["tokens.support"]],
      [() => index.put(1, 1, tagless), ["tags.opening"]],
      [() => index.put(-1, 0x1_0000, content({})), ["record", "member"]],
      [() => index.put(2 ** 31, 1, content({})), ["record"]],
      [() => index.put(1.5, 1, content({})), ["record"]],
    ];
    for (const [attempt, fields] of attempts) {
      expect(attempt).toThrowError(expect.objectContaining({ code: "INVALID", fields }));
    }
    expect(index.tokensOf(1)).toEqual(tokenSet({ single: [1] }));
    expect(index.size).toBe(1);
  });

  it("takes the largest record and member numbers", () => {
    const index = new TokenIndex(keyed);
    index.put(0x7fff_ffff, 0xffff, content({ single: [1] }));
    index.put(0, 0, content({ single: [1] }));
    expect([...index.encounters(0, unlimited).byRecord.keys()]).toEqual([0x7fff_ffff]);
    expect(index.encounters(0, { ...unlimited, recordsPerMemberMax: 0 }).crowded.map(({ member }) => member)).toEqual([
      0xffff,
    ]);
  });

  it("grows bucket by bucket: no put moves more than a sliver of the index", () => {
    const index = new TokenIndex(keyed);
    let largestPut = 0;
    for (let record = 0; record < 20_000; record += 1) {
      const before = index.moved;
      index.put(record, record % 9, ownTokens(record));
      largestPut = Math.max(largestPut, index.moved - before);
    }
    expect(index.size).toBe(480_000);
    expect(index.moved).toBeGreaterThan(index.size / 2);
    expect(largestPut).toBeLessThan(500);
  });

  it("spreads its growth evenly over the tokens that come", () => {
    const index = new TokenIndex(keyed);
    const perWindow: number[] = [];
    for (let record = 0; record < 20_000; record += 1) {
      if (record % 200 === 0) perWindow.push(index.moved);
      index.put(record, 1, content({ single: Array.from({ length: 24 }, (_, i) => 1_000_000 + record * 64 + i) }));
    }
    const moves = perWindow.slice(51).map((moved, i) => (moved - (perWindow[50 + i] as number)) / (200 * 24));
    // Four splits for five tokens, and what stands in the bucket: one and a quarter to two and a half.
    expect(Math.min(...moves)).toBeGreaterThan(0.8);
    expect(Math.max(...moves)).toBeLessThan(2.5);
  });

  it("stays within 36 bytes a token with its tag, and uses the room of removed records again", () => {
    const index = new TokenIndex(keyed);
    for (let record = 0; record < 20_000; record += 1) index.put(record, 1, ownTokens(record));
    expect(index.bytes / index.size).toBeLessThan(36);
    const full = index.bytes;
    for (let record = 0; record < 20_000; record += 1) expect(index.remove(record)).toBe(true);
    expect([index.size, index.recordCount]).toEqual([0, 0]);
    for (let record = 0; record < 20_000; record += 1) index.put(record, 1, ownTokens(record + 50_000));
    expect(index.bytes).toBeLessThan(full * 1.03);
    expect(index.membersHolding("single", ownTokens(50_001).tokens.single)[0]).toBe(1);
    expect(index.membersHolding("single", ownTokens(1).tokens.single)[0]).toBe(0);
  });

  it("does not slow down, nor hide anybody, when one member floods a token", () => {
    const index = new TokenIndex(keyed);
    index.put(0, 1, content({ single: [5], opening: [6] }));
    for (let record = 1; record <= 30_000; record += 1) index.put(record, 2, content({ single: [5], opening: [6] }));
    index.put(40_000, 3, content({ single: [5], opening: [6] }));
    let looked = 0;
    const rules = { ...unlimited, recordsPerMemberMax: 64, accepts: () => (looked += 1) > 0 };
    const found = index.encounters(40_000, rules);
    expect(found.byRecord.has(0)).toBe(true);
    expect(found.byRecord.size).toBe(65);
    expect(found.crowded).toEqual([
      { tokenClass: "single", position: 0, member: 2 },
      { tokenClass: "opening", position: 0, member: 2 },
    ]);
    expect(looked).toBeLessThan(200);
    for (let record = 1; record <= 30_000; record += 1) index.remove(record);
    expect([...index.encounters(40_000, rules).byRecord.keys()]).toEqual([0]);
  });
});
