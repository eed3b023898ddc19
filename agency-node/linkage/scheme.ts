/**
 * The linkage scheme: which kinds of identifier exist, what the wire shows of each, and how much an agreement weighs.
 *
 * Kinds, weights, thresholds, word tables, canonical forms and the libraries behind them are one versioned whole: two
 * nodes meet only if they spell every identifier alike, so any change here is a new scheme with a new name.
 *
 * How a grade comes about: a name with the full birth date is worth 40 (`date`), two names with the year 45 (`pair`),
 * so either is `possible` and both are `probable`; a document number is `strong` alone. Known weakness: equal tokens can
 * say that facts agree, never that they differ, so two countries that issue the same document number, or namesakes born
 * in one year, meet; the blind second look is there for them.
 */
import type { TokenClass } from "../../shared/core/data-plane.ts";
import type { GradingScheme, KindRule, Relation } from "../core/grade.ts";

/** Names of persons weigh little alone, a full birth date makes them `probable`, a number makes anything `strong`. */
const POSSIBLE = 40;
const PROBABLE = 80;
const STRONG = 120;

const KINDS = {
  // Numbers that belong to one subject.
  "person.document": identity("single", "document", STRONG, 1, "Both hold a document with the same number"),
  "person.document-country": identity(
    "single",
    "document",
    STRONG,
    2,
    "Both hold a document of the same country with the same number",
  ),
  "person.document-short": identity(
    "single",
    "document",
    PROBABLE,
    1,
    "Both hold a document with the same number, which is short",
  ),
  "person.reference": identity("single", "reference", STRONG, 2, "Both carry the same reference in another system"),
  "organisation.registration": identity(
    "single",
    "registration",
    POSSIBLE,
    1,
    "Both have the same registration number; its country is unknown on one side or differs",
  ),
  "organisation.registration-country": identity(
    "single",
    "registration",
    STRONG,
    2,
    "Both have the same registration number in the same country",
  ),
  "vehicle.vin": identity("single", "vin", STRONG, 1, "The chassis number is the same"),
  "vehicle.plate": identity("single", "plate", PROBABLE, 2, "The number plate and its country are the same"),
  "vehicle.plate-only": identity(
    "single",
    "plate",
    POSSIBLE,
    1,
    "The number plate is the same; its country is unknown on one side or differs",
  ),
  "vessel.imo": identity("single", "imo", STRONG, 1, "The IMO number is the same"),
  "vessel.mmsi": identity("single", "mmsi", PROBABLE, 1, "The MMSI is the same"),
  "device.imei": identity("single", "imei", STRONG, 1, "The IMEI is the same"),
  "device.imsi": identity("single", "imsi", STRONG, 1, "The IMSI is the same"),
  "device.phone": identity("single", "phone", PROBABLE, 1, "The phone number is the same"),
  "account.iban": identity("single", "iban", STRONG, 1, "The IBAN is the same"),
  "account.wallet": identity("single", "wallet", STRONG, 2, "The wallet address is the same"),
  "account.handle": identity("single", "handle", STRONG, 2, "The profile on the same platform is the same"),
  "account.email": identity("single", "email", STRONG, 1, "The e-mail address is the same"),
  "place.address": identity("single", "address", PROBABLE, 3, "The address is the same"),

  // Names, never without something that binds them.
  "person.name-sound-date": identity("dateLevel", "date", 40, 2, "A name sounds alike and the full birth date agrees"),
  "person.name-consonants-date": identity(
    "dateLevel",
    "date",
    40,
    2,
    "A name has the same consonants and the full birth date agrees",
  ),
  "person.name-prefix-date": identity("dateLevel", "date", 40, 2, "A name begins alike and the full birth date agrees"),
  "person.short-name-date": identity(
    "dateLevel",
    "date",
    40,
    2,
    "A short name is spelt alike and the full birth date agrees",
  ),
  "person.common-name-date": identity(
    "dateLevel",
    "date",
    35,
    2,
    "A common name agrees and so does the full birth date",
  ),
  "person.pair-prefix-date": identity(
    "dateLevel",
    "date",
    40,
    3,
    "Two names begin alike and the full birth date agrees",
  ),
  "person.pair-monthday": identity(
    "dateLevel",
    "pair",
    40,
    3,
    "Two names agree, and day and month of birth, but not the year",
  ),
  "person.pair-sound-year": identity("yearLevel", "pair", 45, 3, "Two names sound alike and the birth year agrees"),
  "person.pair-skeleton-year": identity(
    "yearLevel",
    "pair",
    45,
    3,
    "Two names have the same consonants and the birth year agrees",
  ),
  "person.mixed-pair-year": identity(
    "yearLevel",
    "pair",
    45,
    4,
    "A common and a rarer name agree and so does the birth year",
  ),
  "person.full-name-year": identity(
    "yearLevel",
    "pair",
    45,
    2,
    "The whole name, which is short, sounds alike and the birth year agrees",
  ),
  "person.common-pair-year": identity("yearLevel", "pair", 25, 3, "Two common names agree and so does the birth year"),
  "person.full-name-nationality": identity(
    "yearLevel",
    "pair",
    40,
    2,
    "The whole name sounds alike and the nationality agrees",
  ),
  "person.name-address": identity("dateLevel", "address", 45, 4, "A name agrees and so does the address"),
  "person.pair-street": identity("yearLevel", "address", 45, 3, "Two names agree and so does the street"),
  "person.pair-postcode": identity("yearLevel", "address", 40, 3, "Two names agree and so does the postcode"),
  "person.date-street": identity("dateLevel", "address", 40, 2, "The full birth date and the street agree"),
  "organisation.name-country": identity(
    "yearLevel",
    "name",
    50,
    2,
    "The name has the same consonants and the country agrees",
  ),

  // What two different subjects can share. Any kind of subject publishes these, so a person can meet a vehicle.
  "link.phone": association("phone", PROBABLE, 1, "Both are linked to the same phone number"),
  "link.email": association("email", PROBABLE, 1, "Both are linked to the same e-mail address"),
  "link.handle": association("handle", PROBABLE, 2, "Both are linked to the same profile"),
  "link.wallet": association("wallet", STRONG, 2, "Both are linked to the same wallet"),
  "link.iban": association("iban", STRONG, 1, "Both are linked to the same bank account"),
  "link.plate": association("plate", PROBABLE, 2, "Both are linked to the same number plate"),
  "link.plate-only": association(
    "plate",
    POSSIBLE,
    1,
    "Both are linked to the same plate number; its country is unknown on one side or differs",
  ),
  "link.vin": association("vin", STRONG, 1, "Both are linked to the same vehicle"),
  "link.imo": association("imo", STRONG, 1, "Both are linked to the same vessel"),
  "link.mmsi": association("mmsi", PROBABLE, 1, "Both are linked to the same ship station"),
  "link.imei": association("imei", STRONG, 1, "Both are linked to the same device"),
  "link.imsi": association("imsi", STRONG, 1, "Both are linked to the same SIM"),
  "link.address": association("address", POSSIBLE, 3, "Both are linked to the same address"),
} as const satisfies Record<string, KindRule>;

