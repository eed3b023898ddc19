/**
 * What a node finds of the tags that a meeting came with (protocol sections 2.3 and 7). The broker says which of our own tokens met
 * somebody's; that the other side knows what stands behind them only the tags prove, because a token can be copied or invented.
 */
import { byClass, OPENING_CLASSES, TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type { Meeting, Positions } from "../../shared/core/data-plane.ts";
import { constantTimeEqual } from "../../shared/crypto/hash.ts";
import { TAG_BYTES } from "../../shared/crypto/token.ts";
import type { AgreedToken } from "../../shared/crypto/token.ts";
import type { HardenedIdentifier, Layout } from "./publication.ts";

export type TagsFound = {
  /** Positions of own tokens whose tag held, and of all others. */
  readonly valid: Positions;
  readonly failed: Positions;
  /** The own tokens whose tag held. */
  readonly agreed: readonly AgreedToken[];
};

/**
 * `expected`: of one own identifier the token, and the tag that whoever knows it puts beside the other record's binder. Positions come from
 * the broker: one that is padding or outside fails, since nobody can know what stands there.
 */
export function findTags(
  layout: Layout,
  { positions, otherTags }: Pick<Meeting, "positions" | "otherTags">,
  expected: (identifier: HardenedIdentifier) => { readonly token: Uint8Array; readonly tag: Uint8Array },
): TagsFound {
  const valid = byClass((): number[] => []);
  const failed = byClass((): number[] => []);
  const agreed: AgreedToken[] = [];
  for (const tokenClass of TOKEN_CLASSES) {
    for (const [at, position] of positions[tokenClass].entries()) {
      const identifier = layout[tokenClass][position] ?? null;
      const own = identifier === null ? undefined : expected(identifier);
      const theirs = otherTags[tokenClass].subarray(at * TAG_BYTES, (at + 1) * TAG_BYTES);
      if (own !== undefined && constantTimeEqual(own.tag, theirs)) {
        valid[tokenClass].push(position);
        agreed.push({ tokenClass, token: own.token });
      } else failed[tokenClass].push(position);
    }
  }
  return { valid, failed, agreed };
}

/**
 * What stood at the positions that met in a version whose layout is not known here, as far as the other side's tags tell: each is of one
 * identifier, and of no other. Whatever met by an identifier that is not among these stays empty.
 */
export function layoutByTags<Identifier extends HardenedIdentifier>(
  identifiers: readonly Identifier[],
  { positions, otherTags }: Pick<Meeting, "positions" | "otherTags">,
  tag: (identifier: Identifier) => Uint8Array,
): Layout {
  const tagged = identifiers.map((identifier) => ({ identifier, tag: tag(identifier) }));
  return byClass((tokenClass) => {
    const places: (HardenedIdentifier | null)[] = [];
    for (const [at, position] of positions[tokenClass].entries()) {
      const theirs = otherTags[tokenClass].subarray(at * TAG_BYTES, (at + 1) * TAG_BYTES);
      const known = tagged.find((each) => each.identifier.class === tokenClass && constantTimeEqual(each.tag, theirs));
      places[position] = known?.identifier ?? null;
    }
    return places;
  });
}

/** Whether a token held that by itself is worth an officer's look. */
export function provesKnowledge({ valid }: Pick<TagsFound, "valid">): boolean {
  return OPENING_CLASSES.some((tokenClass) => valid[tokenClass].length > 0);
}
