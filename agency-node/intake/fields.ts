/**
 * The fields that a file can give, whatever its format: CSV columns are mapped to them, FollowTheMoney properties too,
 * and problems name them. From them comes the subject of a record.
 */
import {
  type DocumentType,
  type Sex,
  type Subject,
  type SubjectDocument,
  type SubjectHandle,
  type SubjectKind,
} from "../core/record.ts";
import { readBirthDate } from "./birth-dates.ts";
import { visibleText } from "../linkage/plain-text.ts";
import { type FieldName, type MultipleField, isSingle } from "./field-names.ts";
import { type DayMonthOrder } from "./dates.ts";
import { type OwnCode, type Problem, problem } from "./problem.ts";
import { documentTypeOf, sexOf } from "./words.ts";

/** What one row or entity gives, not yet checked; an absent or empty list is an empty field. */
export type Fields = { readonly [name in FieldName]?: readonly string[] };

/** A longer text is a note, not a value. */
const TEXT_CHARACTERS_MAX = 1_000;
/** Public lists reach about 60 names for one person. */
const VALUES_MAX = 200;
/** Nobody older has been recorded; a slip of a century is likelier. */
const AGE_YEARS_MAX = 120;

export type SubjectContext = {
  readonly line: number;
  /** ISO day. */
  readonly today?: string;
  /** For phone numbers without country code. */
  readonly defaultCountry?: string;
  readonly dateOrder?: DayMonthOrder;
};

export type SubjectResult = {
  readonly subject: Subject;
  readonly problems: readonly Problem[];
  /** From a place in the subject (`names[2]`) to the place it was read from (`alias[1]`). */
  readonly origins: ReadonlyMap<string, string>;
};

/** Reports what no field may hold; gives cleaned values without empty ones. */
export function cleanFields(fields: Fields, line: number, problems: Problem[]): Fields {
  const cleaned: { [name in FieldName]?: string[] } = {};
  for (const [name, texts] of Object.entries(fields) as [FieldName, readonly string[]][]) {
    const values = texts.map(cleanText).filter((text) => text !== "");
    if (values.length > 1 && isSingle(name)) problems.push(problem(line, name, "SEVERAL"));
    if (values.length > VALUES_MAX) problems.push(problem(line, pathOf(name, VALUES_MAX), "VALUES_MANY", VALUES_MAX));
    const kept = values.slice(0, VALUES_MAX);
    for (const [i, text] of kept.entries()) checkText(text, line, pathOf(name, i), problems);
    // A row with a longer text is rejected; until then it must not cost more than others.
    cleaned[name] = kept.map((text) => text.slice(0, TEXT_CHARACTERS_MAX));
  }
  return cleaned;
}

/** `reference`, `phone[1]`. */
function pathOf(name: FieldName, index: number): string {
  return isSingle(name) ? name : `${name}[${index}]`;
}

/** One line, no control characters and nothing invisible, which could also turn the order in which it is shown; without the quotation marks and `="…"` with which spreadsheets protect numbers. */
function cleanText(text: string): string {
  const flat = visibleText(text)
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
  return flat
    .replace(/^="([^"]*)"$/, "$1")
    .replace(/^"([^"]*)"$/, "$1")
    .trim();
}

