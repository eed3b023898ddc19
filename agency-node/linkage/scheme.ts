/**
 * The linkage scheme: which kinds of identifier exist, what the wire shows of each, which facts agree where one meets, and
 * how much each fact weighs.
 *
 * Kinds, weights, thresholds, word tables, canonical forms and the libraries behind them are one versioned whole: two
 * nodes meet only if they spell every identifier alike, so any change here is a new scheme with a new name.
 *
 * How a grade comes about: weights are decibans, ten for each power of ten (`core/grade.ts`). Weights of what persons are
 * called and where they live are learned (`weights.ts`); numbers that belong to one subject are set to a grade outright.
 * Known weakness: equal tokens can say that facts agree, never that they differ, so two countries that issue the same
 * document number, or namesakes born in one year, meet; the blind second look is there for them.
 */
import type { TokenClass } from "../../shared/core/data-plane.ts";
import { gradeOf } from "../core/grade.ts";
import type { FactRule, GradingScheme, KindRule } from "../core/grade.ts";
import { PAIR_RARITIES, type PairRarity, RARITIES, type Rarity } from "./rarity.ts";
import { WEIGHTS } from "./weights.ts";

/**
 * In decibans: facts of the weight of `possible` agree by chance once in 200,000 comparisons of two persons, of
 * `probable` once in a hundred million. `strong` takes a number, or two names, the full date and the whole address.
 */
const POSSIBLE = 53;
const PROBABLE = 80;
const STRONG = 165;

const FACTS = {
  // Learned: names, birth, origin, address.
  "name.rare": learned("name", "name.rare", "A name agrees"),
  "name.usual": learned("name", "name.usual", "A name agrees, which some others bear"),
  "name.frequent": learned("name", "name.frequent", "A name agrees, which a good many bear"),
  "name.common": learned("name", "name.common", "A name agrees, which many bear"),
  "second.rare": learned("second", "name.rare", "A second name agrees"),
  "second.usual": learned("second", "name.usual", "A second name agrees, which some others bear"),
  "second.frequent": learned("second", "name.frequent", "A second name agrees, which a good many bear"),
  "second.common": learned("second", "name.common", "A second name agrees, which many bear"),
  "third.any": learned("third", "third.any", "A third name agrees"),
  "name.start": learned("name", "name.start", "A name begins alike"),
  "second.start": learned("second", "name.start", "A second name begins alike"),
  "birth.full": learned("birth", "birth.full", "The full birth date agrees"),
  "birth.monthday": learned("birth", "birth.monthday", "Day and month of birth agree, the year does not"),
  "birth.year": learned("birth", "birth.year", "The birth year agrees"),
  "nationality.same": learned("nationality", "nationality.same", "A nationality agrees"),
  "birthplace.same": learned("birthplace", "birthplace.same", "The birth place agrees"),
  "sex.same": learned("sex", "sex.same", "The sex agrees"),
  "street.same": learned("street", "street.same", "The street agrees"),
  "house.same": learned("house", "house.same", "The house number agrees"),
  "area.same": learned("area", "area.same", "The postcode or place of the address agrees"),

  // Set: numbers, and names of organisations.
  "document.long": set("document", STRONG, "Both hold a document with the same number"),
  "document.country": set("document", STRONG, "Both hold a document of the same country with the same number"),
  "document.short": set("document", PROBABLE, "Both hold a document with the same number, which is short"),
  "reference.same": set("reference", STRONG, "Both carry the same reference in another system"),
  "registration.number": set(
    "registration",
    POSSIBLE,
    "Both have the same registration number; its country is unknown on one side or differs",
  ),
  "registration.country": set("registration", STRONG, "Both have the same registration number in the same country"),
  "organisation.name": set("organisation", POSSIBLE, "The name has the same consonants and the country agrees"),
  "vin.own": set("vin", STRONG, "The chassis number is the same"),
  "plate.own": set("plate", PROBABLE, "The number plate and its country are the same"),
  "plate.own-number": set(
    "plate",
    POSSIBLE,
    "The number plate is the same; its country is unknown on one side or differs",
  ),
  "imo.own": set("imo", STRONG, "The IMO number is the same"),
  "mmsi.own": set("mmsi", PROBABLE, "The MMSI is the same"),
  "imei.own": set("imei", STRONG, "The IMEI is the same"),
  "imsi.own": set("imsi", STRONG, "The IMSI is the same"),
  "phone.own": set("phone", PROBABLE, "The phone number is the same"),
  "iban.own": set("iban", STRONG, "The IBAN is the same"),
  "wallet.own": set("wallet", STRONG, "The wallet address is the same"),
  "handle.own": set("handle", STRONG, "The profile on the same platform is the same"),
  "email.own": set("email", STRONG, "The e-mail address is the same"),
  "address.own": set("address", PROBABLE, "The address is the same"),

  // What two different subjects can share.
  "phone.shared": set("phone", PROBABLE, "Both are linked to the same phone number"),
  "email.shared": set("email", PROBABLE, "Both are linked to the same e-mail address"),
  "handle.shared": set("handle", PROBABLE, "Both are linked to the same profile"),
  "wallet.shared": set("wallet", STRONG, "Both are linked to the same wallet"),
  "iban.shared": set("iban", STRONG, "Both are linked to the same bank account"),
  "plate.shared": set("plate", PROBABLE, "Both are linked to the same number plate"),
  "plate.shared-number": set(
    "plate",
    POSSIBLE,
    "Both are linked to the same plate number; its country is unknown on one side or differs",
  ),
  "vin.shared": set("vin", STRONG, "Both are linked to the same vehicle"),
  "imo.shared": set("imo", STRONG, "Both are linked to the same vessel"),
  "mmsi.shared": set("mmsi", PROBABLE, "Both are linked to the same ship station"),
  "imei.shared": set("imei", STRONG, "Both are linked to the same device"),
  "imsi.shared": set("imsi", STRONG, "Both are linked to the same SIM"),
  "address.shared": set("address", POSSIBLE, "Both are linked to the same address"),
} as const satisfies Record<string, FactRule>;

