/**
 * From a hardened identifier y to what the broker may see (protocol sections 2.3 and 13).
 *
 * The salt of a domain is known to the members whose mandate includes it, never to broker or evaluators: it is what
 * separates an evaluator's guess from a token. The token goes to the broker; the confirmation key cb of the same
 * inputs never leaves the node and proves to a counterpart that this side really knows the identifier.
 * Whoever holds the salt and can have identifiers evaluated can make tokens for guesses: the budgets bound that.
 */
import { compareBytes, concat, lpText, toHex, u64, u8 } from "../core/bytes.ts";
import type { Domain } from "../core/domain.ts";
import { CausewayError } from "../core/errors.ts";
import { blake2b, blake2bKeyed, hashKey } from "./hash.ts";
import type { HashKey } from "./hash.ts";
import { assertLength, FEDERATION_BYTES, MATCH_ID_BYTES, SALT_BYTES } from "./lengths.ts";
import { OUTPUT_BYTES } from "./oprf.ts";

declare const saltBrand: unique symbol;

/** The salt of one epoch and domain. */
export type SaltKey = HashKey & { readonly [saltBrand]: true };

export const TOKEN_BYTES = 16;
const CONFIRM_KEY_BYTES = 32;
const CONFIRM_NONCE_BYTES = 32;

/** Throws INVALID unless there are exactly 32 bytes, not all zero. */
export function saltKey(bytes: Uint8Array): SaltKey {
  return hashKey(bytes) as SaltKey;
}

/** (node) The 16-byte token of one hardened identifier (64 bytes). */
export function tokenOf(salt: SaltKey, domain: Domain, y: Uint8Array): Uint8Array {
  assertLength(y, OUTPUT_BYTES, "y");
  return blake2bKeyed(TOKEN_BYTES, salt, lpText("causeway/token/v1"), lpText(domain), y);
}

/** (node) `tokenOf` for many: used at each rotation on the whole cache, so it builds the message in one buffer. */
export function tokensOf(salt: SaltKey, domain: Domain, ys: readonly Uint8Array[]): Uint8Array[] {
  return ys.map(tokenizer(salt, domain));
}

/** (node) `tokenOf` with salt and domain fixed. */
export function tokenizer(salt: SaltKey, domain: Domain): (y: Uint8Array) => Uint8Array {
  const prefix = concat(lpText("causeway/token/v1"), lpText(domain));
  const message = new Uint8Array(prefix.length + OUTPUT_BYTES);
  message.set(prefix);
  return (y) => {
    assertLength(y, OUTPUT_BYTES, "y");
    message.set(y, prefix.length);
    return blake2bKeyed(TOKEN_BYTES, salt, message);
  };
}

/** (node) The 32-byte confirmation key cb of one hardened identifier. Must stay inside the node. */
export function confirmKeyOf(salt: SaltKey, domain: Domain, y: Uint8Array): Uint8Array {
  assertLength(y, OUTPUT_BYTES, "y");
  return blake2bKeyed(CONFIRM_KEY_BYTES, salt, lpText("causeway/confirm/v1"), lpText(domain), y);
}

/** What an `epoch-open` directive fixes of a salt: 32 bytes. Public; it reveals nothing about a random salt. */
export function saltCommitment(of: {
  readonly federation: Uint8Array;
  readonly epoch: number;
  readonly domain: Domain;
  readonly salt: Uint8Array;
}): Uint8Array {
  assertLength(of.federation, FEDERATION_BYTES, "federation");
  assertLength(of.salt, SALT_BYTES, "salt");
  return blake2b(32, lpText("causeway/salt/v1"), of.federation, u64(of.epoch), lpText(of.domain), of.salt);
}

/**
 * (node) The MAC, 32 bytes, by which one side of a match proves that it knows the identifier behind a token. `side` is 0
 * for the lower record key; the side byte makes a reflected MAC worthless, the 32-byte nonces a replayed one.
 * Compare with `constantTimeEqual`.
 */
export function confirmationMac(of: {
  readonly cb: Uint8Array;
  readonly matchId: Uint8Array;
  readonly side: 0 | 1;
  readonly nonces: readonly [lowerSide: Uint8Array, higherSide: Uint8Array];
}): Uint8Array {
  const [lower, higher] = of.nonces;
  assertLength(of.matchId, MATCH_ID_BYTES, "matchId");
  assertLength(lower, CONFIRM_NONCE_BYTES, "nonces[0]");
  assertLength(higher, CONFIRM_NONCE_BYTES, "nonces[1]");
  const label = lpText("causeway/confirm-mac/v1");
  return blake2bKeyed(32, hashKey(of.cb), label, of.matchId, u8(of.side), lower, higher);
}

/**
 * (node) One confirmation key over several agreed tokens: BLAKE2b-256(lp("causeway/confirm-set/v1") ‖ distinct cb in byte
 * order). A side that lacks one of the identifiers fails the proof as a whole. Throws INVALID for none, or a wrong length.
 */
export function confirmKeyOfSet(cbs: readonly Uint8Array[]): Uint8Array {
  if (cbs.length === 0) throw new CausewayError("INVALID", "no confirmation key", { fields: ["cbs"] });
  for (const cb of cbs) assertLength(cb, CONFIRM_KEY_BYTES, "cbs");
  const distinct = [...new Map(cbs.map((cb) => [toHex(cb), cb])).values()].sort(compareBytes);
  return blake2b(32, lpText("causeway/confirm-set/v1"), ...distinct);
}
