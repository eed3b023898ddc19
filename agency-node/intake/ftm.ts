/**
 * FollowTheMoney JSON lines (https://followthemoney.tech): one entity a line, `{"id", "schema", "properties"}`.
 *
 * An entity says what the subject is, not why it may be held: role, legal basis, case, handling and review date come
 * from the import's defaults, or from extra properties `causeway:FIELD`, where FIELD is any name in `fields.ts`
 * (`causeway:role`, `causeway:reviewBy`, `causeway:imei`). They win over the properties and the defaults.
 *
 * Entities that only qualify another one (Passport, Address, Ownership, …) are not joined: their holder may stand
 * anywhere in the file, so joining would mean holding all of it. They are reported, one by one.
 */
import { z } from "zod";
import { CausewayError } from "../../shared/core/errors.ts";
import type { Subject, SubjectKind } from "../core/record.ts";
import { type Fields, cleanFields, subjectOf } from "./fields.ts";
import { type FieldName, isFieldName } from "./field-names.ts";
import type { Parsed, ParsedRow } from "./parsed.ts";
import { type Problem, problem } from "./problem.ts";
import { type Line, faultProblem } from "./reader.ts";
import { kindOf } from "./words.ts";

const EXTRA = "causeway:";

const Entity = z.object({
  id: z.string().min(1),
  schema: z.string().min(1),
  properties: z.record(z.string(), z.unknown()),
});

export type FtmEntity = z.infer<typeof Entity>;

type Properties = Readonly<Record<string, FieldName>>;

const THING: Properties = {
  name: "name",
  alias: "alias",
  previousName: "alias",
  weakAlias: "weakAlias",
  address: "address",
};

const LEGAL_ENTITY: Properties = { ...THING, abbreviation: "weakAlias", email: "email", phone: "phone" };

const PERSON: Properties = {
  ...LEGAL_ENTITY,
  firstName: "firstName",
  middleName: "middleName",
  secondName: "middleName",
  fatherName: "middleName",
  lastName: "lastName",
  birthDate: "birthDate",
  birthPlace: "birthPlace",
  gender: "sex",
  nationality: "nationality",
  citizenship: "nationality",
  passportNumber: "passportNumber",
  idNumber: "nationalId",
  socialSecurityNumber: "nationalId",
  taxNumber: "taxNumber",
  innCode: "taxNumber",
  vatCode: "taxNumber",
  registrationNumber: "documentNumber",
};

const ORGANISATION: Properties = {
  ...LEGAL_ENTITY,
  country: "nationality",
  jurisdiction: "nationality",
  mainCountry: "nationality",
  registrationNumber: "registrationNumber",
  idNumber: "registrationNumber",
  taxNumber: "registrationNumber",
  innCode: "registrationNumber",
  vatCode: "registrationNumber",
  ogrnCode: "registrationNumber",
  leiCode: "registrationNumber",
  dunsCode: "registrationNumber",
};

const VEHICLE: Properties = { ...THING, country: "nationality", registrationNumber: "plate", vin: "vin" };

const VESSEL: Properties = { ...THING, flag: "nationality", country: "nationality", imoNumber: "imo", mmsi: "mmsi" };

const BANK_ACCOUNT: Properties = { iban: "iban" };

/** Private keys and passwords have properties too; they are never read. */
const WALLET: Properties = { publicKey: "wallet", currencySymbol: "walletChain", currency: "walletChain" };

const USER_ACCOUNT: Properties = {
  username: "handle",
  service: "platform",
  email: "email",
  number: "phone",
  phone: "phone",
};

const SCHEMATA: ReadonlyMap<string, { kind: SubjectKind; properties: Properties }> = new Map(
  Object.entries<{ kind: SubjectKind; properties: Properties }>({
    Person: { kind: "person", properties: PERSON },
    LegalEntity: { kind: "organisation", properties: ORGANISATION },
    Organization: { kind: "organisation", properties: ORGANISATION },
    Company: { kind: "organisation", properties: ORGANISATION },
    PublicBody: { kind: "organisation", properties: ORGANISATION },
    Vehicle: { kind: "vehicle", properties: VEHICLE },
    Airplane: { kind: "vehicle", properties: VEHICLE },
    Vessel: { kind: "vessel", properties: VESSEL },
    BankAccount: { kind: "account", properties: BANK_ACCOUNT },
    CryptoWallet: { kind: "account", properties: WALLET },
    UserAccount: { kind: "account", properties: USER_ACCOUNT },
  }),
);