function checkText(text: string, line: number, path: string, problems: Problem[]): void {
  if (!text.isWellFormed()) problems.push(problem(line, path, "ILL_FORMED"));
  if (text.includes("\uFFFD")) problems.push(problem(line, path, "DAMAGED"));
  if (text.length > TEXT_CHARACTERS_MAX) problems.push(problem(line, path, "TEXT_LONG", TEXT_CHARACTERS_MAX));
  if (/^\d[.,]\d+E\+\d+$/.test(text)) problems.push(problem(line, path, "ROUNDED"));
  else if (/^(?:=|[-+@][A-Za-z][^(!|]*[(!|])/.test(text)) problems.push(problem(line, path, "FORMULA"));
}

/** The subject that cleaned `fields` describe. A value that cannot be used is reported and left out. */
export function subjectOf(kind: SubjectKind, fields: Fields, context: SubjectContext): SubjectResult {
  const reader = new SubjectReader(fields, context);
  const sex = reader.sex();
  const subject: Subject = {
    kind,
    names: reader.names(),
    firstNames: reader.texts("firstName", "firstNames"),
    middleNames: reader.texts("middleName", "middleNames"),
    lastNames: reader.texts("lastName", "lastNames"),
    birthDates: reader.birthDates(),
    birthDatesAsWritten: reader.birthDatesAsWritten(),
    birthPlaces: reader.texts("birthPlace", "birthPlaces"),
    ...(sex && { sex }),
    countries: reader.texts("nationality", "countries"),
    addresses: reader.texts("address", "addresses"),
    documents: reader.documents(),
    registrations: reader.numbered("registrationNumber", "registrations", "registrationCountry"),
    references: reader
      .prefixed("externalReference", "references", "SYSTEM_MISSING")
      .map(([system, number]) => ({ system, number })),
    phones: reader.phones(),
    emails: reader.texts("email", "emails"),
    handles: reader.handles(),
    wallets: reader.wallets(),
    ibans: reader.texts("iban", "ibans"),
    plates: reader.numbered("plate", "plates", "plateCountry"),
    vins: reader.texts("vin", "vins"),
    imos: reader.texts("imo", "imos"),
    mmsis: reader.texts("mmsi", "mmsis"),
    imeis: reader.texts("imei", "imeis"),
    imsis: reader.texts("imsi", "imsis"),
  };
  return { subject: withoutEmptyLists(subject), problems: reader.problems, origins: reader.origins };
}

const DOCUMENT_FIELDS: readonly (readonly [MultipleField, DocumentType | undefined])[] = [
  ["documentNumber", undefined],
  ["passportNumber", "passport"],
  ["nationalId", "nationalId"],
  ["taxNumber", "tax"],
  ["drivingLicence", "drivingLicence"],
];

class SubjectReader {
  readonly problems: Problem[] = [];
  readonly origins = new Map<string, string>();
  readonly #fields: Fields;
  readonly #context: SubjectContext;

  constructor(fields: Fields, context: SubjectContext) {
    this.#fields = fields;
    this.#context = context;
  }

  texts(field: FieldName, list: keyof Subject): string[] {
    return this.#collect(list, [field], (text) => text);
  }

  names(): NonNullable<Subject["names"]> {
    return this.#collect("names", ["name", "alias", "weakAlias"], (text, field) => ({
      text,
      strength: field === "weakAlias" ? ("weak" as const) : ("full" as const),
    }));
  }

  sex(): Sex | undefined {
    const text = this.#values("sex")[0];
    const sex = text === undefined ? undefined : sexOf(text);
    if (text !== undefined && sex === undefined) this.#report("sex", "SEX_UNKNOWN");
    return sex === "unknown" ? undefined : sex;
  }

  /** Every date that a text can mean. */
  birthDates(): string[] {
    return this.#collectAll("birthDates", ["birthDate"], (text, _, path) => {
      const date = readBirthDate(text, this.#context.dateOrder);
      if ("fault" in date) {
        this.#report(path, date.fault);
        // No record is made of it, but a bare subject keeps it: linkage still reads the year, or a swapped day and month.
        return /^\d{4}-\d\d-\d\d$/.test(text) ? [text] : [];
      }
      if (date.ambiguous) this.#report(path, "DATE_ORDER");
      this.#checkAge(date.isos[0] as string, path);
      return date.isos;
    });
  }

  /** The texts of which dates were made that say something else, so that nothing the source wrote is lost. */
  birthDatesAsWritten(): string[] {
    return this.#values("birthDate").filter((text) => {
      const date = readBirthDate(text, this.#context.dateOrder);
      return "isos" in date && date.vague;
    });
  }

  documents(): SubjectDocument[] {
    const fields = DOCUMENT_FIELDS.map(([field]) => field);
    const types = this.#partners("documentType", ["documentNumber"]);
    const countries = this.#partners("documentCountry", fields);
    return this.#collect("documents", fields, (number, field, _, i) => {
      const type = DOCUMENT_FIELDS.find(([name]) => name === field)?.[1] ?? documentTypeOf(types(i) ?? "");
      return { type, ...optional("country", countries(i)), number };
    });
  }

  numbered(
    field: MultipleField,
    list: keyof Subject,
    countryField: MultipleField,
  ): { country?: string; number: string }[] {
    const countries = this.#partners(countryField, [field]);
    return this.#collect(list, [field], (number, _, __, i) => ({ ...optional("country", countries(i)), number }));
  }

  phones(): { text: string; country?: string }[] {
    const countries = this.#partners("phoneCountry", ["phone"]);
    return this.#collect("phones", ["phone"], (text, _, __, i) => ({
      text,
      ...optional("country", countries(i) ?? this.#context.defaultCountry),
    }));
  }

  wallets(): { address: string; chain?: string }[] {
    const chains = this.#partners("walletChain", ["wallet"]);
    return this.#collect("wallets", ["wallet"], (address, _, __, i) => ({ address, ...optional("chain", chains(i)) }));
  }

  handles(): SubjectHandle[] {
    if (this.#values("platform").length === 0) {
      return this.prefixed("handle", "handles", "HANDLE_PLATFORM").map(([platform, id]) => ({ platform, id }));
    }
    const platforms = this.#partners("platform", ["handle"]);
    return this.#collect("handles", ["handle"], (id, _, path, i) => {
      const platform = platforms(i);
      return platform === undefined ? this.#report(path, "HANDLE_PLATFORM") : { platform, id };
    });
  }

  /** Values written `prefix:rest`; a link names its platform by its host. */
  prefixed(
    field: MultipleField,
    list: keyof Subject,
    missing: "HANDLE_PLATFORM" | "SYSTEM_MISSING",
  ): [string, string][] {
    return this.#collect(list, [field], (text, _, path) => {
      const [, host] = /^https?:\/\/(?:www\.|m\.)?([\p{L}\p{M}\p{N}-]+)\./iu.exec(text) ?? [];
      if (host !== undefined) return [host.toLowerCase() === "t" ? "telegram" : host, text] as [string, string];
      const colon = text.indexOf(":");
      const parts: [string, string] = [text.slice(0, Math.max(colon, 0)).trim(), text.slice(colon + 1).trim()];
      return parts.includes("") ? this.#report(path, missing) : parts;
    });
  }

  /** Reads every value of `fields` into a list and notes where each came from; `read` gives nothing to leave one out. */
  #collect<T>(
    list: keyof Subject,
    fields: readonly FieldName[],
    read: (text: string, field: FieldName, path: string, index: number) => T | undefined,
  ): T[] {
    return this.#collectAll(list, fields, (text, field, path, index) => {
      const item = read(text, field, path, index);
      return item === undefined ? [] : [item];
    });
  }

  /** As `#collect`, where one value gives several items. */
  #collectAll<T>(
    list: keyof Subject,
    fields: readonly FieldName[],
    read: (text: string, field: FieldName, path: string, index: number) => readonly T[],
  ): T[] {
    const items: T[] = [];
    let index = 0;
    for (const field of fields) {
      for (const [i, text] of this.#values(field).entries()) {
        const path = pathOf(field, i);
        for (const item of read(text, field, path, index)) {
          this.origins.set(`${list}[${items.length}]`, path);
          items.push(item);
        }
        index += 1;
      }
    }
    return items;
  }

  /** The i-th value of a qualifying field: one for all, or one for each value of the fields it qualifies. */
  #partners(field: MultipleField, qualified: readonly MultipleField[]): (index: number) => string | undefined {
    const values = this.#values(field);
    const expected = qualified.reduce((total, name) => total + this.#values(name).length, 0);
    if (values.length > 1 && values.length !== expected) {
      this.#report(field, "PAIRING");
      return () => undefined;
    }
    return (index) => (values.length === 1 ? values[0] : values[index]);
  }

  #checkAge(iso: string, path: string): void {
    const { today } = this.#context;
    if (today === undefined) return;
    if (iso > today) this.#report(path, "BIRTH_FUTURE");
    const years = Number(today.slice(0, 4)) - Number(iso.slice(0, 4));
    if (years > AGE_YEARS_MAX) this.problems.push(problem(this.#context.line, path, "BIRTH_OLD", AGE_YEARS_MAX));
  }

  #values(field: FieldName): readonly string[] {
    return this.#fields[field] ?? [];
  }

  #report(path: string, code: OwnCode): undefined {
    this.problems.push(problem(this.#context.line, path, code));
  }
}

function optional<K extends string>(key: K, value: string | undefined): { [k in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [k in K]?: string };
}

function withoutEmptyLists(subject: Subject): Subject {
  const entries = Object.entries(subject).filter(([, value]) => !Array.isArray(value) || value.length > 0);
  return Object.fromEntries(entries) as Subject;
}
