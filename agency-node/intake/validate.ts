/**
 * From a row's fields to a record, or to the list of everything that is wrong with it. A record that could not be
 * defended later (no basis, no case, no review) never gets in, whoever sends the file.
 */
import type { Handling } from "../../shared/core/data-plane.ts";
import type { Domain } from "../../shared/core/domain.ts";
import { domainOf } from "../core/record.ts";
import type { DeconflictionRecord, SourceGrading, SubjectKind, SubjectRole } from "../core/record.ts";
import { comparableOf } from "../linkage/identifiers.ts";
import { classOf } from "../linkage/scheme.ts";
import { type DayMonthOrder, addDays, readDate } from "./dates.ts";
import { type Fields, type SubjectResult, cleanFields, subjectOf } from "./fields.ts";
import { type SingleField } from "./field-names.ts";
import type { ParsedRow } from "./parsed.ts";
import { type OwnCode, type Problem, identifierProblem, problem } from "./problem.ts";
import { handlingOf, kindOf, roleOf } from "./words.ts";

/** What holds for every row that does not say otherwise, as words of the file would be. */
export type ImportDefaults = {
  readonly kind?: string;
  readonly role?: string;
  readonly legalBasis?: string;
  readonly caseReference?: string;
  readonly handling?: string;
  readonly reviewBy?: string;
};

export type Rules = {
  readonly defaults: ImportDefaults;
  /** ISO day. */
  readonly today: string;
  /** Days from today; the latest review day that policy or mandate allows. */
  readonly retentionDaysMax: number;
  /** Of the unit's mandate, as it stands now. */
  readonly domains: readonly Domain[];
  /** For phone numbers without country code. */
  readonly defaultCountry?: string;
  readonly dateOrder?: DayMonthOrder;
};

export type Checked = {
  /** Present wherever the row has one, so that a second row with it is noticed. */
  readonly reference?: string;
  /** Absent where a problem is an error. */
  readonly record?: DeconflictionRecord;
  readonly problems: readonly Problem[];
};

/** Checks one row. Never throws on what a file may hold. */
export function validate(row: ParsedRow, rules: Rules): Checked {
  const problems = [...row.problems];
  if (row.fields === undefined) return { problems };
  const fields = cleanFields(row.fields, row.line, problems);
  const envelope = new EnvelopeReader(fields, rules, row.line, problems).read();
  const result = subjectOf(envelope.kind ?? "person", fields, { ...rules, line: row.line });
  problems.push(...result.problems);
  if (envelope.kind !== undefined) problems.push(...comparisonProblems(result, row.line));
  const { reference } = envelope;
  const known = reference === undefined ? {} : { reference };
  if (!isComplete(envelope) || problems.some(({ severity }) => severity === "error")) return { ...known, problems };
  const { kind: _, ...rest } = envelope;
  return { ...known, record: { ...rest, subject: result.subject }, problems };
}

/** Defaults that no row could use, such as `defaults.reviewBy`. What the mandate excludes is said at the rows, in words. */
export function defaultProblems(rules: Rules): Problem[] {
  const problems: Problem[] = [];
  new EnvelopeReader({}, rules, 0, problems).read();
  return problems.filter(({ code }) => code !== "MISSING" && code !== "ROLE_DOMAIN");
}

/** What linkage cannot compare, in the words of the file. */
function comparisonProblems({ subject, origins }: SubjectResult, line: number): Problem[] {
  const { identifiers, problems, dropped } = comparableOf(subject);
  const found = problems.map((each) => identifierProblem(line, originOf(each.path, origins), each.problem));
  if (dropped > 0) found.push(problem(line, "", "IDENTIFIERS_MANY", dropped));
  // What only supports meets nobody: to take it in would be silence that means nothing.
  if (!identifiers.some(({ kind }) => classOf(kind) !== "support")) found.push(problem(line, "", "NO_IDENTIFIER"));
  return found;
}

