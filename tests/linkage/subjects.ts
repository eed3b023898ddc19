/** Invented persons and things for the tests of linkage. */
import { type Grading, gradeOf } from "../../agency-node/core/grade.ts";
import type { Subject } from "../../agency-node/core/record.ts";
import { encodeIdentifier, identifiersOf } from "../../agency-node/linkage/identifiers.ts";
import { type KindName, SCHEME } from "../../agency-node/linkage/scheme.ts";
import { toHex } from "../../shared/core/bytes.ts";

export function person(name: string, facts: Omit<Subject, "kind" | "names"> = {}): Subject {
  return { kind: "person", names: [{ text: name, strength: "full" }], ...facts };
}

/** Kinds of `own` tokens that `other` has too, as the node of `own` sees them. */
export function kindsMet(own: Subject, other: Subject): KindName[] {
  const theirs = new Set(identifiersOf(other).map((identifier) => toHex(encodeIdentifier(identifier))));
  return identifiersOf(own)
    .filter((identifier) => theirs.has(toHex(encodeIdentifier(identifier))))
    .map(({ kind }) => kind);
}

export function gradingBetween(own: Subject, other: Subject): Grading {
  return gradeOf(kindsMet(own, other), SCHEME);
}

export const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
/** A word of its own for each number, with letters that may stand for two sounds: four skeletons each. */
export const word = (i: number): string =>
  `jox${[...i.toString(20)].map((c) => "bcdfghjklmnpqrstvwxz"[parseInt(c, 20)]).join("a")}jac`;
export const day = (i: number): string => String(1 + (i % 28)).padStart(2, "0");

/** So many birth dates and so many addresses, all different. */
export function crossed(count: number): { readonly birthDates: string[]; readonly addresses: string[] } {
  return {
    birthDates: times(count, (i) => `19${String(i % 100).padStart(2, "0")}-05-${day(i)}`),
    addresses: times(count, (i) => `${i} ${word(i)} road, ${word(i + 1)}, ${10_000 + i}`),
  };
}

/** Characters that nobody sees. */
export const INVISIBLE = "\u200b\u200c\u200d\u00ad\u202e\u2066\u2060\ufeff\u3164\u115f\u034f\ufe0f\u{e0061}";
