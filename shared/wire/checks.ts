/**
 * The one way from received bytes to a domain value: size cap, snapshot, protobuf decoding, refusal of everything that
 * the value would not account for, zod. Peers control every byte; what passes here is trusted further in.
 *
 * Errors are INVALID and name each bad place by its path on the wire, never what stood there.
 */
import { z } from "zod";
import { addressesIn } from "../core/addresses.ts";
import { toHex } from "../core/bytes.ts";
import { CausewayError } from "../core/errors.ts";
import type { Handle, Incarnation, MatchId, MemberId } from "../core/ids.ts";

/** What ts-proto generates for a message type. */
export type Codec<Message> = {
  encode(message: Message): { finish(): Uint8Array };
  decode(input: Uint8Array): Message;
  fromPartial(object: object): Message;
};

/** How one message type is read. `what` names it in error texts, such as "directive". */
export type Reading<Message, Value> = {
  readonly what: string;
  readonly bytesMax: number;
  readonly codec: Codec<Message>;
  /** Where the message may be of a kind that a later version has added. Default: nowhere. */
  readonly kindsIn?: (message: Message) => Iterable<KindPlace>;
  readonly schema: z.ZodType<Value>;
};

/** A message that says by a oneof of which kind it is. Field numbers from `first` to `last` are that oneof's, also in later versions. */
export type KindPlace = {
  readonly holder: object;
  readonly oneof: string;
  readonly first: number;
  readonly last: number;
};

/**
 * Reads a message. Throws INVALID for too many bytes, broken protobuf, unknown fields at any depth, bytes that the
 * value does not account for, and every field that the schema refuses. A kind that this version does not know comes to the schema as
 * the case `unknown` of its oneof, see `unknownKind`.
 *
 * The byte strings in the value are views on one private copy of `bytes`; the sender's buffer may be re-used.
 */
export function readMessage<Message, Value>(reading: Reading<Message, Value>, bytes: Uint8Array): Value {
  return check(reading.schema, decodeMessage(reading, bytes), reading.what);
}

/**
 * The same for a message that gRPC has decoded as part of a request or an answer: nothing is encoded again to be read. Throws INVALID
 * for one that is absent too. The byte strings in the value are copies.
 */
export function readDecoded<Message extends object, Value>(
  { what, schema }: Pick<Reading<Message, Value>, "what" | "schema">,
  message: Message | undefined,
): Value {
  if (message === undefined) throw new CausewayError("INVALID", `${what} is missing`);
  refuseUnknownFields(message, what);
  return check(schema, withOwnBytes(message), what);
}

/** Reads a request that gRPC has decoded. Throws INVALID with the paths of everything in it that is bad. */
export type Parse<Request, Value> = (request: Request) => Value;

/** A check for each field of a request, also of one that the next version of the `.proto` file adds. */
type FieldChecks<Request> = { readonly [Field in Exclude<keyof Request, "_unknownFields">]-?: z.ZodType };

/**
 * The parser of one kind of request. Fields that this version does not know are refused at any depth: whoever sends more than is understood
 * here means something else than would be done. The byte strings in the value are copies.
 */
export function requestParser<Request extends object, Checks extends FieldChecks<Request>>(
  what: string,
  checks: Checks,
): Parse<Request, z.output<z.ZodObject<Checks>>> {
  const schema = z.object(checks);
  return (request) => {
    const result = schema.safeParse(withOwnBytes(request));
    const fields = [...unknownFieldPaths(request, ""), ...(result.success ? [] : badPaths(result.error))];
    if (result.success && fields.length === 0) return result.data;
    throw badFields(what, fields);
  };
}

/** gRPC's bytes are views on what a connection received. */
function withOwnBytes(node: unknown): unknown {
  if (node instanceof Uint8Array) return new Uint8Array(node);
  if (Array.isArray(node)) return node.map(withOwnBytes);
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withOwnBytes(value)]));
}

