/** Message vectors: bytes that everybody must read in the same way, and bytes that everybody must refuse. */
import { concat, toHex } from "../../../shared/core/bytes.ts";
import { isCausewayError } from "../../../shared/core/errors.ts";

/** One message that crosses a trust boundary. `decode` is the code that programs use; `encode` too, where it is canonical. */
export type MessageType<Value> = {
  readonly name: string;
  decode(bytes: Uint8Array): unknown;
  encode?(value: Value): Uint8Array;
  readonly good: readonly Sample<Value>[];
  readonly bad?: readonly BadSample[];
};

/** Either a value, or bytes that only a later version or another program writes. */
export type Sample<Value> = { readonly name: string; readonly why: string } & (
  | { readonly value: Value }
  | { readonly bytes: Uint8Array }
);
export type BadSample = { readonly name: string; readonly why: string; readonly bytes: Uint8Array };

export type GoodVector = {
  readonly name: string;
  readonly why: string;
  readonly bytes: string;
  readonly value: unknown;
  /** Whether encoding the value gives these bytes. */
  readonly canonical: boolean;
};
export type BadVector = {
  readonly name: string;
  readonly why: string;
  readonly bytes: string;
  readonly error: { readonly code: string; readonly fields: readonly string[] };
};
export type Vectors = {
  readonly message: string;
  readonly good: readonly GoodVector[];
  readonly bad: readonly BadVector[];
};

/** A value as JSON: bytes in hexadecimal, absent fields left out. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const present = Object.entries(value).filter(([key, each]) => each !== undefined && key !== "_unknownFields");
  return Object.fromEntries(present.map(([key, each]) => [key, plain(each)]));
}

/** What today's code makes of the samples. Throws where a good one is refused or a bad one is not. */
export function vectorsOf<Value>(message: MessageType<Value>): Vectors {
  const good = message.good.map((sample): GoodVector => {
    const bytes = "bytes" in sample ? sample.bytes : encoded(message, sample.value);
    const { name, why } = sample;
    return { name, why, bytes: toHex(bytes), value: plain(message.decode(bytes)), canonical: "value" in sample };
  });
  const first = message.good[0]!;
  const whole = "bytes" in first ? first.bytes : encoded(message, first.value);
  const bad = [...(message.bad ?? []), ...(message.encode === undefined ? [] : damaged(whole))];
  return { message: message.name, good, bad: bad.map((sample) => refused(message, sample)) };
}

function encoded<Value>({ name, encode }: MessageType<Value>, value: Value): Uint8Array {
  if (encode === undefined) throw new Error(`${name} has no canonical form`);
  return encode(value);
}

function refused<Value>(message: MessageType<Value>, { name, why, bytes }: BadSample): BadVector {
  return { name, why, bytes: toHex(bytes), error: errorOf(() => message.decode(bytes), `${message.name}, ${name}`) };
}

export function errorOf(work: () => unknown, what: string): BadVector["error"] {
  try {
    work();
  } catch (error) {
    if (isCausewayError(error)) return { code: error.code, fields: error.fields };
    throw error;
  }
  throw new Error(`${what}: not refused`);
}

/** What no message may be. */
function damaged(bytes: Uint8Array): BadSample[] {
  return [
    { name: "empty", why: "every field that must be there is named", bytes: new Uint8Array() },
    { name: "cut short", why: "one byte lacks", bytes: bytes.slice(0, -1) },
    { name: "unknown field", why: "it could change what the rest means", bytes: concat(bytes, rawField(500, 0, [1])) },
    {
      name: "twice",
      why: "of two values of one field the decoder would let the last one win",
      bytes: concat(bytes, bytes),
    },
    {
      name: "zero tag",
      why: "decoders stop there: a signature would cover what nobody sees",
      bytes: concat(bytes, Uint8Array.of(0, 1)),
    },
  ];
}

const LENGTH_DELIMITED = 2;

/** A field with any number and wire type, as bytes; `value` without a length of its own. */
export function rawField(number: number, wireType: number, value: readonly number[]): Uint8Array {
  const tag = (number << 3) | wireType;
  const length = wireType === LENGTH_DELIMITED ? [value.length] : [];
  return Uint8Array.from([...varint(tag), ...length, ...value]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}
