import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import { expand_message_xmd } from "@noble/curves/abstract/hash-to-curve.js";
import { sha512 as nobleSha512 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, fromHex, toHex, utf8 } from "../../shared/core/bytes.ts";
import {
  add,
  expandMessageXmd,
  hashToGroup,
  hashToScalar,
  invertBatch,
  multiply,
  multiplyBase,
  scalarAdd,
  scalarFromUniform,
  scalarInvert,
  scalarMultiply,
  scalarNegate,
  scalarSubtract,
  suiteDst,
} from "../../shared/crypto/ristretto.ts";
import type { Element, Scalar } from "../../shared/crypto/ristretto.ts";
import { sodium } from "../../shared/crypto/sodium.ts";
import { addWithoutReduction, expectRefusal, filled, GROUP_ORDER_HEX, inventedScalar } from "./support.ts";

const SEEDED = { seed: 20_261_122, numRuns: 60 };
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const anyScalar = bytes(64)
  .filter((uniform) => uniform.some((byte) => byte !== 0))
  .map(scalarFromUniform);
const Fn = ristretto255.Point.Fn;
const number = (scalar: Scalar) => Fn.fromBytes(Uint8Array.from(scalar));
const point = (element: Element) => ristretto255.Point.fromBytes(Uint8Array.from(element));

describe("scalars agree with noble-curves", () => {
  it("in addition, subtraction, multiplication, negation and inversion", () => {
    fc.assert(
      fc.property(anyScalar, anyScalar, (a, b) => {
        expect(number(scalarAdd(a, b))).toBe(Fn.add(number(a), number(b)));
        expect(number(scalarSubtract(a, b))).toBe(Fn.sub(number(a), number(b)));
        expect(number(scalarMultiply(a, b))).toBe(Fn.mul(number(a), number(b)));
        expect(number(scalarNegate(a))).toBe(Fn.neg(number(a)));
        expect(number(scalarInvert(a))).toBe(Fn.inv(number(a)));
      }),
      SEEDED,
    );
  });

  it("in hashing to a scalar and to the group, and in expand_message_xmd", () => {
    const dst = utf8("causeway/test/v1");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (message) => {
        const expanded = expandMessageXmd(message, dst, 64);
        expect(expanded).toEqual(expand_message_xmd(message, dst, 64, nobleSha512));
        expect(toHex(hashToGroup(message, dst))).toBe(ristretto255_hasher.hashToCurve(message, { DST: dst }).toHex());
        expect(number(hashToScalar(message, dst))).toBe(ristretto255_hasher.hashToScalar(message, { DST: dst }));
      }),
      SEEDED,
    );
  });
});

describe("elements agree with noble-curves", () => {
  it("in multiplication and addition", () => {
    fc.assert(
      fc.property(anyScalar, anyScalar, (a, b) => {
        const [p, q] = [multiplyBase(a), multiplyBase(b)];
        expect(toHex(p)).toBe(ristretto255.Point.BASE.multiply(number(a)).toHex());
        expect(toHex(multiply(b, p))).toBe(point(p).multiply(number(b)).toHex());
        expect(toHex(add(p, q))).toBe(point(p).add(point(q)).toHex());
      }),
      SEEDED,
    );
  });

  it("and a sum that cancels out is refused", () => {
    const scalar = inventedScalar("cancel");
    expectRefusal(() => add(multiplyBase(scalar), multiplyBase(scalarNegate(scalar))), "INVALID");
  });

  it("and multiplication refuses scalar zero", () => {
    const zero = filled(32, 0) as Scalar;
    expectRefusal(() => multiply(zero, multiplyBase(inventedScalar("p"))), "INVALID");
    expectRefusal(() => multiplyBase(zero), "INVALID");
    expectRefusal(() => scalarInvert(zero), "INVALID");
  });
});

describe("inversion of a batch", () => {
  it("gives what one inversion each gives", () => {
    fc.assert(
      fc.property(fc.array(anyScalar, { minLength: 1, maxLength: 12 }), (scalars) => {
        expect(invertBatch(concat(...scalars))).toEqual(concat(...scalars.map(scalarInvert)));
      }),
      SEEDED,
    );
  });

  it("refuses a zero, which without the check would make every result wrong", () => {
    const [a, b] = [inventedScalar("a"), inventedScalar("b")];
    const zero = filled(32, 0) as Scalar;
    expect(scalarMultiply(scalarMultiply(a, zero), b)).toEqual(zero);
    expectRefusal(() => invertBatch(concat(a, zero, b)), "INVALID");
  });

  it("refuses an unreduced scalar, which libsodium would invert", () => {
    const unreduced = addWithoutReduction(inventedScalar("a"), fromHex(GROUP_ORDER_HEX));
    expect(sodium.crypto_core_ristretto255_scalar_invert(unreduced)).toEqual(scalarInvert(inventedScalar("a")));
    expectRefusal(() => invertBatch(concat(unreduced, inventedScalar("b"))), "INVALID");
    expectRefusal(() => invertBatch(concat(inventedScalar("b"), unreduced)), "INVALID");
  });

  it("refuses an empty batch and a broken last item", () => {
    expectRefusal(() => invertBatch(new Uint8Array(0)), "INVALID");
    expectRefusal(() => invertBatch(filled(33, 1)), "INVALID");
  });
});

describe("domain separation", () => {
  it("writes the context of protocol section 13", () => {
    const expected = concat(utf8("HashToGroup-OPRFV1-"), Uint8Array.of(1), utf8("-ristretto255-SHA512"));
    expect(suiteDst("HashToGroup-", "voprf")).toEqual(expected);
  });

  it("refuses tags and lengths that expand_message_xmd cannot represent", () => {
    expect(() => expandMessageXmd(filled(1, 1), filled(256, 1), 64)).toThrow(RangeError);
    expect(() => expandMessageXmd(filled(1, 1), new Uint8Array(0), 64)).toThrow(RangeError);
    expect(() => expandMessageXmd(filled(1, 1), filled(4, 1), 65)).toThrow(RangeError);
  });
});