/** The first half of `readMessage`: the decoded message, without unknown fields, not yet checked by a schema. */
function decodeMessage<Message>(
  reading: Pick<Reading<Message, unknown>, "what" | "bytesMax" | "codec" | "kindsIn">,
  bytes: Uint8Array,
): Message {
  const { what, bytesMax, codec, kindsIn = () => [] } = reading;
  if (bytes.length > bytesMax) throw new CausewayError("INVALID", `${what} is larger than ${bytesMax} bytes`);
  const snapshot = Uint8Array.from(bytes);
  let message: Message;
  try {
    message = codec.decode(snapshot);
  } catch {
    throw new CausewayError("INVALID", `${what} is not the protobuf message it should be`);
  }
  // The decoder stops silently at a zero tag, and lets the last of two values of one field win: bytes that a signature
  // covers but the value does not show. Their length gives them away.
  if (codec.encode(message).finish().length !== snapshot.length) {
    throw new CausewayError("INVALID", `${what} holds bytes that its fields do not account for`);
  }
  for (const place of kindsIn(message)) markUnknownKind(place);
  refuseUnknownFields(message, what);
  return message;
}

/** In our own copy of the message. */
function markUnknownKind(place: KindPlace): void {
  const field = unknownKind(place);
  if (field === undefined) return;
  Object.assign(place.holder, { [place.oneof]: { $case: "unknown", value: { field } }, _unknownFields: {} });
}

const WIRE_TYPE_BITS = 3;
/** A message inside a message. */
const LENGTH_DELIMITED = 2;

/**
 * The field number of a kind that this version does not know: the message has none of the known kinds, and of unknown fields exactly one,
 * once, a message, under a number that is kept for kinds. Anything else that is unknown is a field of something known, which could change
 * what the rest means.
 */
function unknownKind({ holder, oneof, first, last }: KindPlace): number | undefined {
  const fields = holder as Readonly<Record<string, unknown>>;
  const unknown = Object.entries((fields["_unknownFields"] ?? {}) as Readonly<Record<string, readonly Uint8Array[]>>);
  const [only] = unknown;
  if (fields[oneof] !== undefined || only === undefined || unknown.length > 1 || only[1].length > 1) return undefined;
  const tag = Number(only[0]);
  const field = tag >>> WIRE_TYPE_BITS;
  const isMessage = (tag & ((1 << WIRE_TYPE_BITS) - 1)) === LENGTH_DELIMITED;
  return isMessage && field >= first && field <= last ? field : undefined;
}

/** Throws INVALID with the path of every message, at any depth, that has fields this version does not know. */
function refuseUnknownFields(message: unknown, what: string): void {
  if (!hasUnknownFields(message)) return;
  const fields = [...unknownFieldPaths(message, "")];
  if (fields.length > 0)
    throw new CausewayError("INVALID", `${what} has fields that this version does not know`, { fields });
}

/** Without the paths, which a message of a thousand entries would take long to spell out for nothing. */
function hasUnknownFields(node: unknown): boolean {
  if (typeof node !== "object" || node === null || node instanceof Uint8Array) return false;
  if (Array.isArray(node)) return node.some(hasUnknownFields);
  for (const key of Object.keys(node)) {
    const value = (node as Readonly<Record<string, unknown>>)[key];
    if (
      key !== "_unknownFields"
        ? hasUnknownFields(value)
        : value !== undefined && Object.keys(value as object).length > 0
    )
      return true;
  }
  return false;
}

function* unknownFieldPaths(node: unknown, path: string): Generator<string> {
  if (typeof node !== "object" || node === null || node instanceof Uint8Array) return;
  if (Array.isArray(node)) {
    for (const [index, item] of node.entries()) yield* unknownFieldPaths(item, `${path}[${index}]`);
    return;
  }
  for (const [key, value] of Object.entries(node)) {
    const here = path === "" ? key : `${path}.${key}`;
    if (key !== "_unknownFields") yield* unknownFieldPaths(value, here);
    else if (value !== undefined && Object.keys(value as object).length > 0) yield here;
  }
}

/** Applies a schema. Throws INVALID with the paths of all bad fields. */
export function check<Value>(schema: z.ZodType<Value>, input: unknown, what: string): Value {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw badFields(what, badPaths(result.error));
}

function badFields(what: string, fields: readonly string[]): CausewayError {
  return new CausewayError("INVALID", `${what} has bad fields: ${fields.join(", ")}`, { fields });
}

function badPaths({ issues }: z.ZodError): string[] {
  return [...new Set(issues.map((issue) => pathText(issue.path)))];
}

/** `["entries", 3, "handle"]` as `entries[3].handle`. */
function pathText(path: readonly PropertyKey[]): string {
  let text = "";
  for (const step of path)
    text += typeof step === "number" ? `[${step}]` : text === "" ? String(step) : `.${String(step)}`;
  return text === "" ? "message" : text;
}

/** Exactly `length` bytes. */
export function bytesOf(length: number) {
  return anyBytes.refine((bytes) => bytes.length === length);
}

