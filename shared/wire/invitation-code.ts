/**
 * An invitation as one string that a person can paste, or read to another: `cwi1-` and base32 (Crockford's letters, case and spaces
 * ignored) over secret ‖ fingerprint ‖ address ‖ checksum.
 *
 * Whoever gets hold of the code can hand in keys in the unit's place, once; the fingerprint that is compared by telephone shows
 * that. The federation's fingerprint in it is the one thing that the unit believes of the broker, so the code must reach it by a way
 * that the broker's operator does not control. The checksum finds slips, not forgeries.
 */
import { concat, equalBytes, lpText, utf8 } from "../core/bytes.ts";
import { CausewayError } from "../core/errors.ts";
import { blake2b } from "../crypto/hash.ts";
import { hostPorts } from "./checks.ts";

export type InvitationCode = {
  /** 16 random bytes; the broker knows `invitationKeys` of it. */
  readonly secret: Uint8Array;
  /** 32 bytes: hash of the `found` directive. */
  readonly fingerprint: Uint8Array;
  /** host:port of the broker's enrolment service, or several of them (see `shared/core/addresses.ts`). */
  readonly address: string;
};

export const INVITATION_SECRET_BYTES = 16;

const PREFIX = "cwi1-";
const FINGERPRINT_BYTES = 32;
const CHECKSUM_BYTES = 4;
const FIXED_BYTES = INVITATION_SECRET_BYTES + FINGERPRINT_BYTES + CHECKSUM_BYTES;
const CODE_CHARS_MAX = 1_000;
/** Without i, l, o and u, which are misread. */
const LETTERS = "0123456789abcdefghjkmnpqrstvwxyz";
const BITS = 5;

/** Throws INVALID for a secret or fingerprint of another length, or an address that is none. */
export function encodeInvitationCode({ secret, fingerprint, address }: InvitationCode): string {
  const body = concat(secret, fingerprint, utf8(address));
  const fits = secret.length === INVITATION_SECRET_BYTES && fingerprint.length === FINGERPRINT_BYTES;
  if (!fits || !hostPorts.safeParse(address).success) throw invalid();
  return `${PREFIX}${toBase32(concat(body, checksum(body)))}`;
}

/** Throws INVALID for a code that is no invitation, or was mistyped. */
export function decodeInvitationCode(text: string): InvitationCode {
  const code = text.replaceAll(/\s/g, "").toLowerCase();
  if (!code.startsWith(PREFIX) || code.length > CODE_CHARS_MAX) throw invalid();
  const bytes = fromBase32(code.slice(PREFIX.length));
  if (bytes === undefined || bytes.length <= FIXED_BYTES) throw invalid();
  const body = bytes.subarray(0, -CHECKSUM_BYTES);
  if (!equalBytes(checksum(body), bytes.subarray(-CHECKSUM_BYTES))) throw invalid();
  const address = new TextDecoder().decode(body.subarray(INVITATION_SECRET_BYTES + FINGERPRINT_BYTES));
  if (!hostPorts.safeParse(address).success) throw invalid();
  return {
    secret: body.slice(0, INVITATION_SECRET_BYTES),
    fingerprint: body.slice(INVITATION_SECRET_BYTES, INVITATION_SECRET_BYTES + FINGERPRINT_BYTES),
    address,
  };
}

function checksum(body: Uint8Array): Uint8Array {
  return blake2b(32, lpText("causeway/invitation-code/v1"), body).subarray(0, CHECKSUM_BYTES);
}

function toBase32(bytes: Uint8Array): string {
  let bits = "";
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => LETTERS[Number.parseInt(group.padEnd(BITS, "0"), 2)]).join("");
}

/** Undefined for a letter that is none. Bits that do not fill a byte must be zero, so that a code is written in one way. */
function fromBase32(text: string): Uint8Array | undefined {
  let bits = "";
  for (const letter of text) {
    const value = LETTERS.indexOf(letter);
    if (value < 0) return undefined;
    bits += value.toString(2).padStart(BITS, "0");
  }
  const whole = bits.length - (bits.length % 8);
  if (bits.length - whole >= BITS || bits.slice(whole).includes("1")) return undefined;
  return Uint8Array.from(bits.slice(0, whole).match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
}

function invalid(): CausewayError {
  return new CausewayError("INVALID", "this is not an invitation code, or it was mistyped", { fields: ["invitation"] });
}
