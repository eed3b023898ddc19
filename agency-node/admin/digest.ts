/** What people read to each other and type: the beginning of a digest. */
import { toHex } from "../../shared/core/bytes.ts";
import { groups } from "../../shared/words/figures.ts";

const SHORT_DIGITS = 16;

/** The first 64 bits of a digest, in groups of four digits. */
export function shortDigest(digest: Uint8Array): string {
  return groups(toHex(digest).slice(0, SHORT_DIGITS));
}

/** Whether somebody has typed this digest: all of it, or at least what `shortDigest` shows. Spaces and case do not matter. */
export function isDigest(typed: string, digest: Uint8Array): boolean {
  const digits = typed.replaceAll(/\s/g, "").toLowerCase();
  return digits.length >= SHORT_DIGITS && toHex(digest).startsWith(digits);
}
