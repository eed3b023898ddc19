/** Names of the fields that a file can give. Apart from `fields.ts` because `--help` lists them and must not load what reads them. */

/** Fields that have one value. */
export const SINGLE_FIELDS = [
  "reference",
  "kind",
  "role",
  "legalBasis",
  "caseReference",
  "handling",
  "reviewBy",
  "sourceGrading",
  "sex",
] as const;

/** Fields that can have several; `platform`, `…Country`, `…Type` and `…Chain` go with the field they qualify. */
export const MULTIPLE_FIELDS = [
  "name",
  "alias",
  "weakAlias",
  "firstName",
  "middleName",
  "lastName",
  "birthDate",
  "birthPlace",
  "nationality",
  "address",
  "documentNumber",
  "documentType",
  "documentCountry",
  "passportNumber",
  "nationalId",
  "taxNumber",
  "drivingLicence",
  "registrationNumber",
  "registrationCountry",
  "externalReference",
  "phone",
  "phoneCountry",
  "email",
  "handle",
  "platform",
  "wallet",
  "walletChain",
  "iban",
  "plate",
  "plateCountry",
  "vin",
  "imo",
  "mmsi",
  "imei",
  "imsi",
] as const;

const FIELD_NAMES = [...SINGLE_FIELDS, ...MULTIPLE_FIELDS] as const;
export type SingleField = (typeof SINGLE_FIELDS)[number];
export type MultipleField = (typeof MULTIPLE_FIELDS)[number];
export type FieldName = SingleField | MultipleField;

export function isFieldName(text: string): text is FieldName {
  return (FIELD_NAMES as readonly string[]).includes(text);
}

const SINGLE: ReadonlySet<string> = new Set(SINGLE_FIELDS);

export function isSingle(field: FieldName): field is SingleField {
  return SINGLE.has(field);
}
