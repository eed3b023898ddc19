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
import { withinBounds } from "./bounds.ts";
import type { ProblemCode } from "./canonical.ts";
import type { Identifier, Report } from "./identifier.ts";
import { mixesAlphabets } from "./look-alikes.ts";
import { linkIdentifiers, numberIdentifiers } from "./number-identifiers.ts";
import { organisationIdentifiers, personIdentifiers } from "./name-identifiers.ts";
import { plainText } from "./plain-text.ts";
import { hashOf, lowestRanked } from "./ranking.ts";
import { type KindName, SCHEME } from "./scheme.ts";

/** `path` is a place in the subject such as `phones[0]`; the value itself is never repeated. */
export type Problem = { readonly path: string; readonly problem: ProblemCode };

export type Comparable = {
  /** Distinct, most telling first, within the scheme's caps. */
  readonly identifiers: readonly Identifier[];
  /** Every value that gave no identifier, and those that a person should look at. */
  readonly problems: readonly Problem[];
  /** How many identifiers the caps cut off. */
  readonly dropped: number;
};

/** What makes a subject comparable, and what in it does not. Never throws on user data. */
export function comparableOf(whole: Subject): Comparable {
  const problems: Problem[] = [];
  const report = (path: string, problem: ProblemCode) => problems.push({ path, problem });
  const subject = withinBounds(whole, report);
  reportMixed(subject, report);
  const numbers = distinct([...numberIdentifiers(subject, report), ...linkIdentifiers(subject, report)]);
  const names = distinct([
    ...(subject.kind === "person" ? personIdentifiers(subject, report) : []),
    ...(subject.kind === "organisation" ? organisationIdentifiers(subject, report) : []),
  ]);
  const identifiers = withinCaps(numbers, names);
  const dropped = numbers.length + names.length - identifiers.length;
  return { identifiers, problems: distinctProblems(problems), dropped };
}

/** What people write in words; numbers take letters that look alike for the same. */
function reportMixed(subject: Subject, report: Report): void {
  const texts = {
    names: subject.names?.map(({ text }) => text),
    firstNames: subject.firstNames,
    middleNames: subject.middleNames,
    lastNames: subject.lastNames,
    birthPlaces: subject.birthPlaces,
    addresses: subject.addresses,
    emails: subject.emails,
    handles: subject.handles?.map(({ platform, id }) => `${platform} ${id}`),
  };
  for (const [list, values] of Object.entries(texts)) {
    values?.forEach((text, i) => mixesAlphabets(plainText(text)) && report(`${list}[${i}]`, "mixed"));
  }
}

export function identifiersOf(subject: Subject): readonly Identifier[] {
  return comparableOf(subject).identifiers;
}

/** `x` of protocol section 2.1: lp("causeway/id") ‖ lp(scheme) ‖ lp(kind) ‖ lp(field_1) ‖ … */
export function encodeIdentifier({ kind, fields }: Identifier): Uint8Array {
  const head = headOf(kind);
  let length = head.length;
  for (const field of fields) length += 2 + field.length;
  const encoded = new Uint8Array(length);
  encoded.set(head);
  let at = head.length;
  for (const field of fields) {
    if (!writeAscii(field, encoded, at)) return concat(head, ...fields.map((each) => lpText(each)));
    at += 2 + field.length;
  }
  return encoded;
}

const HEADS = new Map<KindName, Uint8Array>();

function headOf(kind: KindName): Uint8Array {
  const known = HEADS.get(kind);
  if (known !== undefined) return known;
  const head = concat(lpText("causeway/id"), lpText(SCHEME.name), lpText(kind));
  HEADS.set(kind, head);
  return head;
}

/** Nearly every canonical form is short ASCII, which needs no encoder; false where it is not. */
function writeAscii(field: string, into: Uint8Array, at: number): boolean {
  if (field.length > 0xff) return false;
  into[at + 1] = field.length;
  for (let i = 0; i < field.length; i += 1) {
    const code = field.charCodeAt(i);
    if (code > 0x7f) return false;
    into[at + 2 + i] = code;
  }
  return true;
}

/** No canonical form holds a line break. */
function keyOf({ kind, fields }: Identifier): string {
  return `${kind}\n${fields.join("\n")}`;
}

/**
 * Numbers in the record's order, then names. Which names a cap cuts off must not depend on the order in which a source
 * lists its aliases, or two sources would keep different ones: so they are kept by a hash of themselves.
 */
function withinCaps(numbers: readonly Identifier[], named: readonly Identifier[]): Identifier[] {
  const { tokens, numbers: most, names: mostNames } = SCHEME.caps;
  const allowed = withinPhoneCap(numbers);
  const unplaced = named.filter((one) => !isAtAddress(one));
  const names = lowestRanked(unplaced, mostNames, rankOf);
  const rest = [...names, ...lowestRanked(named.filter(isAtAddress), tokens - names.length, rankOf)];
  const room = tokens - Math.min(allowed.length, Math.max(most, tokens - rest.length));
  return [...allowed.slice(0, tokens - room), ...lowestRanked(rest, room, rankOf)];
}

/** Aliases multiply names; addresses are few, and are kept beside them. */
function isAtAddress({ kind }: Identifier): boolean {
  return AT_ADDRESS.has(kind);
}

const AT_ADDRESS: ReadonlySet<string> = new Set(
  Object.entries(SCHEME.kinds)
    .filter(([, { facts }]) => facts.some((fact) => /^(?:street|house|area)\./.test(fact)))
    .map(([kind]) => kind),
);

function withinPhoneCap(numbers: readonly Identifier[]): Identifier[] {
  const phones = new Map<KindName, number>();
  return numbers.filter(({ kind }) => {
    if (kind !== "link.phone" && kind !== "device.phone") return true;
    const count = (phones.get(kind) ?? 0) + 1;
    phones.set(kind, count);
    return count <= SCHEME.caps.phones;
  });
}

function rankOf({ kind, fields }: Identifier): number {
  return fields.reduce((hash, field) => hashOf(field, hash), hashOf(kind));
}

function distinct(identifiers: readonly Identifier[]): Identifier[] {
  return [...new Map(identifiers.map((identifier) => [keyOf(identifier), identifier])).values()];
}

function distinctProblems(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [`${problem.path} ${problem.problem}`, problem])).values()];
}
