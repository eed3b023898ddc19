import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Subject } from "../../agency-node/core/record.ts";
import * as canonical from "../../agency-node/linkage/canonical.ts";
import { countryOf } from "../../agency-node/linkage/countries.ts";
import { birthDatesOf } from "../../agency-node/linkage/dates.ts";
import type { Identifier } from "../../agency-node/linkage/identifier.ts";
import { comparableOf, encodeIdentifier } from "../../agency-node/linkage/identifiers.ts";
import { personNames } from "../../agency-node/linkage/names.ts";
import { toHex } from "../../shared/core/bytes.ts";

/** Every vector is invented: reserved number ranges, published examples of checksums, made-up names. */
function vectors<T>(name: string): T[] {
  const file = new URL(`../../agency-node/linkage/vectors/${name}.json`, import.meta.url);
  const rows = JSON.parse(readFileSync(file, "utf8")) as T[];
  if (rows.length === 0) throw new Error("no vectors");
  return rows;
}

const FORMS: Readonly<Record<string, (text: string, context?: string) => unknown>> = {
  phone: canonical.canonicalPhone,
  email: canonical.canonicalEmail,
  iban: canonical.canonicalIban,
  document: canonical.canonicalDocument,
  registration: canonical.canonicalRegistration,
  reference: canonical.canonicalReference,
  plate: canonical.canonicalPlate,
  vin: canonical.canonicalVin,
  imo: canonical.canonicalImo,
  mmsi: canonical.canonicalMmsi,
  imsi: canonical.canonicalImsi,
  imei: canonical.canonicalImei,
  platform: canonical.canonicalPlatform,
  handle: canonical.canonicalHandle,
  wallet: canonical.canonicalWallet,
};

type Row<I, E> = { readonly why: string; readonly input: I; readonly expect: E };

describe("conformance vectors", () => {
  it.each(vectors<Row<[string, string?], unknown> & { form: string }>("canonical"))("$form: $why", (row) => {
    expect(FORMS[row.form]?.(...row.input)).toEqual(row.expect);
  });

  it.each(vectors<Row<string, string | null>>("countries"))("country: $why", (row) => {
    expect(countryOf(row.input) ?? null).toEqual(row.expect);
  });

  it.each(vectors<Row<string[], unknown>>("dates"))("date: $why", (row) => {
    expect(birthDatesOf(row.input)).toEqual(row.expect);
  });

  it.each(vectors<Row<string, unknown>>("names"))("name: $why", (row) => {
    expect(personNames(row.input)).toEqual(row.expect);
  });

  it.each(vectors<{ why: string; subject: Subject; identifiers: unknown; problems: unknown }>("identifiers"))(
    "subject: $why",
    ({ subject, identifiers, problems }) => {
      expect(comparableOf(subject)).toEqual({ identifiers, problems, dropped: 0 });
    },
  );

  it.each(vectors<{ why: string; identifier: Identifier; hex: string }>("encoding"))(
    "encoding: $why",
    ({ identifier, hex }) => {
      expect(toHex(encodeIdentifier(identifier))).toBe(hex);
    },
  );
});
