/**
 * JSON in a column, as `[version, value]`. A value that stands there bare was written before values had versions, and counts as version 0;
 * none of those was a list of a number and something. Whoever can write the file controls what is read here, unless it was sealed.
 */
import { z } from "zod";
import { CausewayError } from "../core/errors.ts";
import type { Handle, Incarnation, MatchId, MemberId } from "../core/ids.ts";
import { check } from "../wire/checks.ts";

/** One kind of value that is kept as JSON. */
export type StoredJson<Value> = {
  /** For errors, such as "record". */
  readonly what: string;
  /** In which it is written; from 1 on. */
  readonly version: number;
  /** Of that version. */
  readonly schema: z.ZodType<Value>;
  /** Under an earlier version what makes the next one of a value; absent where both look alike. */
  readonly upgrades?: Readonly<Record<number, (value: unknown) => unknown>>;
};

/** For `satisfies`: a schema that leaves out a field of the type would lose it when the value is read and written again. */
export type Shape<Value> = Record<keyof Value, z.ZodType>;

export function toStoredJson<Value>({ version }: StoredJson<Value>, value: Value): string {
  return JSON.stringify([version, value], bytesToText);
}

/** Throws ENVIRONMENT for a version to come, INVALID with the paths of bad fields for what this program never wrote. */
export function fromStoredJson<Value>(kind: StoredJson<Value>, text: string): Value {
  const [version, value] = versionIn(parse(kind, text));
  if (version > kind.version) {
    throw new CausewayError(
      "ENVIRONMENT",
      `a stored ${kind.what} has version ${version}, and this program knows versions up to ${kind.version}: start the newer program`,
    );
  }
  let upgraded = value;
  for (let from = version; from < kind.version; from += 1) upgraded = kind.upgrades?.[from]?.(upgraded) ?? upgraded;
  return check(kind.schema, upgraded, `a stored ${kind.what}`);
}

function parse({ what }: StoredJson<unknown>, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CausewayError("INVALID", `a stored ${what} is not JSON`);
  }
}

function versionIn(found: unknown): readonly [number, unknown] {
  return Array.isArray(found) && found.length === 2 && typeof found[0] === "number" ? [found[0], found[1]] : [0, found];
}

/** JSON has no bytes: they are written as `{"$bytes": base64}`, and `storedBytes` says where they are to be read. */
function bytesToText(this: unknown, key: string, value: unknown): unknown {
  // A Buffer has turned itself into something else in `value`; in the holder it is still bytes.
  const original = (this as Record<string, unknown>)[key];
  return original instanceof Uint8Array ? { $bytes: Buffer.from(original).toString("base64") } : value;
}

export const storedBytes = z
  .object({ $bytes: z.string() })
  .transform(({ $bytes }): Uint8Array => new Uint8Array(Buffer.from($bytes, "base64")));

/** An id in lower-case hexadecimal, as `toId` takes it. */
export function storedId<Kind extends MemberId | Handle | Incarnation | MatchId>() {
  return z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .transform((hex) => hex as Kind);
}
