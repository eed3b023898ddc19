/**
 * Two sets of records as two members: laid out, salted and padded as a node does it, indexed and matched as the broker does it, graded
 * by both nodes from the positions of their own tokens. Only hardening is left out: it gives every identifier one secret `y`, so a hash
 * of the identifier stands for it and changes no meeting. Both sides know what they publish, so every tag would hold: none is made.
 */
import { type Grading, gradeOf } from "../../agency-node/core/grade.ts";
import {
  type HardenedIdentifier,
  identifiersAt,
  type Layout,
  layOut,
  tokensOfLayout,
} from "../../agency-node/core/publication.ts";
import type { Subject } from "../../agency-node/core/record.ts";
import { encodeIdentifier, identifiersOf } from "../../agency-node/linkage/identifiers.ts";
import { classOf, type KindName, SCHEME } from "../../agency-node/linkage/scheme.ts";
import { type Candidate, findCandidates, type RecordView, recordKeyOf } from "../../broker/core/matching.ts";
import { keyedTokenHash } from "../../broker/core/token-hash.ts";
import { TokenIndex } from "../../broker/core/token-index.ts";
import { byClass, TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { type Handle, type MemberId, toId } from "../../shared/core/ids.ts";
import { sha512 } from "../../shared/crypto/hash.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { saltKey, TAG_BYTES, TOKEN_BYTES, tokenOf } from "../../shared/crypto/token.ts";

export type Entry = { readonly id: string; readonly subject: Subject };

export type Pair = { readonly left: string; readonly right: string; readonly kinds: readonly KindName[] } & {
  readonly grading: Grading;
};

export type Joined = { readonly pairs: readonly Pair[]; readonly tokens: number };

type Published = { readonly entry: Entry; readonly layout: Layout; readonly view: RecordView };

const MEMBERS = ["0a", "0b"].map((byte) => toId<MemberId>(byte.repeat(16)));
const TODAY = 20_000;
const NO_TAG = new Uint8Array(TAG_BYTES);

/** Every pair that meets at the broker, with its grade. */
export function join(left: readonly Entry[], right: readonly Entry[]): Joined {
  const index = new TokenIndex(keyedTokenHash(randomBytes(16)));
  const salt = saltKey(randomBytes(32));
  const published: Published[] = [];
  let tokens = 0;
  for (const [member, entries] of [left, right].entries()) {
    for (const entry of entries) {
      const layout = layOut(hardenedOf(entry.subject), randomBytes);
      const laidOut = tokensOfLayout(layout, {
        token: ({ cacheKey }) => tokenOf(salt, "target", cacheKey),
        tag: () => NO_TAG,
        padding: () => randomBytes(TOKEN_BYTES + TAG_BYTES),
      });
      index.put(published.length, member, laidOut);
      published.push({ entry, layout, view: viewOf(member) });
      for (const tokenClass of TOKEN_CLASSES) tokens += layout[tokenClass].filter((cell) => cell !== null).length;
    }
  }
  const pairs = left.flatMap((_, record) =>
    findCandidates(index, record, (number) => published[number]?.view, TODAY).candidates.map((candidate) =>
      toPair(candidate, record, published),
    ),
  );
  return { pairs, tokens };
}

/** The hash of an identifier stands for its `y`, under the name by which a layout finds it again. */
function hardenedOf(subject: Subject): HardenedIdentifier[] {
  return identifiersOf(subject).map((identifier) => ({
    kind: identifier.kind,
    class: classOf(identifier.kind),
    cacheKey: sha512(encodeIdentifier(identifier)),
  }));
}

function viewOf(member: number): RecordView {
  return {
    member: MEMBERS[member] as MemberId,
    handle: toId<Handle>(toHex(randomBytes(16))),
    reviewByDay: TODAY,
    handling: "open",
  };
}

function toPair({ a, b, met }: Candidate, record: number, published: readonly Published[]): Pair {
  const [own, other] = [record, record === a ? b : a].map((number) => published[number] as Published) as [
    Published,
    Published,
  ];
  const ownIsLower = recordKeyOf(own.view) < recordKeyOf(other.view);
  const kinds = kindsAt(own, met, ownIsLower ? "positionA" : "positionB");
  const grading = gradeOf(kinds, SCHEME);
  const theirs = gradeOf(kindsAt(other, met, ownIsLower ? "positionB" : "positionA"), SCHEME);
  if (theirs.grade !== grading.grade || theirs.score !== grading.score)
    throw new Error("the two sides grade differently");
  return { left: own.entry.id, right: other.entry.id, kinds, grading };
}

function kindsAt({ layout }: Published, met: Candidate["met"], side: "positionA" | "positionB"): KindName[] {
  const positions = byClass((): number[] => []);
  for (const token of met) positions[token.tokenClass].push(token[side]);
  return identifiersAt(layout, positions).map(({ kind }) => kind as KindName);
}
