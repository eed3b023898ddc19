import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blake2b as nobleBlake2b } from "@noble/hashes/blake2.js";
import { concat, lpText, toHex } from "../../shared/core/bytes.ts";
import { DOMAINS } from "../../shared/core/domain.ts";
import {
  confirmationMac,
  confirmKeyOf,
  saltCommitment,
  saltKey,
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

describe("a confirmation MAC", () => {
  const base = {
    cb: confirmKeyOf(salt, "target", y),
    matchId: filled(16, 3),
    side: 0,
    nonces: [filled(32, 4), filled(32, 5)],
  } as const;

  it("binds key, match, side and both nonces in their order, so it can be neither reflected nor replayed", () => {
    const all = [
      base,
      { ...base, cb: flipped(base.cb, 0) },
      { ...base, matchId: filled(16, 9) },
      { ...base, side: 1 as const },
      { ...base, nonces: [filled(32, 5), filled(32, 4)] as const },
      { ...base, nonces: [filled(32, 4), filled(32, 6)] as const },
    ].map((each) => toHex(confirmationMac(each)));
    expect(new Set(all).size).toBe(all.length);
  });

  it("refuses an empty or zero key, and wrong lengths", () => {
    expectRefusal(() => confirmationMac({ ...base, cb: new Uint8Array(0) }), "INVALID");
    expectRefusal(() => confirmationMac({ ...base, cb: filled(32, 0) }), "INVALID");
    expectRefusal(() => confirmationMac({ ...base, matchId: filled(15, 3) }), "INVALID");
    expectRefusal(() => confirmationMac({ ...base, nonces: [filled(31, 4), filled(33, 5)] }), "INVALID");
  });
});
