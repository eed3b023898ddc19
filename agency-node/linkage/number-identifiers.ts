/** Identifiers made of numbers and addresses: what a subject is, by number, and what it is linked to. */
import type { Subject, SubjectKind } from "../core/record.ts";
import { addressOf } from "./addresses.ts";
import {
  type Canonical,
  type ProblemCode,
  canonicalDocument,
  canonicalEmail,
  canonicalHandle,
  canonicalIban,
  canonicalImei,
  canonicalImo,
  canonicalImsi,
  canonicalMmsi,
  canonicalPhone,
  canonicalPlate,
  canonicalPlatform,
  canonicalReference,
  canonicalRegistration,
  canonicalVin,
  canonicalWallet,
} from "./canonical.ts";
import { countryOf } from "./countries.ts";
import type { Identifier, Report } from "./identifier.ts";
import type { KindName } from "./scheme.ts";

/** A shorter document number, with no country to narrow it, is met by chance too often to be `strong`. */
const LONG_DOCUMENT = 7;

/** Documents, references and register numbers of the subject itself. */
export function numberIdentifiers(subject: Subject, report: Report): Identifier[] {
  const references = values(subject.references, "references", report, ({ system, number }) => {
    const name = canonicalPlatform(system);
    return "problem" in name ? name : withPrefix(name.value, canonicalReference(number));
  });
  const identifiers: Identifier[] = references.map((fields) => id("person.reference", ...fields));
  if (subject.kind === "person") identifiers.push(...documents(subject, report));
  if (subject.kind === "organisation") identifiers.push(...registrations(subject, report));
  return subject.kind === "person" || subject.kind === "organisation" ? identifiers : [];
}

function documents(subject: Subject, report: Report): Identifier[] {
  return (subject.documents ?? []).flatMap(({ number, country }, i) => {
    const canonical = canonicalDocument(number);
    if ("problem" in canonical) {
      report(`documents[${i}]`, canonical.problem);
      return [];
    }
    const { value } = canonical;
    const issuer = issuerOf(country, `documents[${i}].country`, report);
    const bare = id(value.length >= LONG_DOCUMENT ? "person.document" : "person.document-short", value);
    return issuer === undefined ? [bare] : [id("person.document-country", issuer, value), bare];
  });
}

function registrations(subject: Subject, report: Report): Identifier[] {
  const ofSubject = (subject.countries ?? []).length === 1 ? subject.countries?.[0] : undefined;
  return (subject.registrations ?? []).flatMap(({ number, country }, i) => {
    const canonical = canonicalRegistration(number);
    if ("problem" in canonical) {
      report(`registrations[${i}]`, canonical.problem);
      return [];
    }
    const issuer = issuerOf(country ?? ofSubject, `registrations[${i}].country`, report);
    const bare = id("organisation.registration", canonical.value);
    return issuer === undefined ? [bare] : [id("organisation.registration-country", issuer, canonical.value), bare];
  });
}

/** Numbers and addresses that several subjects can share, and that identify a thing when the record is about it. */
export function linkIdentifiers(subject: Subject, report: Report): Identifier[] {
  const { kind } = subject;
  const list = <T>(name: keyof Subject, items: readonly T[] | undefined, make: (item: T) => Fields) =>
    values(items, name, report, make);
  return [
    ...linked(
      kind,
      "vin",
      list("vins", subject.vins, (text) => one(canonicalVin(text))),
    ),
    ...linked(
      kind,
      "imo",
      list("imos", subject.imos, (text) => one(canonicalImo(text))),
    ),
    ...linked(
      kind,
      "imei",
      list("imeis", subject.imeis, (text) => one(canonicalImei(text))),
    ),
    ...linked(
      kind,
      "imsi",
      list("imsis", subject.imsis, (text) => one(canonicalImsi(text))),
    ),
    ...linked(
      kind,
      "iban",
      list("ibans", subject.ibans, (text) => one(canonicalIban(text))),
    ),
    ...linked(kind, "wallet", list("wallets", subject.wallets, walletFields)),
    ...linked(
      kind,
      "mmsi",
      list("mmsis", subject.mmsis, (text) => one(canonicalMmsi(text))),
    ),
    ...linked(
      kind,
      "phone",
      list("phones", subject.phones, (phone) => one(canonicalPhone(phone.text, phone.country))),
    ),
    ...linked(
      kind,
      "email",
      list("emails", subject.emails, (text) => one(canonicalEmail(text))),
    ),
    ...linked(kind, "handle", list("handles", subject.handles, handleFields)),
    ...plates(subject, report),
    ...linked(kind, "address", list("addresses", subject.addresses, addressFields)),
  ];
}