/** Schemata that say something about another entity. */
const LINKED = new Set([
  "Passport",
  "Identification",
  "Address",
  "Sanction",
  "Ownership",
  "Directorship",
  "Membership",
  "Employment",
  "Family",
  "Associate",
  "Representation",
  "Occupancy",
  "UnknownLink",
]);

/** The FollowTheMoney entity of each line, as fields. */
export async function* readFtm(lines: AsyncIterable<readonly Line[]>): AsyncGenerator<Parsed> {
  for await (const group of lines) {
    for (const line of group) {
      if (line.fault !== undefined || line.text.trim() !== "") yield readLine(line);
    }
  }
}

function readLine(line: Line): ParsedRow {
  const { number } = line;
  if (line.fault !== undefined) return rejected(number, faultProblem(number, line.fault));
  const json = parseJson(line.text);
  if (json === undefined) return rejected(number, problem(number, "", line.ended ? "NOT_JSON" : "TRUNCATED"));
  const entity = Entity.safeParse(json);
  return entity.success ? rowOfEntity(entity.data, number) : rejected(number, problem(number, "", "NOT_ENTITY"));
}

/** The row that `entity` gives. */
function rowOfEntity(entity: FtmEntity, line: number): ParsedRow {
  const schema = SCHEMATA.get(entity.schema);
  if (schema === undefined) {
    return rejected(line, problem(line, "schema", LINKED.has(entity.schema) ? "SCHEMA_LINKED" : "SCHEMA_UNSUPPORTED"));
  }
  const fields: { [name in FieldName]?: string[] } = {};
  const extras: { [name in FieldName]?: string[] } = {};
  const ignored: string[] = [];
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(entity.properties)) {
    const extra = extraField(name);
    const field = extra ?? own(schema.properties, name) ?? countryOfPerson(schema.kind, name, entity.properties);
    if (field === undefined) {
      ignored.push(name);
      continue;
    }
    const target = extra === undefined ? fields : extras;
    target[field] = [...(target[field] ?? []), ...textsOf(value, line, field, problems)];
  }
  settleOnOneSex(fields);
  const given: Fields = { reference: [entity.id], kind: [schema.kind], ...fields, ...extras };
  return { kind: "row", line, fields: given, problems, ignored };
}

/**
 * The subject of one entity, for callers that need no record, with every problem of its values (`line` 0).
 * Throws INVALID where the schema is none that is read or the entity is not one.
 */
export function subjectFromFtm(entity: unknown): { readonly subject: Subject; readonly problems: readonly Problem[] } {
  const parsed = Entity.safeParse(entity);
  const row = parsed.success ? rowOfEntity(parsed.data, 0) : undefined;
  if (row?.fields === undefined)
    throw new CausewayError("INVALID", "not an entity that is read", { fields: ["schema"] });
  const problems = [...row.problems];
  const fields = cleanFields(row.fields, 0, problems);
  const kind = kindOf(fields.kind?.[0] ?? "") ?? "person";
  const result = subjectOf(kind, fields, { line: 0 });
  return { subject: result.subject, problems: [...problems, ...result.problems] };
}

/** A person's `country` may be where somebody lives; it stands in only where no nationality is known. */
function countryOfPerson(kind: SubjectKind, name: string, properties: FtmEntity["properties"]): FieldName | undefined {
  const known = "nationality" in properties || "citizenship" in properties;
  return kind === "person" && name === "country" && !known ? "nationality" : undefined;
}

/** Merged entities may carry two values; a person of whom both are said is one whose sex is not known here. */
function settleOnOneSex(fields: { [name in FieldName]?: string[] }): void {
  if (fields.sex !== undefined && new Set(fields.sex).size > 1) delete fields.sex;
}

function extraField(name: string): FieldName | undefined {
  const field = name.startsWith(EXTRA) ? name.slice(EXTRA.length) : "";
  return isFieldName(field) ? field : undefined;
}

/** The sender chooses the key: `constructor` must not find what every object inherits. */
function own(properties: Properties, name: string): FieldName | undefined {
  return Object.hasOwn(properties, name) ? properties[name] : undefined;
}

function textsOf(value: unknown, line: number, field: FieldName, problems: Problem[]): string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = values.filter((each) => typeof each === "string" || typeof each === "number").map(String);
  if (texts.length < values.length) problems.push(problem(line, field, "NOT_TEXT"));
  return texts;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function rejected(line: number, found: Problem): ParsedRow {
  return { kind: "row", line, problems: [found] };
}
