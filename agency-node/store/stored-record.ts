/** A record as the node keeps it. What intake has validated is only looked at for its form here. */
import { z } from "zod";
import { HANDLINGS } from "../../shared/core/data-plane.ts";
import type { Shape, StoredJson } from "../../shared/store/stored-json.ts";
import { DOCUMENT_TYPES, SUBJECT_KINDS, SUBJECT_ROLES } from "../core/record.ts";
import type { DeconflictionRecord, SourceGrading, Subject } from "../core/record.ts";

const text = z.string();
const maybe = text.exactOptional();
const texts = z.array(text).exactOptional();
const numberOfCountry = z.array(z.object({ country: maybe, number: text })).exactOptional();

const subject = z.object({
  kind: z.enum(SUBJECT_KINDS),
  names: z.array(z.object({ text, strength: z.enum(["full", "weak"]) })).exactOptional(),
  firstNames: texts,
  middleNames: texts,
  lastNames: texts,
  birthDates: texts,
  birthDatesAsWritten: texts,
  birthPlaces: texts,
  sex: z.enum(["female", "male", "other"]).exactOptional(),
  countries: texts,
  addresses: texts,
  documents: z.array(z.object({ type: z.enum(DOCUMENT_TYPES), country: maybe, number: text })).exactOptional(),
  registrations: numberOfCountry,
  references: z.array(z.object({ system: text, number: text })).exactOptional(),
  phones: z.array(z.object({ text, country: maybe })).exactOptional(),
  emails: texts,
  handles: z.array(z.object({ platform: text, id: text })).exactOptional(),
  wallets: z.array(z.object({ chain: maybe, address: text })).exactOptional(),
  ibans: texts,
  plates: numberOfCountry,
  vins: texts,
  imos: texts,
  mmsis: texts,
  imeis: texts,
  imsis: texts,
} satisfies Shape<Subject>);

const sourceGrading = z.object({
  source: z.enum(["A", "B", "C", "X"]),
  information: z.literal([1, 2, 3, 4]),
} satisfies Shape<SourceGrading>);

export const STORED_RECORD: StoredJson<DeconflictionRecord> = {
  what: "record",
  version: 1,
  schema: z.object({
    reference: text,
    subject,
    role: z.enum(SUBJECT_ROLES),
    legalBasis: text,
    caseReference: text,
    handling: z.enum(HANDLINGS),
    reviewBy: text,
    sourceGrading: sourceGrading.exactOptional(),
  } satisfies Shape<DeconflictionRecord>),
};
