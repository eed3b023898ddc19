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
