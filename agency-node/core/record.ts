/**
 * The plaintext record, as intake makes it and the node keeps it. It exists only under `agency-node/`: what leaves the
 * node are tokens made from it. Texts stand as the source wrote them; `linkage/` makes them comparable.
 */
import type { Handling } from "../../shared/core/data-plane.ts";
import type { Domain } from "../../shared/core/domain.ts";

export const SUBJECT_KINDS = ["person", "organisation", "vehicle", "vessel", "device", "account", "place"] as const;

/** What the record is about. A `device` is a phone, SIM or computer; an `account` a bank account, wallet or profile. */
export type SubjectKind = (typeof SUBJECT_KINDS)[number];

export const SUBJECT_ROLES = ["suspect", "associate", "asset", "victim", "possibleVictim", "witness"] as const;

export type SubjectRole = (typeof SUBJECT_ROLES)[number];

/** Victims, possible victims and witnesses are published apart from targets (protocol sections 2.4 and 7). */
export function domainOf(role: SubjectRole): Domain {
  return role === "suspect" || role === "associate" || role === "asset" ? "target" : "protected";
}

/** A whole name. `weak`: a nickname, kunya or nom de guerre that the source itself calls a poor identifier. */
export type SubjectName = { readonly text: string; readonly strength: "full" | "weak" };

export const DOCUMENT_TYPES = [
  "passport",
  "nationalId",
  "tax",
  "drivingLicence",
  "residence",
  "travel",
  "other",
] as const;

export type DocumentType = (typeof DOCUMENT_TYPES)[number];

/** `country` is the issuer, as a code or name in any of the scheme's languages. */
export type SubjectDocument = { readonly type: DocumentType; readonly country?: string; readonly number: string };

/** `country` is the default for a number written without its country code. */
export type SubjectPhone = { readonly text: string; readonly country?: string };

export type SubjectHandle = { readonly platform: string; readonly id: string };

/** `chain` as the source names it ("BTC", "ethereum"); without one it is told from the form of the address. */
export type SubjectWallet = { readonly chain?: string; readonly address: string };

export type SubjectPlate = { readonly country?: string; readonly number: string };

export type SubjectRegistration = { readonly country?: string; readonly number: string };

/** A number in somebody's case system (`unhcr`, `interpol-notice`) or biometric system. */
export type SubjectReference = { readonly system: string; readonly number: string };

export type Sex = "female" | "male" | "other";

/** Every list may be absent or empty. Dates are ISO: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`. */
export type Subject = {
  readonly kind: SubjectKind;
  readonly names?: readonly SubjectName[];
  readonly firstNames?: readonly string[];
  readonly middleNames?: readonly string[];
  readonly lastNames?: readonly string[];
  readonly birthDates?: readonly string[];
  /** Birth dates of other calendars, ranges and approximations, as the source wrote them; compared only as `birthDates`. */
  readonly birthDatesAsWritten?: readonly string[];
  readonly birthPlaces?: readonly string[];
  readonly sex?: Sex;
  /** Nationalities of a person, countries of an organisation, flags of a vessel. */
  readonly countries?: readonly string[];
  readonly addresses?: readonly string[];
  readonly documents?: readonly SubjectDocument[];
  readonly registrations?: readonly SubjectRegistration[];
  readonly references?: readonly SubjectReference[];
  readonly phones?: readonly SubjectPhone[];
  readonly emails?: readonly string[];
  readonly handles?: readonly SubjectHandle[];
  readonly wallets?: readonly SubjectWallet[];
  readonly ibans?: readonly string[];
  readonly plates?: readonly SubjectPlate[];
  readonly vins?: readonly string[];
  readonly imos?: readonly string[];
  readonly mmsis?: readonly string[];
  readonly imeis?: readonly string[];
  readonly imsis?: readonly string[];
};

/** Source A, B, C or X; information 1 to 4. */
export type SourceGrading = { readonly source: "A" | "B" | "C" | "X"; readonly information: 1 | 2 | 3 | 4 };

export type DeconflictionRecord = {
  /** The owner's own reference; unique inside the node and never published. */
  readonly reference: string;
  readonly subject: Subject;
  readonly role: SubjectRole;
  /** The provision and predicate that allow the record to be held. */
  readonly legalBasis: string;
  readonly caseReference: string;
  readonly handling: Handling;
  /** ISO day, valid through 24:00 UTC of it. */
  readonly reviewBy: string;
  readonly sourceGrading?: SourceGrading;
};
