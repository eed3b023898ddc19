/**
 * From a subject to its identifiers: the plaintext inputs of hardening (protocol, section 2). They never leave the node.
 *
 * A person's name yields nothing alone: every name key is bound to a date, a nationality or an address, because a lone
 * name is shared by thousands and its token would tell the broker so. `link.*` kinds stand for what a subject is linked
 * to and are published by every kind of subject, so that a person can meet a vehicle; `vehicle.*` and the like only by
 * a record that is about that thing.
 */
import { concat, lpText } from "../../shared/core/bytes.ts";
import type { Subject } from "../core/record.ts";
import type { ProblemCode } from "./canonical.ts";
import { linkIdentifiers, numberIdentifiers } from "./number-identifiers.ts";
import { organisationIdentifiers, personIdentifiers } from "./name-identifiers.ts";
import { type KindName, SCHEME } from "./scheme.ts";

/** `fields` has the number of places that the scheme says; an absent one is "". */
export type Identifier = { readonly kind: KindName; readonly fields: readonly string[] };

/** `path` is a place in the subject such as `phones[0]`; the value itself is never repeated. */
export type Problem = { readonly path: string; readonly problem: ProblemCode };

export type Comparable = {
  /** Distinct, most telling first, within the scheme's caps. */
  readonly identifiers: readonly Identifier[];
  /** Every value that gave no identifier. */
  readonly problems: readonly Problem[];
  /** How many identifiers the caps cut off. */
  readonly dropped: number;
};

/** What makes `subject` comparable, and what in it does not. Never throws on user data. */
export function comparableOf(subject: Subject): Comparable {
  const problems: Problem[] = [];
  const report = (path: string, problem: ProblemCode) => problems.push({ path, problem });
  const all = [
    ...numberIdentifiers(subject, report),
    ...linkIdentifiers(subject, report),
    ...(subject.kind === "person" ? personIdentifiers(subject, report) : []),
    ...(subject.kind === "organisation" ? organisationIdentifiers(subject, report) : []),
  ];
  const distinct = [...new Map(all.map((identifier) => [keyOf(identifier), identifier])).values()];
  const kept = withinCaps(distinct);
  return { identifiers: kept, problems: distinctProblems(problems), dropped: distinct.length - kept.length };
}

export function identifiersOf(subject: Subject): readonly Identifier[] {
  return comparableOf(subject).identifiers;
}

export function problemsOf(subject: Subject): readonly Problem[] {
  return comparableOf(subject).problems;
}

/** `x` of protocol section 2.1: lp("causeway/id") ‖ lp(scheme) ‖ lp(kind) ‖ lp(field_1) ‖ … */
export function encodeIdentifier(identifier: Identifier): Uint8Array {
  return concat(
    lpText("causeway/id"),
    lpText(SCHEME.name),
    lpText(identifier.kind),
    ...identifier.fields.map((field) => lpText(field)),
  );
}

function keyOf({ kind, fields }: Identifier): string {
  return JSON.stringify([kind, ...fields]);
}

/** Phones first lose the surplus, then what stands last: identifiers arrive most telling first. */
function withinCaps(identifiers: readonly Identifier[]): Identifier[] {
  const phones = new Map<string, number>();
  return identifiers
    .filter(({ kind }) => {
      if (SCHEME.kinds[kind].group !== "phone") return true;
      phones.set(kind, (phones.get(kind) ?? 0) + 1);
      return (phones.get(kind) ?? 0) <= SCHEME.caps.phones;
    })
    .slice(0, SCHEME.caps.tokens);
}

function distinctProblems(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [`${problem.path} ${problem.problem}`, problem])).values()];
}
