/**
 * Attacks that name the records of one member: by whoever holds what the broker has of its publication, the very list that it published,
 * and this code. They say how much of the list comes out right, so padding that looks like something counts for nothing by itself.
 *
 * The joint signature of a record: padded counts, handling, review month, and with which records of which signature it shares how many
 * tokens of which class, two steps deep (Weisfeiler and Leman, 1968). A record of the list is singled out where one published record fits.
 */
import { paddedCount } from "../../agency-node/core/padding.ts";
import { shuffled } from "../../agency-node/core/order.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type { TokenClass, Upsert } from "../../shared/core/data-plane.ts";
import { TOKEN_BYTES } from "../../shared/crypto/token.ts";

/** A record as one side sees it; `tokens` are told apart within a class by any names. */
export type Seen = { readonly label: string; readonly tokens: Readonly<Record<TokenClass, readonly string[]>> };

/** A record of the list: its tokens, without padding. */
export function knownOf(tokens: Seen["tokens"], label = ""): Seen {
  return { label: labelOf(tokens, label), tokens };
}

/** A published one, padding and all. */
export function publishedOf({ tokens, handling, reviewByDay }: Upsert): Seen {
  const names = byClass((tokenClass) => {
    const joined = tokens[tokenClass];
    return Array.from({ length: joined.length / TOKEN_BYTES }, (_, i) =>
      toHex(joined.subarray(i * TOKEN_BYTES, (i + 1) * TOKEN_BYTES)),
    );
  });
  return { label: labelOf(names, `${handling} ${reviewByDay}`), tokens: names };
}

function labelOf(tokens: Seen["tokens"], rest: string): string {
  const counts = TOKEN_CLASSES.map((tokenClass) => paddedCount(tokenClass, tokens[tokenClass].length));
  return `${counts.join(" ")} ${rest}`.trim();
}

function byClass<Value>(valueOf: (tokenClass: TokenClass) => Value): Record<TokenClass, Value> {
  return Object.fromEntries(TOKEN_CLASSES.map((each) => [each, valueOf(each)])) as Record<TokenClass, Value>;
}

/** Tokens of each class, in the order of the classes. */
type Counts = readonly number[];

type Link = { readonly to: number; readonly shared: Counts };

type Linked = {
  readonly seen: readonly Seen[];
  readonly links: readonly (readonly Link[])[];
  /** Of each record, how many of its tokens others hold too. */
  readonly shared: readonly Counts[];
};

function linkedOf(seen: readonly Seen[]): Linked {
  const holders = new Map<string, number[]>();
  const keysOf = ({ tokens }: Seen): (readonly [key: string, at: number])[] =>
    TOKEN_CLASSES.flatMap((tokenClass, at) =>
      [...new Set(tokens[tokenClass])].map((token) => [`${tokenClass} ${token}`, at] as const),
    );
  for (const [record, each] of seen.entries()) {
    for (const [key] of keysOf(each)) holders.set(key, [...(holders.get(key) ?? []), record]);
  }
  const links: Link[][] = [];
  const shared: number[][] = [];
  for (const [record, each] of seen.entries()) {
    const counts = TOKEN_CLASSES.map(() => 0);
    const byOther = new Map<number, number[]>();
    for (const [key, at] of keysOf(each)) {
      const others = (holders.get(key) ?? []).filter((other) => other !== record);
      if (others.length > 0) counts[at]! += 1;
      for (const other of others) {
        const of = byOther.get(other) ?? TOKEN_CLASSES.map(() => 0);
        of[at]! += 1;
        byOther.set(other, of);
      }
    }
    links.push([...byOther].map(([to, of]) => ({ to, shared: of })));
    shared.push(counts);
  }
  return { seen, links, shared };
}

/** Which published record fits which of the list: by its place among them, or `undefined` where none or several do. */
type Claims = readonly (number | undefined)[];

/** Equal signatures after two rounds: right where nothing but the list's own tokens is shared. */
function claimsByColour(list: Linked, dump: Linked): Claims {
  const names = new Map<string, number>();
  const nameOf = (text: string): number => names.get(text) ?? (names.set(text, names.size), names.size - 1);
  const coloursOf = ({ seen, links }: Linked): number[] => {
    let colours = seen.map(({ label }) => nameOf(label));
    for (let round = 0; round < ROUNDS; round += 1) {
      colours = links.map((of, record) => {
        const around = of.map(({ to, shared }) => `${shared.join(",")}:${colours[to]}`).toSorted();
        return nameOf(`${colours[record]} (${around.join(" ")})`);
      });
    }
    return colours;
  };
  const [listed, published] = [coloursOf(list), coloursOf(dump)];
  const known = Map.groupBy(listed.keys(), (record) => listed[record]);
  const found = Map.groupBy(published.keys(), (record) => published[record]);
  return listed.map((colour) => {
    const fitting = found.get(colour) ?? [];
    return fitting.length === 1 && known.get(colour)?.length === 1 ? fitting[0] : undefined;
  });
}

const ROUNDS = 2;

