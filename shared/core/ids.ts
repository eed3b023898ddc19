/** Identifiers as lower-case hexadecimal text, so that they serve as map keys and database keys as they are. */
import { CausewayError } from "./errors.ts";

declare const brand: unique symbol;
type Id<Name extends string> = string & { readonly [brand]: Name };

/** 16 bytes, given by the board in `admit`. */
export type MemberId = Id<"member">;
/** 16 random bytes a record, drawn by its owner, stable across epochs. */
export type Handle = Id<"handle">;
/** 16 random bytes, drawn by a node at first start and after every restore. */
export type Incarnation = Id<"incarnation">;
/** 16 bytes, see `matchIdOf` in `broker/core/matching.ts`. */
export type MatchId = Id<"match">;

const SIXTEEN_BYTES = /^[0-9a-f]{32}$/;

/** Takes the hexadecimal form of a 16-byte id of any of the kinds above. Throws `CausewayError` INVALID. */
export function toId<Kind extends MemberId | Handle | Incarnation | MatchId>(hex: string): Kind {
  if (!SIXTEEN_BYTES.test(hex)) throw new CausewayError("INVALID", "an id is 16 bytes, in lower-case hexadecimal");
  return hex as Kind;
}