export type KindName = keyof typeof KINDS;

export type Scheme = GradingScheme & {
  readonly kinds: Readonly<Record<KindName, KindRule>>;
  /** npm packages whose tables decide how an identifier is spelt; changing one is changing the scheme. */
  readonly libraries: Readonly<Record<string, string>>;
  /** Most real tokens a record; how many of them may be numbers while names want the rest; most phones. */
  readonly caps: { readonly tokens: number; readonly numbers: number; readonly phones: number };
};

export const SCHEME: Scheme = {
  name: "causeway-1",
  kinds: KINDS,
  thresholds: { strong: STRONG, probable: PROBABLE, possible: POSSIBLE },
  support: 40,
  libraries: {
    "any-ascii": "0.3.3",
    "double-metaphone": "2.0.1",
    "i18n-iso-countries": "7.14.0",
    ibantools: "4.5.4",
    "libphonenumber-js": "1.13.16",
  },
  caps: { tokens: 64, numbers: 40, phones: 8 },
};

/** The class that the wire shows for `kind`. */
export function classOf(kind: KindName): TokenClass {
  return SCHEME.kinds[kind].class;
}

function identity(tokenClass: TokenClass, group: string, weight: number, fields: number, reason: string): KindRule {
  return rule("identity", tokenClass, group, weight, fields, reason);
}

function association(group: string, weight: number, fields: number, reason: string): KindRule {
  return rule("association", "single", group, weight, fields, reason);
}

function rule(
  relation: Relation,
  tokenClass: TokenClass,
  group: string,
  weight: number,
  fields: number,
  reason: string,
): KindRule {
  return { class: tokenClass, relation, group, weight, fields, reason };
}
