/**
 * What libsodium lets through, shown on the bare library, and what stops it here. If the first half of such a test fails
 * after an upgrade, the trap is gone; the second half must hold in any case.
 */
import { describe, expect, it } from "vitest";
import { concat, fromHex, toHex } from "../../shared/core/bytes.ts";
import { blake2b, blake2bKeyed, constantTimeEqual, hashKey } from "../../shared/crypto/hash.ts";
import type { HashKey } from "../../shared/crypto/hash.ts";
import { evaluateBatch } from "../../shared/crypto/oprf.ts";
import {
  decodeElement,
  decodeNonZeroScalar,
  decodeScalar,
  expandMessageXmd,
  hashToGroup,
  multiplyBase,
  scalarFromUniform,
} from "../../shared/crypto/ristretto.ts";
import { signingKeyPair, verifyPayload } from "../../shared/crypto/sign.ts";
import { sodium } from "../../shared/crypto/sodium.ts";
import { isX25519Key } from "../../shared/crypto/x25519.ts";
import { addWithoutReduction, expectRefusal, filled, GROUP_ORDER_HEX, invented, inventedScalar } from "./support.ts";

const message = invented("message", 100);
const identity = filled(32, 0);

describe("a keyed hash", () => {
  it("is silently unkeyed in libsodium when the key is empty, and refused here", () => {
    expect(sodium.crypto_generichash(16, message, new Uint8Array(0))).toEqual(blake2b(16, message));
    expectRefusal(() => hashKey(new Uint8Array(0)), "INVALID");
  });

  it("takes a one-byte key in libsodium, and no key but of 32 bytes here", () => {
    expect(sodium.crypto_generichash(16, message, filled(1, 7))).toHaveLength(16);
    for (const length of [1, 16, 31, 33, 64]) expectRefusal(() => hashKey(filled(length, 7)), "INVALID");
  });

  it("takes a key of zeros in libsodium, and not here", () => {
    expect(sodium.crypto_generichash(16, message, filled(32, 0))).toHaveLength(16);
    expectRefusal(() => hashKey(filled(32, 0)), "INVALID");
  });

  it("keeps its key when the caller wipes the buffer it came from", () => {
    const buffer = filled(32, 7);
    const key = hashKey(buffer);
    const before = blake2bKeyed(16, key, message);
    buffer.fill(0);
    expect(blake2bKeyed(16, key, message)).toEqual(before);
    // The weak variant: the buffer itself as the key.
    expect(blake2bKeyed(16, buffer as HashKey, message)).not.toEqual(before);
  });
});

describe("an element", () => {
  it("may be the identity for libsodium's point check, and not here", () => {
    expect(sodium.crypto_core_ristretto255_is_valid_point(identity)).toBe(true);
    expectRefusal(() => decodeElement(identity), "INVALID");
  });

  it.each([
    ["the field prime, a second name of zero", `ed${"ff".repeat(30)}7f`],
    ["all bits set", "ff".repeat(32)],
    ["a negative field element", `01${"00".repeat(31)}`],
    ["a value that is no square", `26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371`],
  ])("is refused when it is %s", (_, hex) => {
    expectRefusal(() => decodeElement(fromHex(hex)), "INVALID");
  });

  it("is refused with any other length", () => {
    for (const length of [0, 31, 33]) expectRefusal(() => decodeElement(filled(length, 2)), "INVALID");
  });

  it("fails in libsodium's multiplication with the same text whatever is wrong, so a batch names the bad ones first", () => {
    const good = multiplyBase(inventedScalar("good"));
    const scalar = inventedScalar("scalar");
    const texts = [identity, filled(32, 255)].map((bad) =>
      textOf(() => sodium.crypto_scalarmult_ristretto255(scalar, bad)),
    );
    expect(new Set([...texts, textOf(() => sodium.crypto_scalarmult_ristretto255(identity, good))]).size).toBe(1);
    const batch = concat(good, identity, good, filled(32, 255), good);
    expect(evaluateBatch(scalar, batch)).toEqual({ evaluated: new Uint8Array(0), bad: [1, 3] });
  });

  it("comes from 64 hashed bytes: libsodium reads on past a short input, so nothing here passes one", () => {
    expect(sodium.crypto_core_ristretto255_from_hash(filled(8, 1))).toHaveLength(32);
    expect(expandMessageXmd(filled(8, 1), filled(4, 1), 64)).toHaveLength(64);
    expect(hashToGroup(new Uint8Array(0), filled(4, 1))).toHaveLength(32);
    expectRefusal(() => scalarFromUniform(filled(63, 1)), "INVALID");
  });
});