/** `documents[0].country` was read from, say, `passportNumber[0]`. */
function originOf(path: string, origins: ReadonlyMap<string, string>): string {
  if (path === "names") return "name";
  const [place = "", ...rest] = path.split(".");
  return [origins.get(place) ?? place, ...rest].join(".");
}

type Whole = Omit<DeconflictionRecord, "subject"> & { readonly kind: SubjectKind };
type Envelope = { readonly [name in keyof Whole]?: Whole[name] | undefined };

function isComplete(envelope: Envelope): envelope is Whole {
  const { kind, reference, role, legalBasis, caseReference, handling, reviewBy } = envelope;
  return ![kind, reference, role, legalBasis, caseReference, handling, reviewBy].includes(undefined);
}

/** Reads everything of a record but its subject; `undefined` stands where a problem was reported. */
class EnvelopeReader {
  readonly #fields: Fields;
  readonly #rules: Rules;
  readonly #line: number;
  readonly #problems: Problem[];

  constructor(fields: Fields, rules: Rules, line: number, problems: Problem[]) {
    this.#fields = fields;
    this.#rules = rules;
    this.#line = line;
    this.#problems = problems;
  }

  read(): Envelope {
    const sourceGrading = this.#sourceGrading();
    return {
      reference: this.#needed("reference"),
      kind: this.#word("kind", kindOf),
      role: this.#role(),
      legalBasis: this.#needed("legalBasis"),
      caseReference: this.#needed("caseReference"),
      handling: this.#handling(),
      reviewBy: this.#reviewBy(),
      ...(sourceGrading && { sourceGrading }),
    };
  }

  #given(field: SingleField): string | undefined {
    const defaults: Readonly<Partial<Record<SingleField, string>>> = this.#rules.defaults;
    return this.#fields[field]?.[0] ?? (defaults[field]?.trim() || undefined);
  }

  #needed(field: SingleField): string | undefined {
    return this.#given(field) ?? this.#report(field, "MISSING");
  }

  #word<T>(field: SingleField, read: (text: string) => T | undefined): T | undefined {
    const text = this.#needed(field);
    return text === undefined ? undefined : (read(text) ?? this.#report(field, "CHOICE"));
  }

  #role(): SubjectRole | undefined {
    const role = this.#word("role", roleOf);
    const outside = role !== undefined && !this.#rules.domains.includes(domainOf(role));
    return outside ? this.#report("role", "ROLE_DOMAIN") : role;
  }

  #handling(): Handling | undefined {
    const handling = this.#word("handling", handlingOf);
    return handling === "silent" ? this.#report("handling", "HANDLING_SILENT") : handling;
  }

  #reviewBy(): string | undefined {
    const { today, retentionDaysMax, dateOrder } = this.#rules;
    const text = this.#needed("reviewBy");
    if (text === undefined) return undefined;
    const date = readDate(text, dateOrder);
    if ("fault" in date) {
      return this.#report("reviewBy", date.fault === "DATE_FORM" ? "REVIEW_FORM" : date.fault);
    }
    if (date.iso.length !== "YYYY-MM-DD".length) return this.#report("reviewBy", "REVIEW_FORM");
    if (date.ambiguous) return this.#report("reviewBy", "REVIEW_ORDER");
    if (date.iso < today) return this.#report("reviewBy", "REVIEW_PAST");
    const isBeyond = date.iso > addDays(today, retentionDaysMax);
    return isBeyond ? this.#report("reviewBy", "REVIEW_BEYOND", retentionDaysMax) : date.iso;
  }

  #sourceGrading(): SourceGrading | undefined {
    const text = this.#given("sourceGrading");
    if (text === undefined) return undefined;
    const [, source, information] = /^([ABCX])[\s/-]?([1-4])$/i.exec(text) ?? [];
    if (source === undefined) return this.#report("sourceGrading", "CHOICE");
    return { source: source.toUpperCase(), information: Number(information) } as SourceGrading;
  }

  #report(field: SingleField, code: OwnCode, n = 0): undefined {
    this.#problems.push(problem(this.#line, field, code, n));
  }
}
