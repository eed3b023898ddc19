/**
 * The group of RFC 9497 section 4.1: ristretto255 with SHA-512, on libsodium's primitives.
 *
 * Elements and scalars arrive from peers, so the two decoders are the gate: libsodium's point check accepts the identity,
 * its multiplication accepts scalars at or above the group order (several encodings of one scalar make proofs
 * malleable), its hash-to-group reads past a short input, and its failures all carry one text. What has passed a
 * decoder is an `Element` or a `Scalar`, and the operations here trust those types.
 */
import { concat, fromHex, u16, u8, utf8 } from "../core/bytes.ts";
import { CausewayError } from "../core/errors.ts";
import { isZero, sha512 } from "./hash.ts";
import { sodium } from "./sodium.ts";

declare const elementBrand: unique symbol;
declare const scalarBrand: unique symbol;

/** 32 bytes: the canonical encoding of an element other than the identity. */
export type Element = Uint8Array & { readonly [elementBrand]: true };

/** 32 bytes, little-endian, below the group order. May be zero: see `decodeNonZeroScalar`. */
export type Scalar = Uint8Array & { readonly [scalarBrand]: true };

export const ELEMENT_BYTES = 32;
export const SCALAR_BYTES = 32;
/** Uniform bytes that become one scalar or element with negligible bias. */
export const UNIFORM_BYTES = 64;

/** 2^252 + 27742317777372353535851937790883648493, little-endian. */
const GROUP_ORDER = fromHex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");

const SHA512_BLOCK_BYTES = 128;
const SHA512_BYTES = 64;

/** Whether `bytes` encode an element other than the identity. */
export function isElement(bytes: Uint8Array): bytes is Element {
  return bytes.length === ELEMENT_BYTES && !isZero(bytes) && sodium.crypto_core_ristretto255_is_valid_point(bytes);
}

/** DeserializeElement: throws INVALID for a wrong length, a non-canonical encoding, and the identity. */
export function decodeElement(bytes: Uint8Array): Element {
  if (!isElement(bytes)) throw new CausewayError("INVALID", "not a group element");
  return bytes;
}

/** Whether `bytes` encode a scalar below the group order. Scalars may be secret: no branch depends on a byte. */
export function isScalar(bytes: Uint8Array): bytes is Scalar {
  if (bytes.length !== SCALAR_BYTES) return false;
  let borrow = 0;
  for (let i = 0; i < SCALAR_BYTES; i += 1) {
    borrow = (((bytes[i] as number) - (GROUP_ORDER[i] as number) - borrow) >> 8) & 1;
  }
  return borrow === 1;
}

/** DeserializeScalar: throws INVALID for a wrong length or a value not below the group order. */
export function decodeScalar(bytes: Uint8Array): Scalar {
  if (!isScalar(bytes)) throw new CausewayError("INVALID", "not a reduced scalar");
  return bytes;
}

/** A scalar that can be a key, a blind or a divisor. Throws INVALID as `decodeScalar`, and for zero. */
export function decodeNonZeroScalar(bytes: Uint8Array): Scalar {
  const scalar = decodeScalar(bytes);
  if (isZero(scalar)) throw new CausewayError("INVALID", "scalar is zero");
  return scalar;
}

/** 64 uniform bytes modulo the group order. Throws INVALID for another length, or if the result is zero. */
export function scalarFromUniform(uniform: Uint8Array): Scalar {
  if (uniform.length !== UNIFORM_BYTES) throw new CausewayError("INVALID", "not 64 uniform bytes");
  return decodeNonZeroScalar(sodium.crypto_core_ristretto255_scalar_reduce(uniform));
}

export function scalarAdd(a: Scalar, b: Scalar): Scalar {
  return sodium.crypto_core_ristretto255_scalar_add(a, b) as Scalar;
}

export function scalarSubtract(a: Scalar, b: Scalar): Scalar {
  return sodium.crypto_core_ristretto255_scalar_sub(a, b) as Scalar;
}

export function scalarMultiply(a: Scalar, b: Scalar): Scalar {
  return sodium.crypto_core_ristretto255_scalar_mul(a, b) as Scalar;
}

export function scalarNegate(a: Scalar): Scalar {
  return sodium.crypto_core_ristretto255_scalar_negate(a) as Scalar;
}

/** Throws INVALID for zero. */
export function scalarInvert(a: Scalar): Scalar {
  return sodium.crypto_core_ristretto255_scalar_invert(decodeNonZeroScalar(a)) as Scalar;
}

/**
 * Inverts `n` scalars (32 bytes each, joined) with one inversion and 3(n-1) multiplications: Montgomery's trick.
 * Throws INVALID and computes nothing if any is zero or unreduced: one zero would make every result wrong.
 */
