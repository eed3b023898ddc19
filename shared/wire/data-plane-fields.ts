/** Fields that submissions and deliveries share, and how kinds are numbered in both. */
import { z } from "zod";
import type { DigestBucket, TagSet } from "../core/data-plane.ts";
import { CausewayError } from "../core/errors.ts";
import type { Handle, Incarnation, MatchId } from "../core/ids.ts";
import { TAG_BYTES } from "../crypto/token.ts";
import { bytesBetween, idOf, joined, uint32 } from "./checks.ts";
import type * as gen from "./gen/causeway/v1/data_plane.ts";

export const matchId = idOf<MatchId>();
export const handle = idOf<Handle>();
export const incarnation = idOf<Incarnation>();

const tags = joined(TAG_BYTES, 0xffff);
/** A tag for each token, field by field. */
export const tagFields = { singleTags: tags, openingTags: tags, supportTags: tags };

export const positions = z.array(uint32()).max(0xffff);

const HASH_BYTES = 32;
/** 32 bytes where there is nothing. */
const NO_SUM = new Uint8Array(HASH_BYTES);

export const digestBucket = z
  .object({ count: uint32(), sum: bytesBetween(0, HASH_BYTES) })
  .refine(({ count, sum }) => sum.length === (count === 0 ? 0 : HASH_BYTES))
  .transform(({ count, sum }): DigestBucket => ({ count, sum: count === 0 ? NO_SUM : sum }));

/** What a later version has added. */
export const unknown = z.object({ field: uint32(1) });

/** Field numbers of kinds, in every message that has some; see `proto/README.md`. */
export const KINDS = { first: 10, last: 99 } as const;

export function toTagFields({ single, opening, support }: TagSet) {
  return { singleTags: single, openingTags: opening, supportTags: support };
}

export function neverSent(): CausewayError {
  return new CausewayError("INTERNAL", "what this version does not know it never sends");
}

export function toBucketMessages(buckets: readonly DigestBucket[]): gen.DigestBucket[] {
  return buckets.map(({ count, sum }) => ({ count, sum: count === 0 ? new Uint8Array() : sum }));
}