describe("a scalar", () => {
  const order = fromHex(GROUP_ORDER_HEX);
  const below = addWithoutReduction(order, filled(32, 0));
  below[0] = (below[0] as number) - 1;

  it("may be unreduced for libsodium, which makes two encodings of one value, and not here", () => {
    const scalar = inventedScalar("malleable");
    const again = addWithoutReduction(scalar, order);
    const element = multiplyBase(inventedScalar("element"));
    expect(sodium.crypto_scalarmult_ristretto255(again, element)).toEqual(
      sodium.crypto_scalarmult_ristretto255(scalar, element),
    );
    expect(decodeScalar(scalar)).toBe(scalar);
    expectRefusal(() => decodeScalar(again), "INVALID");
  });

  it("is accepted up to the order less one, and refused from the order on", () => {
    expect(toHex(decodeScalar(below))).toBe(toHex(below));
    expect(decodeScalar(filled(32, 0))).toEqual(filled(32, 0));
    for (const bad of [order, addWithoutReduction(order, order), filled(32, 255)]) {
      expectRefusal(() => decodeScalar(bad), "INVALID");
    }
    for (const length of [0, 31, 33]) expectRefusal(() => decodeScalar(filled(length, 0)), "INVALID");
  });

  it("that serves as key or blind is not zero", () => {
    expectRefusal(() => decodeNonZeroScalar(filled(32, 0)), "INVALID");
    expectRefusal(() => scalarFromUniform(filled(64, 0)), "INVALID");
  });
});

describe("an X25519 key of small order", () => {
  const smallOrder = [
    "00".repeat(32),
    `01${"00".repeat(31)}`,
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    `ec${"ff".repeat(30)}7f`,
    `ed${"ff".repeat(30)}7f`,
    `ee${"ff".repeat(30)}7f`,
  ];

  it.each(smallOrder)("%s makes libsodium throw in the middle of a queue, and is refused at intake", (hex) => {
    expect(() => sodium.crypto_scalarmult(invented("secret", 32), fromHex(hex))).toThrow();
    expect(isX25519Key(fromHex(hex))).toBe(false);
  });

  it("has a second, non-canonical name in libsodium for good keys too, refused here", () => {
    const secret = invented("secret", 32);
    const nine = fromHex(`09${"00".repeat(31)}`);
    for (const alias of [`f6${"ff".repeat(30)}7f`, `09${"00".repeat(30)}80`]) {
      expect(sodium.crypto_scalarmult(secret, fromHex(alias))).toEqual(sodium.crypto_scalarmult(secret, nine));
      expect(isX25519Key(fromHex(alias))).toBe(false);
    }
    expect(isX25519Key(nine)).toBe(true);
    expect(isX25519Key(fromHex(`eb${"ff".repeat(30)}7f`))).toBe(true);
  });

  it("or of another length is refused", () => {
    for (const length of [0, 31, 33]) expect(isX25519Key(filled(length, 9))).toBe(false);
  });
});

describe("text with a lone surrogate", () => {
  it("hashes in libsodium as U+FFFD, so two texts collide: functions here take bytes only", () => {
    expect(sodium.crypto_generichash(16, "\ud800", null)).toEqual(sodium.crypto_generichash(16, "\udfff", null));
    const federation = filled(16, 1);
    const { publicKey } = signingKeyPair(filled(32, 1));
    const signature = filled(64, 0);
    expect(() => verifyPayload({ publicKey, type: "\ud800", federation, payload: message, signature })).toThrow(
      RangeError,
    );
  });
});

describe("comparison in constant time", () => {
  it("throws in libsodium for unequal lengths, and is false here", () => {
    expect(() => sodium.memcmp(filled(3, 0), filled(4, 0))).toThrow();
    expect(constantTimeEqual(filled(3, 0), filled(4, 0))).toBe(false);
    expect(constantTimeEqual(filled(3, 0), filled(3, 0))).toBe(true);
    expect(constantTimeEqual(filled(3, 0), filled(3, 1))).toBe(false);
  });
});

function textOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "did not throw";
}
