/** Helpers of the tests on cryptography: invented bytes, and errors by code. */
import { expect } from "vitest";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { CausewayError, ErrorCode } from "../../shared/core/errors.ts";
import { sha512 } from "../../shared/crypto/hash.ts";
import { scalarFromUniform } from "../../shared/crypto/ristretto.ts";
import type { Scalar } from "../../shared/crypto/ristretto.ts";
import { utf8, u32 } from "../../shared/core/bytes.ts";

/** `count` bytes that look random and are the same in every run. */
export function invented(label: string, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  for (let offset = 0, block = 0; offset < count; offset += 64, block += 1) {
    bytes.set(sha512(utf8(label), u32(block)).subarray(0, Math.min(64, count - offset)), offset);
  }
  return bytes;
}

export function inventedScalar(label: string): Scalar {
  return scalarFromUniform(invented(label, 64));
}

export function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

/** A copy with one bit changed. */
export function flipped(bytes: Uint8Array, index: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[index] = (copy[index] as number) ^ 1;
  return copy;
}

/** Runs `act`, asserts that it throws our error with that code, and returns the error. */
export function expectRefusal(act: () => unknown, code: ErrorCode): CausewayError {
  let caught: unknown;
  try {
    act();
  } catch (error) {
    caught = error;
  }
  if (!isCausewayError(caught)) expect.fail(`expected a CausewayError ${code}, got ${String(caught)}`);
  expect(caught.code).toBe(code);
  return caught;
}

/** The group order, little-endian. */
export const GROUP_ORDER_HEX = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

/** Little-endian sum without reduction, for making encodings that a strict decoder must refuse. */
export function addWithoutReduction(a: Uint8Array, b: Uint8Array): Uint8Array {
  let carry = 0;
  return Uint8Array.from(a, (byte, i) => {
    const sum = byte + (b[i] as number) + carry;
    carry = sum >> 8;
    return sum & 0xff;
  });
}