type Fields = readonly string[] | { readonly problem: ProblemCode };

type Link = "vin" | "imo" | "imei" | "imsi" | "iban" | "wallet" | "mmsi" | "phone" | "email" | "handle" | "address";

/** The kind that names the thing itself, published only by a record about such a thing. */
const OWN_KIND: Readonly<Record<Link, readonly [SubjectKind, KindName]>> = {
  vin: ["vehicle", "vehicle.vin"],
  imo: ["vessel", "vessel.imo"],
  mmsi: ["vessel", "vessel.mmsi"],
  imei: ["device", "device.imei"],
  imsi: ["device", "device.imsi"],
  phone: ["device", "device.phone"],
  iban: ["account", "account.iban"],
  wallet: ["account", "account.wallet"],
  email: ["account", "account.email"],
  handle: ["account", "account.handle"],
  address: ["place", "place.address"],
};

function linked(subject: SubjectKind, link: Link, all: readonly (readonly string[])[]): Identifier[] {
  const [owner, own] = OWN_KIND[link];
  return all.flatMap((fields) =>
    subject === owner ? [id(own, ...fields), id(`link.${link}`, ...fields)] : [id(`link.${link}`, ...fields)],
  );
}

/** A plate without a country still meets one of the same number, but as a weaker kind, which all publish. */
function plates(subject: Subject, report: Report): Identifier[] {
  return (subject.plates ?? []).flatMap(({ number, country }, i) => {
    const canonical = canonicalPlate(number);
    if ("problem" in canonical) {
      report(`plates[${i}]`, canonical.problem);
      return [];
    }
    const { value } = canonical;
    const issuer = issuerOf(country, `plates[${i}].country`, report);
    const own = subject.kind === "vehicle";
    return [
      ...(own && issuer !== undefined ? [id("vehicle.plate", issuer, value)] : []),
      ...(own ? [id("vehicle.plate-only", value)] : []),
      ...(issuer === undefined ? [] : [id("link.plate", issuer, value)]),
      id("link.plate-only", value),
    ];
  });
}

function one(canonical: Canonical): Fields {
  return withPrefix(undefined, canonical);
}

function walletFields({ chain, address }: { chain?: string; address: string }): Fields {
  const wallet = canonicalWallet(address, chain);
  return "problem" in wallet ? wallet : [wallet.chain, wallet.address];
}

function handleFields(handle: { platform: string; id: string }): Fields {
  const platform = canonicalPlatform(handle.platform);
  return "problem" in platform ? platform : withPrefix(platform.value, canonicalHandle(handle.id));
}

function addressFields(text: string): Fields {
  const address = addressOf(text);
  return address === undefined ? { problem: "form" } : [address.number, address.street, address.place];
}

function issuerOf(country: string | undefined, path: string, report: Report): string | undefined {
  if (country === undefined) return undefined;
  const code = countryOf(country);
  if (code === undefined) report(path, "country");
  return code;
}

function withPrefix(prefix: string | undefined, canonical: Canonical): Fields {
  if ("problem" in canonical) return canonical;
  return prefix === undefined ? [canonical.value] : [prefix, canonical.value];
}

function values<T>(items: readonly T[] | undefined, name: string, report: Report, make: (item: T) => Fields) {
  return (items ?? []).flatMap((item, i) => {
    const fields = make(item);
    if (!("problem" in fields)) return [fields];
    report(`${name}[${i}]`, fields.problem);
    return [];
  });
}

function id(kind: KindName, ...fields: readonly string[]): Identifier {
  return { kind, fields };
}
