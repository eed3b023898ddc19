/**
 * How a record's hardened identifiers are laid out before they leave the node: by class, padded, shuffled (protocol section 3).
 * The broker sees three lists of tokens, each with its tag, whose lengths are powers of two and whose order says nothing.
 */
import { concat, lpText, u32, u64 } from "../../shared/core/bytes.ts";
import { byClass, TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type { Positions, TagSet, TokenClass, TokenSet } from "../../shared/core/data-plane.ts";
import { blake2bKeyed } from "../../shared/crypto/hash.ts";
import type { HashKey } from "../../shared/crypto/hash.ts";
import { TAG_BYTES, TOKEN_BYTES } from "../../shared/crypto/token.ts";
import { shuffled } from "./order.ts";
import { paddedCount } from "./padding.ts";
import type { Padding } from "./padding.ts";

/** A hardened identifier of a record: under `cacheKey` its `y` is found in the node's cache, which it never leaves. */
export type HardenedIdentifier = { readonly kind: string; readonly class: TokenClass; readonly cacheKey: Uint8Array };

/** What stands at each position of each class; `null` is padding. */
export type Layout = LayoutOf<HardenedIdentifier>;
type LayoutOf<Identifier> = Readonly<Record<TokenClass, readonly (Identifier | null)[]>>;

/** Lays identifiers out. `random(n)` gives n fresh random bytes. */
export function layOut<Identifier extends HardenedIdentifier>(
  identifiers: readonly Identifier[],
  random: (bytes: number) => Uint8Array,
): LayoutOf<Identifier> {
  return byClass((tokenClass) => {
    const real = identifiers.filter((identifier) => identifier.class === tokenClass);
    const padding = Array.from({ length: paddedCount(tokenClass, real.length) - real.length }, () => null);
    return shuffled<Identifier | null>([...real, ...padding], random);
  });
}

/** Of one place: the token's 16, and the 8 of the tag behind it. */
const PLACE_BYTES = 24;

const PADDING_LABEL = lpText("causeway/padding/v2");
const CLASS_LABELS = byClass(lpText);

/**
 * The padding of one record in one epoch, the same in all its versions: were it drawn anew for each, whatever an amendment leaves
 * in place would be real. `recordKey` is secret and of that record only.
 */
export function paddingOf(recordKey: HashKey, epoch: number): Padding {
  const head = concat(PADDING_LABEL, u64(epoch));
  const messages = byClass((tokenClass) => concat(head, CLASS_LABELS[tokenClass], u32(0)));
  return (tokenClass, number) => {
    const message = messages[tokenClass];
    // As `u32`, in place: this is done for most of all tokens.
    const end = message.length;
    message[end - 4] = number >>> 24;
    message[end - 3] = number >>> 16;
    message[end - 2] = number >>> 8;
    message[end - 1] = number;
    return blake2bKeyed(PLACE_BYTES, recordKey, message);
  };
}

export type TaggedTokens = { readonly tokens: TokenSet; readonly tags: TagSet };

/**
 * The tokens and tags of a layout, concatenated by class: `token(identifier)` and `tag(identifier)` for the real ones, padding in the other
 * places, which an onlooker without the keys cannot tell apart.
 */
export function tokensOfLayout<Identifier extends HardenedIdentifier>(
  layout: LayoutOf<Identifier>,
  of: {
    token(identifier: Identifier): Uint8Array;
    tag(identifier: Identifier): Uint8Array;
    readonly padding: Padding;
  },
): TaggedTokens {
  const tokens = byClass((tokenClass) => new Uint8Array(layout[tokenClass].length * TOKEN_BYTES));
  const tags = byClass((tokenClass) => new Uint8Array(layout[tokenClass].length * TAG_BYTES));
  for (const tokenClass of TOKEN_CLASSES) {
    let padded = 0;
    for (const [position, identifier] of layout[tokenClass].entries()) {
      if (identifier === null) {
        const place = of.padding(tokenClass, padded++);
        tokens[tokenClass].set(place.subarray(0, TOKEN_BYTES), position * TOKEN_BYTES);
        tags[tokenClass].set(place.subarray(TOKEN_BYTES), position * TAG_BYTES);
      } else {
        tokens[tokenClass].set(of.token(identifier), position * TOKEN_BYTES);
        tags[tokenClass].set(of.tag(identifier), position * TAG_BYTES);
      }
    }
  }
  return { tokens, tags };
}

/** The identifiers at the positions that met. Positions come from the broker: one that is padding or outside counts for nothing. */
export function identifiersAt(layout: Layout, positions: Positions): HardenedIdentifier[] {
  return TOKEN_CLASSES.flatMap((tokenClass) =>
    [...new Set(positions[tokenClass])].flatMap((position) => layout[tokenClass][position] ?? []),
  );
}