type Fit = {
  /** Whether a published link may be more than the one in the list, by what was lent. Two such between one pair are rare. */
  readonly atLeast: boolean;
  /** Whether the place in the order says something: how far off it may be, as a share of all. */
  readonly within?: number;
};

/** Every link of the list's record stands in the published one too, among others that are padding; no more is shared than there is room for. */
function claimsByFit(list: Linked, dump: Linked, { atLeast, within }: Fit): Claims {
  const byLabel = Map.groupBy(dump.seen.keys(), (record) => dump.seen[record]!.label);
  const fitsLink = (of: Counts, need: Counts): boolean =>
    need.every((count, i) => (atLeast ? of[i]! >= count : of[i] === count));
  const hasRoom = (record: number, found: number): boolean =>
    TOKEN_CLASSES.every((tokenClass, i) => {
      const count = list.seen[record]!.tokens[tokenClass].length;
      const extra = dump.shared[found]![i]! - list.shared[record]![i]!;
      return extra >= 0 && extra <= paddedCount(tokenClass, count) - count;
    });
  const memo = new Map<string, boolean>();
  const fits = (record: number, found: number, rounds: number): boolean => {
    if (list.seen[record]!.label !== dump.seen[found]!.label || !hasRoom(record, found)) return false;
    if (rounds === 0) return true;
    const key = `${record} ${found} ${rounds}`;
    const known = memo.get(key);
    if (known !== undefined) return known;
    const found2 = allPlaced(list.links[record]!, dump.links[found]!, (need, have) => {
      return fitsLink(have.shared, need.shared) && fits(need.to, have.to, rounds - 1);
    });
    memo.set(key, found2);
    return found2;
  };
  return list.seen.map(({ label }, record) => {
    const isNear = (found: number): boolean =>
      within === undefined ||
      Math.abs(found / dump.seen.length - record / list.seen.length) <= Math.max(within, 1 / dump.seen.length);
    const fitting = (byLabel.get(label) ?? []).filter((found) => isNear(found) && fits(record, found, ROUNDS));
    return fitting.length === 1 ? fitting[0] : undefined;
  });
}

/** Whether each of `needed` has one of `there` to itself. */
function allPlaced<T>(needed: readonly T[], there: readonly T[], fits: (need: T, have: T) => boolean): boolean {
  const [need, ...rest] = needed;
  if (need === undefined) return true;
  return there.some((have, i) => fits(need, have) && allPlaced(rest, there.toSpliced(i, 1), fits));
}

export type JointSignature = { readonly records: number; readonly singledOut: number; readonly share: number };

/** The share of a place in the order within which an attacker looks who believes in it. */
const NEAR = 0.01;

/** `truth`: which record of the list each published one is. Of several attacks the one that names most. */
export function jointSignatureOf(
  list: readonly Seen[],
  dump: readonly Seen[],
  truth: readonly number[],
): JointSignature {
  const [listed, published] = [linkedOf(list), linkedOf(dump)];
  const attacks = [
    claimsByColour(listed, published),
    ...[true, false].flatMap((atLeast) => [
      claimsByFit(listed, published, { atLeast }),
      claimsByFit(listed, published, { atLeast, within: NEAR }),
    ]),
  ];
  const rights = attacks.map(
    (claims) => claims.filter((found, record) => found !== undefined && truth[found] === record).length,
  );
  const singledOut = Math.max(...rights);
  return { records: list.length, singledOut, share: list.length === 0 ? 0 : singledOut / list.length };
}

export type Alignment = {
  readonly claims: number;
  readonly right: number;
  readonly controlClaims: number;
  readonly controlRight: number;
};

/** The table of an alignment grows with the square of it. */
const ALIGNED_MAX = 5_000;

/**
 * Lays the order of publication along the order of the list: the longest sequence of records with equal labels that goes forward in both.
 * The control is the same on an order shuffled here.
 */
export function alignmentOf(
  list: readonly Seen[],
  dump: readonly Seen[],
  of: { readonly truth: readonly number[]; readonly random: (count: number) => Uint8Array },
): Alignment {
  const labels = list.slice(0, ALIGNED_MAX).map(({ label }) => label);
  const rightOf = (order: readonly number[]) => {
    const some = order.slice(0, ALIGNED_MAX);
    const pairs = aligned(
      labels,
      some.map((found) => dump[found]!.label),
    );
    return { claims: pairs.length, right: pairs.filter(([record, at]) => of.truth[some[at]!] === record).length };
  };
  const order = dump.map((_, found) => found);
  const { claims, right } = rightOf(order);
  const control = rightOf(shuffled(order, of.random));
  return { claims, right, controlClaims: control.claims, controlRight: control.right };
}

/** Longest common subsequence (Wagner and Fischer, 1974), as pairs of places. */
function aligned(a: readonly string[], b: readonly string[]): (readonly [number, number])[] {
  const width = b.length + 1;
  const longest = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const at = i * width + j;
      longest[at] = a[i] === b[j] ? longest[at + width + 1]! + 1 : Math.max(longest[at + width]!, longest[at + 1]!);
    }
  }
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (longest[(i + 1) * width + j]! >= longest[i * width + j + 1]!) i += 1;
    else j += 1;
  }
  return pairs;
}