/** From `min` to `max` bytes. */
export function bytesBetween(min: number, max: number) {
  return anyBytes.refine((bytes) => bytes.length >= min && bytes.length <= max);
}

/** A whole number of items of `size` bytes each, `countMax` at most. */
export function joined(size: number, countMax: number) {
  return anyBytes.refine((bytes) => bytes.length % size === 0 && bytes.length / size <= countMax);
}

const anyBytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

/** 32 bytes: a public key or hash. What kind of key is checked where it is first used. */
export const bytes32 = bytesOf(32);
/** 16 bytes: a federation or key id. */
export const bytes16 = bytesOf(16);
/** 64 bytes of Ed25519. */
export const signatureBytes = bytesOf(64);

/** 16 bytes on the wire, an id in hexadecimal inside. */
export function idOf<Kind extends MemberId | Handle | Incarnation | MatchId>() {
  return bytes16.transform((bytes) => toHex(bytes) as Kind);
}

/** A uint64 or int64 that a JavaScript number holds exactly, from `min` on. */
export function safeInteger(min = 0) {
  return z
    .bigint()
    .refine((value) => value >= BigInt(min) && value <= BigInt(Number.MAX_SAFE_INTEGER))
    .transform(Number);
}

/** A uint64 that counts from 1: sequence numbers, directive numbers. */
export const ordinal = safeInteger(1);

/** Milliseconds since 1970 UTC up to the year 9999, which is as far as dates can be shown. */
export const instantMs = safeInteger(1).refine((ms) => ms <= 253_402_300_799_999);

/** A uint32 from `min` to `max`. */
export function uint32(min = 0, max = 0xffff_ffff) {
  return z.number().refine((value) => Number.isInteger(value) && value >= min && value <= max);
}

// Control characters and the marks that reverse the direction of text: both change how a line around them looks.
const UNFIT_FOR_DISPLAY = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** Text of a person or unit on one line: well-formed, in NFC, `charactersMax` UTF-16 units at most. */
export function line(charactersMax: number, charactersMin = 1) {
  return z
    .string()
    .refine(
      (text) =>
        text.length >= charactersMin &&
        text.length <= charactersMax &&
        text.isWellFormed() &&
        text === text.normalize("NFC") &&
        !UNFIT_FOR_DISPLAY.test(text),
    );
}

/** Text for programs, such as a certificate in PEM: ASCII without control characters but line breaks. */
export function asciiText(charactersMax: number, charactersMin = 0) {
  return z
    .string()
    .min(charactersMin)
    .max(charactersMax)
    .regex(/^[\x20-\x7e\r\n]*$/);
}

/** A name inside subjects, file names and certificates: [a-z0-9-], starts with a letter, 32 at most. */
export const slug = z.string().regex(/^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/);

/** host:port with a DNS name, an IPv4 address or an IPv6 address in brackets. */
export const hostPort = z
  .string()
  .max(255)
  .regex(/^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\]):[1-9][0-9]{0,4}$/, "must be host:port")
  .refine((text) => Number(text.slice(text.lastIndexOf(":") + 1)) <= 65_535, "must be host:port, the port up to 65535");

/** Of one party. */
const ADDRESSES_MAX = 8;

/** host:port, or several of them separated by commas, see `shared/core/addresses.ts`. */
export const hostPorts = z.string().refine((text) => {
  const each = addressesIn(text);
  const differ = new Set(each).size === each.length;
  return differ && each.length <= ADDRESSES_MAX && each.every((one) => hostPort.safeParse(one).success);
}, "must be host:port, or several of them separated by commas");

/** A list of words that a party states to understand; those that the reader does not know count for nothing. */
export const capabilities = z.array(z.string().regex(/^[a-z0-9-]{1,40}$/)).max(64);

/** A oneof as ts-proto decodes it, `{ $case, value }`, with a schema for each case; an absent one is refused. */
export function oneOf<Cases extends Record<string, z.ZodType>>(cases: Cases) {
  type OneOf = { [Case in keyof Cases & string]: { $case: Case; value: z.output<Cases[Case]> } }[keyof Cases & string];
  const options = Object.entries(cases).map(([name, value]) => z.object({ $case: z.literal(name), value }));
  const [first, ...rest] = options;
  if (first === undefined) throw new CausewayError("INTERNAL", "a oneof has at least one case");
  return z.discriminatedUnion("$case", [first, ...rest]).transform((message) => message as OneOf);
}
