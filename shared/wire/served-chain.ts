/**
 * The chain of directives as the broker serves it to somebody who has no certificate yet. Directives name members and how they are reached,
 * so each part is sealed with a key that the invitation's secret gives: whoever else asks, or stands in between, gets noise.
 */
import { concat, lpText, u32 } from "../core/bytes.ts";
import type { SignedDirective } from "../core/directive.ts";
import { GRPC_ANSWER_BYTES_MAX } from "../core/limits.ts";
import { hashKey } from "../crypto/hash.ts";
import { decryptWith, encryptWith } from "../crypto/secretbox.ts";
import { readMessage } from "./checks.ts";
import { encodeSignedFreshness, readSignedDirective, readSignedFreshness } from "./directive.ts";
import { ChainPart } from "./gen/causeway/v1/board.ts";
import { Signed } from "./gen/causeway/v1/signed.ts";
import { z } from "zod";

/** `freshness`: `Signed` bytes. */
export type ServedPart =
  | { readonly kind: "directive"; readonly directive: Pick<SignedDirective, "payload" | "signatures"> }
  | { readonly kind: "freshness"; readonly freshness: Uint8Array };

/** `place` in the stream, from 0. */
export type Sealing = { readonly chainKey: Uint8Array; readonly place: number };

/** `nonce`: 24 random bytes. */
export function sealChainPart(part: ServedPart, { chainKey, place }: Sealing, nonce: Uint8Array): Uint8Array {
  const message = ChainPart.fromPartial(
    part.kind === "directive"
      ? { directive: { payload: part.directive.payload, signatures: [...part.directive.signatures] } }
      : { freshness: Signed.decode(part.freshness) },
  );
  return encryptWith(hashKey(chainKey), nonce, ChainPart.encode(message).finish(), placeOf(place));
}

/** Throws UNPROVEN for what was sealed with another key or for another place, INVALID. A directive is not folded yet. */
export function openChainPart(
  sealed: Uint8Array,
  { chainKey, place }: Sealing,
): { readonly directive: SignedDirective } | { readonly freshness: Uint8Array } {
  const { directive, freshness } = readMessage(reading, decryptWith(hashKey(chainKey), sealed, placeOf(place)));
  if (directive !== undefined) return { directive: readSignedDirective(directive) };
  return { freshness: encodeSignedFreshness(readSignedFreshness(freshness)) };
}

const reading = {
  what: "part of the chain",
  bytesMax: GRPC_ANSWER_BYTES_MAX,
  codec: ChainPart,
  schema: z.custom<ChainPart>(),
};

const placeOf = (place: number): Uint8Array => concat(lpText("causeway/invitation-chain/v1"), u32(place));