type FactName = keyof typeof FACTS;

/** Numbers, and what a number names: an agreement is told by itself. */
const SINGLE_KINDS = {
  // That belong to one subject.
  "person.document": identity(1, "document.long"),
  "person.document-country": identity(2, "document.country"),
  "person.document-short": identity(1, "document.short"),
  "person.reference": identity(2, "reference.same"),
  "organisation.registration": identity(1, "registration.number"),
  "organisation.registration-country": identity(2, "registration.country"),
  "vehicle.vin": identity(1, "vin.own"),
  "vehicle.plate": identity(2, "plate.own"),
  "vehicle.plate-only": identity(1, "plate.own-number"),
  "vessel.imo": identity(1, "imo.own"),
  "vessel.mmsi": identity(1, "mmsi.own"),
  "device.imei": identity(1, "imei.own"),
  "device.imsi": identity(1, "imsi.own"),
  "device.phone": identity(1, "phone.own"),
  "account.iban": identity(1, "iban.own"),
  "account.wallet": identity(2, "wallet.own"),
  "account.handle": identity(2, "handle.own"),
  "account.email": identity(1, "email.own"),
  "place.address": identity(3, "address.own"),

  // That a subject is linked to: any kind of subject publishes these, so a person can meet a vehicle.
  "link.phone": association(1, "phone.shared"),
  "link.email": association(1, "email.shared"),
  "link.handle": association(2, "handle.shared"),
  "link.wallet": association(2, "wallet.shared"),
  "link.iban": association(1, "iban.shared"),
  "link.plate": association(2, "plate.shared"),
  "link.plate-only": association(1, "plate.shared-number"),
  "link.vin": association(1, "vin.shared"),
  "link.imo": association(1, "imo.shared"),
  "link.mmsi": association(1, "mmsi.shared"),
  "link.imei": association(1, "imei.shared"),
  "link.imsi": association(1, "imsi.shared"),
  "link.address": association(3, "address.shared"),
} as const satisfies Record<string, KindRule>;

/** Several facts bound together. */
const COMPOSITE_KINDS = {
  // A name with the full birth date.
  ...names("person.skeleton-date", 2, "birth.full"),
  "person.start-date": identity(2, "name.frequent", "birth.full"),
  "person.two-starts-date": identity(3, "name.start", "second.start", "birth.full"),
  "person.two-starts-sex-date": identity(4, "name.start", "second.start", "birth.full", "sex.same"),
  "person.name-start-year": identity(3, "name.rare", "second.start", "birth.year"),
  "person.common-pair-date": identity(3, "name.common", "second.common", "birth.full"),
  "person.common-triple-date": identity(4, "name.common", "second.common", "third.any", "birth.full"),
  ...pairs("person.pair-monthday", 3, "birth.monthday"),

  // Two or three names with the year of birth; whole names with a nationality for records that lack a date.
  ...pairs("person.pair-spelling-year", 3, "birth.year"),
  ...pairs("person.pair-skeleton-year", 3, "birth.year"),
  ...pairs("person.triple-year", 4, "third.any", "birth.year"),
  ...names("person.name-year-nationality", 3, "birth.year", "nationality.same"),
  ...names("person.name-year-birthplace", 3, "birth.year", "birthplace.same"),
  ...pairs("person.pair-nationality", 3, "nationality.same"),
  ...pairs("person.long-nationality", 2, "third.any", "nationality.same"),

  // Addresses, with a name or the full birth date.
  "person.date-street": identity(2, "birth.full", "street.same"),
  "person.date-area": identity(2, "birth.full", "area.same"),
  "person.date-house": identity(3, "birth.full", "house.same", "area.same"),
  ...names("person.name-street", 2, "street.same"),
  ...names("person.name-area", 2, "area.same"),
  ...names("person.name-house", 3, "house.same", "area.same"),
  ...names("person.name-door", 3, "house.same", "street.same"),
  ...pairs("person.pair-area", 3, "area.same"),
  ...pairs("person.pair-street", 3, "street.same"),

  "organisation.name-country": identity(2, "organisation.name"),
} as const satisfies Record<string, KindRule>;

