/** Fixed lengths that several modules hash or sign, and the one check for them. */
import { CausewayError } from "../core/errors.ts";

export const FEDERATION_BYTES = 16;
export const KEY_ID_BYTES = 16;
export const MATCH_ID_BYTES = 16;
export const MEMBER_BYTES = 16;
export const HANDLE_BYTES = 16;
export const SALT_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** Throws INVALID, naming `field`, unless `value` has `length` bytes: a fixed length needs no prefix in a hash. */
export function assertLength(value: Uint8Array, length: number, field: string): void {
  if (value.length !== length) throw new CausewayError("INVALID", "value has a wrong length", { fields: [field] });
}
