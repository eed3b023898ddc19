/** Fields that submissions and deliveries share, and how kinds are numbered in both. */
import { z } from "zod";
import type { TagSet } from "../core/data-plane.ts";
import { CausewayError } from "../core/errors.ts";
import type { Handle, Incarnation, MatchId } from "../core/ids.ts";
import { TAG_BYTES } from "../crypto/token.ts";
import { idOf, joined, uint32 } from "./checks.ts";

export const matchId = idOf<MatchId>();
export const handle = idOf<Handle>();
export const incarnation = idOf<Incarnation>();

const tags = joined(TAG_BYTES, 0xffff);
/** A tag for each token, field by field. */
export const tagFields = { singleTags: tags, openingTags: tags, supportTags: tags };

export const positions = z.array(uint32()).max(0xffff);

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
