/** A workstation of the unit, as its node knows it: a name that the unit gave it, and the fingerprint of its key (`shared/platform/tls.ts`). */
import { z } from "zod";
import { CausewayError } from "../shared/core/errors.ts";

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

/** People read it out and type it: spaces and case do not count. */
export const fingerprintText = z
  .string()
  .transform((text) => text.replaceAll(/\s/g, "").toLowerCase())
  .refine((digits) => /^[0-9a-f]{64}$/.test(digits), "must be a fingerprint of 64 hexadecimal digits");

export const workstationName = z
  .string()
  .regex(NAME, "must be up to 32 small letters, digits and hyphens between them");

/** Throws INVALID, naming the option. */
export function parseFingerprint(text: string, option: string): string {
  return parsed(fingerprintText, text, option, "is a fingerprint of 64 hexadecimal digits");
}

/** Throws INVALID. */
export function parseWorkstationName(text: string): string {
  return parsed(workstationName, text, "name", "has up to 32 small letters, digits, and hyphens between them");
}

function parsed(schema: z.ZodType<string>, text: string, field: string, form: string): string {
  const result = schema.safeParse(text);
  if (result.success) return result.data;
  throw new CausewayError("INVALID", `${field} ${form}`, { fields: [field] });
}
