import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blake2b as nobleBlake2b } from "@noble/hashes/blake2.js";
import { concat, lpText, toHex, u64 } from "../../shared/core/bytes.ts";
import { DOMAINS } from "../../shared/core/domain.ts";
import type { Handle, MemberId } from "../../shared/core/ids.ts";
import {
  agreedHash,
  binderOf,
  confirmKeyOf,
  meetingPayload,
  ownerOf,
  saltCommitment,
  saltKey,
  TAG_BYTES,
  tagger,
  tokenOf,
  tokensOf,
} from "../../shared/crypto/token.ts";
import { expectRefusal, filled, flipped, invented } from "./support.ts";

const salt = saltKey(invented("salt", 32));
const y = invented("y", 64);
const federation = filled(16, 1);

describe("a token", () => {
  it("is what noble-hashes computes, one by one and in a batch", () => {
    const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((bytes) => bytes.some((byte) => byte !== 0));
    const ys = fc.array(fc.uint8Array({ minLength: 64, maxLength: 64 }), { maxLength: 5 });
    fc.assert(
      fc.property(key, fc.constantFrom(...DOMAINS), ys, (bytes, domain, list) => {
        const expected = list.map((each) =>
          nobleBlake2b(concat(lpText("causeway/token/v1"), lpText(domain), each), { dkLen: 16, key: bytes }),
        );
        expect(list.map((each) => toHex(tokenOf(saltKey(bytes), domain, each)))).toEqual(expected.map(toHex));
        expect(tokensOf(saltKey(bytes), domain, list).map(toHex)).toEqual(expected.map(toHex));
      }),
      { seed: 20_261_122, numRuns: 60 },
    );
  });

  it("differs by salt, domain and identifier, and from the confirmation key", () => {
    const tokens = [
      ...DOMAINS.map((domain) => tokenOf(salt, domain, y)),
      tokenOf(saltKey(flipped(salt, 0)), "target", y),
      tokenOf(salt, "target", flipped(y, 63)),
      confirmKeyOf(salt, "target", y).subarray(0, 16),
    ];
    expect(new Set(tokens.map(toHex)).size).toBe(tokens.length);
  });

  it("is refused for anything but 64 bytes, and for a salt that is no key", () => {
    for (const bad of [y.subarray(1), concat(y, y), new Uint8Array(0)]) {
      expectRefusal(() => tokenOf(salt, "target", bad), "INVALID");
      expectRefusal(() => tokensOf(salt, "target", [y, bad]), "INVALID");
      expectRefusal(() => confirmKeyOf(salt, "target", bad), "INVALID");
    }
    for (const bad of [new Uint8Array(0), filled(32, 0), filled(31, 1)]) expectRefusal(() => saltKey(bad), "INVALID");
  });
});

describe("a salt commitment", () => {
  it("binds federation, epoch, domain and salt", () => {
    const base = { federation, epoch: 3, domain: "target", salt } as const;
    const all = [
      base,
      { ...base, federation: filled(16, 2) },
      { ...base, epoch: 4 },
      { ...base, domain: "nexus" as const },
      { ...base, salt: flipped(salt, 5) },
    ].map((each) => toHex(saltCommitment(each)));
    expect(new Set(all).size).toBe(all.length);
  });

  it("refuses wrong lengths, since it has no length prefixes", () => {
    const bad = { federation: filled(15, 1), epoch: 3, domain: "target", salt } as const;
    expect(expectRefusal(() => saltCommitment(bad), "INVALID").fields).toEqual(["federation"]);
    expectRefusal(() => saltCommitment({ ...bad, federation, salt: salt.subarray(1) }), "INVALID");
  });
});

describe("a binder", () => {
  const bytes = { member: filled(16, 1), handle: filled(16, 2), blind: filled(32, 3) };
  const ownerFrom = ({ member, handle, blind }: Record<keyof typeof bytes, Uint8Array>): Uint8Array =>
    ownerOf({ member: toHex(member) as MemberId, handle: toHex(handle) as Handle, blind });

  it("is fixed by owner and conversation key", () => {
    const all = [
      binderOf(filled(32, 4), ownerFrom(bytes)),
      binderOf(filled(32, 5), ownerFrom(bytes)),
      ...(["member", "handle", "blind"] as const).map((field) =>
        binderOf(filled(32, 4), ownerFrom({ ...bytes, [field]: flipped(bytes[field], 0) })),
      ),
    ];
    expect(new Set(all.map(toHex)).size).toBe(all.length);
  });

  it("refuses wrong lengths, since they have no length prefixes", () => {
    for (const field of ["member", "handle", "blind"] as const) {
      const bad = { ...bytes, [field]: filled(17, 1) };
      expect(expectRefusal(() => ownerFrom(bad), "INVALID").fields).toEqual([field]);
    }
    expectRefusal(() => binderOf(filled(31, 4), ownerFrom(bytes)), "INVALID");
    expectRefusal(() => binderOf(filled(32, 4), filled(16, 1)), "INVALID");
  });
});

describe("a tag", () => {
  const scope = { federation, epoch: 7, binder: filled(32, 1) };
  const cb = confirmKeyOf(salt, "target", y);

  it("is 8 bytes of what noble-hashes computes", () => {
    const message = concat(lpText("causeway/tag/v2"), federation, u64(7), scope.binder);
    const expected = nobleBlake2b(message, { dkLen: 16, key: cb }).subarray(0, TAG_BYTES);
    expect(toHex(tagger(scope)(cb))).toBe(toHex(expected));
  });

  it("holds for one identifier, federation, epoch and binder only: copied beside another record it is worth nothing", () => {
    const all = [
      tagger(scope)(cb),
      tagger(scope)(flipped(cb, 0)),
      tagger({ ...scope, federation: filled(16, 2) })(cb),
      tagger({ ...scope, epoch: 8 })(cb),
      tagger({ ...scope, binder: filled(32, 2) })(cb),
    ];
    expect(new Set(all.map(toHex)).size).toBe(all.length);
  });

  it("is refused for an empty or zero key, and for wrong lengths", () => {
    expectRefusal(() => tagger(scope)(new Uint8Array(0)), "INVALID");
    expectRefusal(() => tagger(scope)(filled(32, 0)), "INVALID");
    expectRefusal(() => tagger({ ...scope, binder: filled(16, 1) }), "INVALID");
  });
});

describe("what a statement is signed over", () => {
  const one = { tokenClass: "single", token: filled(16, 1) } as const;
  const other = { tokenClass: "opening", token: filled(16, 2) } as const;
  const base = {
    matchId: filled(16, 3),
    ownBinder: filled(32, 4),
    otherBinder: filled(32, 5),
    validHash: agreedHash([one]),
  };

  it("binds match, both binders in their order, and the agreed tokens", () => {
    const all = [
      base,
      { ...base, matchId: filled(16, 9) },
      { ...base, ownBinder: base.otherBinder, otherBinder: base.ownBinder },
      { ...base, validHash: agreedHash([one, other]) },
      { ...base, validHash: agreedHash([{ ...one, tokenClass: "opening" }]) },
    ].map((each) => toHex(meetingPayload(each)));
    expect(new Set(all).size).toBe(all.length);
  });

  it("does not depend on the order of the agreed tokens, which each side has its own way", () => {
    expect(agreedHash([one, other])).toEqual(agreedHash([other, one]));
    expectRefusal(() => agreedHash([]), "INVALID");
  });
});
