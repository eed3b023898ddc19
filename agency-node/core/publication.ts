/**
 * How a record's hardened identifiers are laid out before they leave the node: by class, padded, shuffled (protocol section 3).
 * The broker sees three lists of tokens whose lengths are powers of two and whose order says nothing.
 */
import { compareBytes } from "../../shared/core/bytes.ts";
import { TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type { TokenClass, TokenSet } from "../../shared/core/data-plane.ts";

/** A hardened identifier of a record: under `cacheKey` its `y` is found in the node's cache, which it never leaves. */
export type HardenedIdentifier = { readonly kind: string; readonly class: TokenClass; readonly cacheKey: Uint8Array };

/** What stands at each position of each class; `null` is padding. */
export type Layout = Readonly<Record<TokenClass, readonly (HardenedIdentifier | null)[]>>;

/** The least length of a class: with fewer places the counts would single records out. */
const CLASS_PLACES_MIN = 8;

const SHUFFLE_KEY_BYTES = 16;

/** Lays identifiers out. `random(n)` gives n fresh random bytes. */
export function layOut(identifiers: readonly HardenedIdentifier[], random: (bytes: number) => Uint8Array): Layout {
  const place = (tokenClass: TokenClass): (HardenedIdentifier | null)[] => {
    const real = identifiers.filter((identifier) => identifier.class === tokenClass);
    const padding = Array.from({ length: paddedCount(real.length) - real.length }, () => null);
    return shuffled([...real, ...padding], random);
  };
  return { single: place("single"), dateLevel: place("dateLevel"), yearLevel: place("yearLevel") };
}

/** The power of two, at least 8, that `count` is padded to. */
export function paddedCount(count: number): number {
  let places = CLASS_PLACES_MIN;
  while (places < count) places *= 2;
  return places;
}

/**
 * The tokens of a layout, concatenated by class: `token(identifier)` for the real ones, random bytes for padding, which an
 * onlooker without the salt cannot tell apart.
 */
export function tokensOfLayout(
  layout: Layout,
  token: (identifier: HardenedIdentifier) => Uint8Array,
  random: (bytes: number) => Uint8Array,
): TokenSet {
  const TOKEN_BYTES = 16;
  const join = (tokenClass: TokenClass): Uint8Array => {
    const places = layout[tokenClass];
    const joined = random(places.length * TOKEN_BYTES);
    for (const [position, identifier] of places.entries()) {
      if (identifier !== null) joined.set(token(identifier), position * TOKEN_BYTES);
    }
    return joined;
  };
  return { single: join("single"), dateLevel: join("dateLevel"), yearLevel: join("yearLevel") };
}

/** The identifiers at the positions that met. Positions come from the broker: one that is padding or outside counts for nothing. */
export function identifiersAt(
  layout: Layout,
  positions: Readonly<Record<TokenClass, readonly number[]>>,
): HardenedIdentifier[] {
  return TOKEN_CLASSES.flatMap((tokenClass) =>
    [...new Set(positions[tokenClass])].flatMap((position) => layout[tokenClass][position] ?? []),
  );
}

function shuffled<T>(items: readonly T[], random: (bytes: number) => Uint8Array): T[] {
  const keys = random(items.length * SHUFFLE_KEY_BYTES);
  return items
    .map((item, i) => ({ item, key: keys.subarray(i * SHUFFLE_KEY_BYTES, (i + 1) * SHUFFLE_KEY_BYTES) }))
    .sort((a, b) => compareBytes(a.key, b.key))
    .map(({ item }) => item);
}
