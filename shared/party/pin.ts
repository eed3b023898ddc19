/** The fingerprint of the federation's `found` directive: the one thing that a party believes without proof. */
import { fromHex } from "../core/bytes.ts";
import { CausewayError } from "../core/errors.ts";
import { partyFile } from "./files.ts";
import { readPublicText } from "./key-files.ts";

/** The pinned fingerprint of the federation. Throws ENVIRONMENT if there is none. */
export function readPin(dir: string): Uint8Array {
  return parsePin(readPublicText(partyFile(dir, "pin")).trim());
}

/** A fingerprint of a federation as people pass it on: 64 hexadecimal digits, spaces and case ignored. Throws INVALID. */
export function parsePin(text: string): Uint8Array {
  const digits = text.replaceAll(/\s/g, "").toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(digits)) {
    throw new CausewayError("INVALID", "a federation's fingerprint has 64 hexadecimal digits");
  }
  return fromHex(digits);
}