export function invertBatch(scalars: Uint8Array): Uint8Array {
  const count = countOf(scalars, SCALAR_BYTES);
  const prefixes: Scalar[] = [];
  for (let i = 0; i < count; i += 1) {
    const scalar = decodeNonZeroScalar(at(scalars, i));
    prefixes.push(i === 0 ? scalar : scalarMultiply(prefixes[i - 1] as Scalar, scalar));
  }
  const inverses = new Uint8Array(scalars.length);
  let rest = scalarInvert(prefixes[count - 1] as Scalar);
  for (let i = count - 1; i > 0; i -= 1) {
    inverses.set(scalarMultiply(rest, prefixes[i - 1] as Scalar), i * SCALAR_BYTES);
    rest = scalarMultiply(rest, at(scalars, i) as Scalar);
  }
  inverses.set(rest, 0);
  return inverses;
}

/** Scalar times element. Throws INVALID for scalar zero, and, as a second line of defence, for what is no `Element`. */
export function multiply(scalar: Scalar, element: Element): Element {
  try {
    return sodium.crypto_scalarmult_ristretto255(scalar, element) as Element;
  } catch (error) {
    throw new CausewayError("INVALID", "group multiplication refused", { cause: error });
  }
}

/** Scalar times the generator. Throws INVALID for scalar zero. */
export function multiplyBase(scalar: Scalar): Element {
  return sodium.crypto_scalarmult_ristretto255_base(decodeNonZeroScalar(scalar)) as Element;
}

/**
 * Sum of two elements. Throws INVALID if they cancel out, since the identity is never an `Element`, and, as a second line of defence, for
 * what is no `Element`.
 */
export function add(a: Element, b: Element): Element {
  const sum = sumOf(a, b);
  if (isZero(sum)) throw new CausewayError("INVALID", "elements cancel out");
  return sum as Element;
}

function sumOf(a: Element, b: Element): Uint8Array {
  try {
    return sodium.crypto_core_ristretto255_add(a, b);
  } catch (error) {
    throw new CausewayError("INVALID", "group addition refused", { cause: error });
  }
}

/**
 * expand_message_xmd of RFC 9380 section 5.3.1 with SHA-512, for up to 64 bytes of output, all that this suite needs:
 * one block, so the loop of the RFC runs once. `dst` has at most 255 bytes.
 */
export function expandMessageXmd(message: Uint8Array, dst: Uint8Array, length: number): Uint8Array {
  if (length < 1 || length > SHA512_BYTES || dst.length < 1 || dst.length > 255) {
    throw new RangeError("expand_message_xmd out of range");
  }
  const dstPrime = concat(dst, u8(dst.length));
  const b0 = sha512(new Uint8Array(SHA512_BLOCK_BYTES), message, u16(length), u8(0), dstPrime);
  return sha512(b0, u8(1), dstPrime).subarray(0, length);
}

/** HashToGroup. Throws INVALID in the negligible case that the input maps to the identity. */
export function hashToGroup(message: Uint8Array, dst: Uint8Array): Element {
  const element = sodium.crypto_core_ristretto255_from_hash(expandMessageXmd(message, dst, UNIFORM_BYTES));
  if (isZero(element)) throw new CausewayError("INVALID", "input maps to the identity");
  return element as Element;
}

/** HashToScalar. May be zero, with negligible probability. */
export function hashToScalar(message: Uint8Array, dst: Uint8Array): Scalar {
  return sodium.crypto_core_ristretto255_scalar_reduce(expandMessageXmd(message, dst, UNIFORM_BYTES)) as Scalar;
}

/** How many items of `size` bytes are joined in `bytes`. Throws INVALID for none, or for a broken last one. */
export function countOf(bytes: Uint8Array, size: number): number {
  if (bytes.length === 0 || bytes.length % size !== 0) throw new CausewayError("INVALID", "batch has a wrong length");
  return bytes.length / size;
}

/** Item `index` of a batch of 32-byte items, as a view. */
export function at(batch: Uint8Array, index: number): Uint8Array {
  return batch.subarray(index * ELEMENT_BYTES, (index + 1) * ELEMENT_BYTES);
}

/** RFC 9497 section 3.1: 0x00 is the plain OPRF, 0x01 proves each evaluation against the public key. */
export type Mode = "oprf" | "voprf";

/** A domain separation tag of the suite: `prefix ‖ "OPRFV1-" ‖ mode ‖ "-ristretto255-SHA512"`. */
export function suiteDst(prefix: string, mode: Mode): Uint8Array {
  return concat(utf8(`${prefix}OPRFV1-`), u8(mode === "oprf" ? 0 : 1), utf8("-ristretto255-SHA512"));
}
