/**
 * From a hardened identifier y to what the broker may see (protocol sections 2.3 and 13).
 *
 * The salt of a domain is known to the members whose mandate includes it, never to broker or evaluators: it is what
 * separates an evaluator's guess from a token. The token goes to the broker; the confirmation key cb of the same
 * inputs never leaves the node. Under it the node makes the token's tag, which proves to a counterpart that this side really knows
 * the identifier: a token copied from the broker comes without one.
 * Whoever holds the salt and can have identifiers evaluated can make tokens for guesses: the budgets bound that.
 */
import { compareBytes, concat, fromHex, lpText, u64, u8 } from "../core/bytes.ts";
import { TOKEN_CLASSES } from "../core/data-plane.ts";
import type { TokenClass } from "../core/data-plane.ts";
import type { Domain } from "../core/domain.ts";
import { CausewayError } from "../core/errors.ts";
import type { Handle, MemberId } from "../core/ids.ts";
import { blake2b, blake2bKeyed, hashKey } from "./hash.ts";
import type { DigestBytes, HashKey } from "./hash.ts";
import { assertLength, FEDERATION_BYTES, HANDLE_BYTES, MATCH_ID_BYTES, MEMBER_BYTES, SALT_BYTES } from "./lengths.ts";
import { OUTPUT_BYTES } from "./oprf.ts";

declare const saltBrand: unique symbol;

/** The salt of one epoch and domain. */
export type SaltKey = HashKey & { readonly [saltBrand]: true };

export const TOKEN_BYTES = 16;
export const TAG_BYTES = 8;
const BINDER_BYTES = 32;
const CONFIRM_KEY_BYTES = 32;
const BLIND_BYTES = 32;

/** Throws INVALID unless there are exactly 32 bytes, not all zero. */
export function saltKey(bytes: Uint8Array): SaltKey {
  return hashKey(bytes) as SaltKey;
}

/** (node) The 16-byte token of one hardened identifier (64 bytes). */
export function tokenOf(salt: SaltKey, domain: Domain, y: Uint8Array): Uint8Array {
  assertLength(y, OUTPUT_BYTES, "y");
  return blake2bKeyed(TOKEN_BYTES, salt, lpText("causeway/token/v1"), lpText(domain), y);
}

/** (node) `tokenOf` for many. */
export function tokensOf(salt: SaltKey, domain: Domain, ys: readonly Uint8Array[]): Uint8Array[] {
  return ys.map(tokenizer(salt, domain));
}

/** (node) `tokenOf` with salt and domain fixed. */
export function tokenizer(salt: SaltKey, domain: Domain): (y: Uint8Array) => Uint8Array {
  return hashing(TOKEN_BYTES, salt, concat(lpText("causeway/token/v1"), lpText(domain)));
}

/** Keyed BLAKE2b of a fixed beginning and a y: used at each rotation on the whole cache, so it builds the message in one buffer. */
function hashing(bytes: DigestBytes, key: HashKey, beginning: Uint8Array): (y: Uint8Array) => Uint8Array {
  const message = new Uint8Array(beginning.length + OUTPUT_BYTES);
  message.set(beginning);
  return (y) => {
    assertLength(y, OUTPUT_BYTES, "y");
    message.set(y, beginning.length);
    return blake2bKeyed(bytes, key, message);
  };
}

/** (node) The 32-byte confirmation key cb of one hardened identifier. Must stay inside the node. */
export function confirmKeyOf(salt: SaltKey, domain: Domain, y: Uint8Array): Uint8Array {
  return confirmer(salt, domain)(y);
}

/** (node) `confirmKeyOf` with salt and domain fixed. */
export function confirmer(salt: SaltKey, domain: Domain): (y: Uint8Array) => Uint8Array {
  return hashing(CONFIRM_KEY_BYTES, salt, concat(lpText("causeway/confirm/v1"), lpText(domain)));
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
 * Names a record's owner to whoever is told `blind`, and to nobody else (protocol section 2.3): 32 bytes. `blind`: 32 random bytes of
 * the record. Throws INVALID for another length.
 */
export function ownerOf(of: {
  readonly member: MemberId;
  readonly handle: Handle;
  readonly blind: Uint8Array;
}): Uint8Array {
  const [member, handle] = [fromHex(of.member), fromHex(of.handle)];
  assertLength(member, MEMBER_BYTES, "member");
  assertLength(handle, HANDLE_BYTES, "handle");
  assertLength(of.blind, BLIND_BYTES, "blind");
  return blake2b(32, lpText("causeway/owner/v2"), member, handle, of.blind);
}

/**
 * What a record's tags are made for: 32 bytes. It fixes the conversation key (32 bytes) before the owner is known, and the owner before it
 * is named. Throws INVALID for another length.
 */
export function binderOf(conversationKey: Uint8Array, owner: Uint8Array): Uint8Array {
  assertLength(conversationKey, 32, "conversationKey");
  assertLength(owner, 32, "owner");
  return blake2b(BINDER_BYTES, lpText("causeway/binder/v2"), conversationKey, owner);
}

/** Of whose record, in which epoch, tags are made. */
export type TagScope = { readonly federation: Uint8Array; readonly epoch: number; readonly binder: Uint8Array };

/**
 * (node) With the scope fixed: the 8-byte tag of the identifier behind a confirmation key. It proves to whoever holds the same identifier that
 * the record behind the binder does too; to anybody else it is random, and worth nothing beside another record's binder. Compare with
 * `constantTimeEqual`. Eight bytes: who guesses has one try for each token that it publishes under its own name.
 */
export function tagger({ federation, epoch, binder }: TagScope): (cb: Uint8Array) => Uint8Array {
  assertLength(federation, FEDERATION_BYTES, "federation");
  assertLength(binder, BINDER_BYTES, "binder");
  const message = concat(lpText("causeway/tag/v2"), federation, u64(epoch), binder);
  return (cb) => blake2bKeyed(16, hashKey(cb), message).subarray(0, TAG_BYTES);
}

/** One agreed token, as both sides and the broker have it. */
export type AgreedToken = { readonly tokenClass: TokenClass; readonly token: Uint8Array };

/** 32 bytes over a set of agreed tokens, whatever their order. Throws INVALID for none. */
export function agreedHash(agreed: readonly AgreedToken[]): Uint8Array {
  if (agreed.length === 0) throw new CausewayError("INVALID", "no token has met", { fields: ["agreed"] });
  const items = agreed.map(({ tokenClass, token }) => concat(u8(TOKEN_CLASSES.indexOf(tokenClass)), token));
  return blake2b(32, lpText("causeway/agreed/v2"), ...items.toSorted(compareBytes));
}

/** What a statement on a meeting is signed over, under the type `meeting` (protocol section 7). `validHash`: see `agreedHash`. */
export function meetingPayload(of: {
  readonly matchId: Uint8Array;
  readonly ownBinder: Uint8Array;
  readonly otherBinder: Uint8Array;
  readonly validHash: Uint8Array;
}): Uint8Array {
  assertLength(of.matchId, MATCH_ID_BYTES, "matchId");
  assertLength(of.ownBinder, BINDER_BYTES, "ownBinder");
  assertLength(of.otherBinder, BINDER_BYTES, "otherBinder");
  assertLength(of.validHash, 32, "validHash");
  return concat(lpText("causeway/meeting/v2"), of.matchId, of.ownBinder, of.otherBinder, of.validHash);
}
