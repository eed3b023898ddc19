/**
 * Byte strings as the protocol writes them (protocol section 13): big-endian integers, `lp(s)` = u16 length + bytes,
 * and text as UTF-8 of NFC with ill-formed strings refused.
 */

const HEX = /^(?:[0-9a-f]{2})*$/;
const encoder = new TextEncoder();
/** Each byte as two digits. */
const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Joins byte strings. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** One byte. Throws `RangeError` outside 0..255. */
export function u8(value: number): Uint8Array {
  assertInteger(value, 0xff);
  return Uint8Array.of(value);
}

/** Two bytes, big-endian. Throws `RangeError` outside 0..65535. */
export function u16(value: number): Uint8Array {
  assertInteger(value, 0xffff);
  return Uint8Array.of(value >>> 8, value & 0xff);
}

/** Four bytes, big-endian. Throws `RangeError` outside 0..2^32-1. */
export function u32(value: number): Uint8Array {
  assertInteger(value, 0xffff_ffff);
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** Eight bytes, big-endian. Throws `RangeError` for a negative, fractional or unsafe number, or a bigint over 64 bits. */
export function u64(value: number | bigint): Uint8Array {
  if (typeof value === "number") assertInteger(value, Number.MAX_SAFE_INTEGER);
  const wide = BigInt(value);
  if (wide < 0n || wide >= 1n << 64n) throw new RangeError("integer out of range");
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, wide);
  return bytes;
}

/** Length-prefixed bytes. Throws `RangeError` above 65,535 bytes. */
export function lp(value: Uint8Array): Uint8Array {
  return concat(u16(value.length), value);
}

/** `lp` of text, see `utf8`. */
export function lpText(value: string): Uint8Array {
  return lp(utf8(value));
}

/**
 * UTF-8 of NFC. Throws `RangeError` on an ill-formed string: TextEncoder would turn every lone surrogate into U+FFFD,
 * so different strings would hash alike (protocol section 14).
 */
export function utf8(value: string): Uint8Array {
  if (!value.isWellFormed()) throw new RangeError("ill-formed string");
  return encoder.encode(value.normalize("NFC"));
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += DIGITS[byte];
  return text;
}

/** Parses lower-case hexadecimal, nothing else. Throws `RangeError`. */
export function fromHex(text: string): Uint8Array {
  if (!HEX.test(text)) throw new RangeError("not lower-case hexadecimal");
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i += 1) {
    bytes[i] = 16 * valueOfDigit(text.charCodeAt(2 * i)) + valueOfDigit(text.charCodeAt(2 * i + 1));
  }
  return bytes;
}

/** Of one of 0-9 and a-f, by its code. */
function valueOfDigit(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}

/** Byte order as unsigned integers, shorter first on a common prefix. For public values only: it is not constant time. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Equality of public values. Secrets and MACs are compared with `constantTimeEqual` in `shared/crypto/hash.ts`. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

function assertInteger(value: number, max: number): void {
  if (!Number.isSafeInteger(value) || value < 0 || value > max) throw new RangeError("integer out of range");
}
