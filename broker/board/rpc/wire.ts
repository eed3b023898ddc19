/** Between generated messages and plain values, as far as only these services need it. */
import { CausewayError } from "../../../shared/core/errors.ts";
import { Signed } from "../../../shared/wire/gen/causeway/v1/signed.ts";

/** The bytes of a signed message as it came in, proving nothing. Throws INVALID if there is none. */
export function signedBytes(message: Signed | undefined, field: string): Uint8Array {
  if (message === undefined) throw new CausewayError("INVALID", "a field is missing", { fields: [field] });
  return Signed.encode(message).finish();
}
