/** Joins two sets of records on equal identifiers, as the broker does on equal tokens, and grades every pair. */
import { type Grading, gradeOf } from "../../agency-node/core/grade.ts";
import type { Subject } from "../../agency-node/core/record.ts";
import { encodeIdentifier, identifiersOf } from "../../agency-node/linkage/identifiers.ts";
import { type KindName, SCHEME } from "../../agency-node/linkage/scheme.ts";
import { toHex } from "../../shared/core/bytes.ts";

export type Entry = { readonly id: string; readonly subject: Subject };

export type Pair = { readonly left: string; readonly right: string; readonly kinds: readonly KindName[] } & {
  readonly grading: Grading;
};

export type Joined = { readonly pairs: readonly Pair[]; readonly tokens: number };

export function join(left: readonly Entry[], right: readonly Entry[]): Joined {
  const index = new Map<string, string[]>();
  let tokens = 0;
  for (const { id, subject } of right) {
    for (const identifier of identifiersOf(subject)) {
      const key = toHex(encodeIdentifier(identifier));
      const owners = index.get(key);
      if (owners === undefined) index.set(key, [id]);
      else owners.push(id);
      tokens += 1;
    }
  }
  const pairs: Pair[] = [];
  for (const { id, subject } of left) {
    const met = new Map<string, KindName[]>();
    for (const identifier of identifiersOf(subject)) {
      tokens += 1;
      for (const other of index.get(toHex(encodeIdentifier(identifier))) ?? []) {
        met.set(other, [...(met.get(other) ?? []), identifier.kind]);
      }
    }
    for (const [other, kinds] of met) pairs.push({ left: id, right: other, kinds, grading: gradeOf(kinds, SCHEME) });
  }
  return { pairs, tokens };
}