const KINDS = { ...SINGLE_KINDS, ...COMPOSITE_KINDS } as const;

/** In the order of what an officer asks first. */
const UNMET = {
  document: "A document number in your record did not meet one of theirs",
  reference: "A reference in your record did not meet one of theirs",
  birth: "The birth date in your record was not met",
  name: "No name in your record was met",
  second: "A second name in your record was not met",
  nationality: "The nationality in your record was not met together with a name",
  birthplace: "The birth place in your record was not met together with a name",
  street: "The street in your record was not met",
  area: "The postcode or place of the address in your record was not met",
  phone: "A phone number in your record did not meet one of theirs",
  email: "An e-mail address in your record did not meet one of theirs",
  registration: "The registration number in your record did not meet one of theirs",
} as const;

export type KindName = keyof typeof KINDS;

export type Scheme = GradingScheme & {
  readonly kinds: Readonly<Record<KindName, KindRule>>;
  /** npm packages whose tables decide how an identifier is spelt; changing one is changing the scheme. */
  readonly libraries: Readonly<Record<string, string>>;
  /** Most real tokens a record; most made of names without an address; how many may be numbers while names want the rest; most phones. */
  readonly caps: { readonly tokens: number; readonly names: number; readonly numbers: number; readonly phones: number };
};

export const SCHEME: Scheme = {
  name: "causeway-3",
  kinds: KINDS,
  facts: FACTS,
  unmet: UNMET,
  thresholds: { strong: STRONG, probable: PROBABLE, possible: POSSIBLE },
  support: 30,
  sharedByMany: [
    // What a household shares.
    new Set(["name", "street", "house", "area"]),
    // What namesakes of one nation share, whatever their birth dates: equal tokens cannot say that dates differ.
    new Set(["name", "second", "third", "nationality", "sex"]),
  ],
  libraries: {
    "any-ascii": "0.3.3",
    "i18n-iso-countries": "7.14.0",
    ibantools: "4.5.4",
    "libphonenumber-js": "1.13.16",
  },
  caps: { tokens: 64, names: 34, numbers: 40, phones: 8 },
};

/** `opening` if the kind alone is worth an officer's look: what opens a meeting is always shown (protocol section 6). */
const CLASSES = new Map(
  (Object.keys(KINDS) as KindName[]).map((kind): [KindName, TokenClass] => {
    if (Object.hasOwn(SINGLE_KINDS, kind)) return [kind, "single"];
    return [kind, gradeOf([kind], SCHEME).grade === "none" ? "support" : "opening"];
  }),
);

/** The class that the wire shows for `kind`. */
export function classOf(kind: KindName): TokenClass {
  return CLASSES.get(kind) as TokenClass;
}

function learned(group: string, weight: keyof typeof WEIGHTS, reason: string): FactRule {
  return { group, weight: WEIGHTS[weight], reason };
}

function set(group: string, weight: number, reason: string): FactRule {
  return { group, weight, reason };
}

function identity(fields: number, ...facts: FactName[]): KindRule {
  return { relation: "identity", facts, fields };
}

function association(fields: number, fact: FactName): KindRule {
  return { relation: "association", facts: [fact], fields };
}

/** A kind for each rarity of a name, from which the key tells it. */
function names<P extends string>(prefix: P, fields: number, ...facts: FactName[]) {
  const rule = (rarity: Rarity): KindRule => identity(fields, `name.${rarity}`, ...facts);
  const all = RARITIES.map((rarity) => [`${prefix}.${rarity}`, rule(rarity)]);
  return Object.fromEntries(all) as Record<`${P}.${Rarity}`, KindRule>;
}

/** A kind for each two rarities, the rarer first; two common names are told only with more. */
function pairs<P extends string>(prefix: P, fields: number, ...facts: FactName[]) {
  const all = PAIR_RARITIES.map((both) => {
    const [first, second] = both.split("-") as [Rarity, Rarity];
    return [`${prefix}.${both}`, identity(fields, `name.${first}`, `second.${second}`, ...facts)];
  });
  return Object.fromEntries(all) as Record<`${P}.${PairRarity}`, KindRule>;
}
