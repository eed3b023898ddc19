/** Whoever makes a file controls how many values of each field a record has. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Subject } from "../../agency-node/core/record.ts";
import { SUBJECT_KINDS } from "../../agency-node/core/record.ts";
import { validate } from "../../agency-node/intake/validate.ts";
import { IDENTIFIERS_BEFORE_CAPS_MAX } from "../../agency-node/linkage/bounds.ts";
import { comparableOf } from "../../agency-node/linkage/identifiers.ts";
import { crossed, day, times, word } from "./subjects.ts";

const name = (i: number): string => times(10, (j) => word(10 * i + j)).join(" ");
const COUNTRIES = ["DE", "FR", "IT", "ES", "PT", "NL", "BE", "PL", "CZ", "AT", "CH", "GB"];

/** Everything that multiplies, `count` of each. */
function crowded(count: number): Subject {
  return {
    kind: "person",
    names: times(count, (i) => ({ text: name(i), strength: i % 3 === 0 ? ("weak" as const) : ("full" as const) })),
    firstNames: times(count, word),
    birthDates: times(count, (i) => (i % 2 === 0 ? `${1900 + (i % 100)}-01-01` : `${1904 + (i % 100)}-12-${day(i)}`)),
    birthPlaces: times(count, (i) => `${word(i)}, ${word(i + 1)}`),
    countries: times(count, (i) => COUNTRIES[i % COUNTRIES.length] as string),
    addresses: times(count, (i) => `${i} ${word(i)} street, ${word(i + 7)}, ${10_000 + i}`),
    sex: "male",
  };
}

function madeOf(subject: Subject): number {
  const { identifiers, dropped } = comparableOf(subject);
  return identifiers.length + dropped;
}

describe("the work that one record makes", () => {
  it("stands still from some number of values on", () => {
    expect(madeOf(crowded(10))).toBeGreaterThan(1_000);
    for (const count of [100, 3_000]) expect(madeOf(crowded(count))).toBeLessThan(IDENTIFIERS_BEFORE_CAPS_MAX);
  });

  it("is bounded for any two fields that multiply, and for records of every kind with all fields", () => {
    const text = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.nat(9_999).map(name),
      fc.nat(9_999).map((i) => `19${String(i % 100).padStart(2, "0")}-05-${day(i)}`),
      fc.nat(9_999).map((i) => `${i} ${word(i)} road, ${word(i + 1)}, ${10_000 + i}`),
      fc.nat(9_999).map((i) => `+4917012${10_000 + i}`),
      fc.constantFrom(...COUNTRIES),
    );
    const texts = fc
      .array(text, { minLength: 1, maxLength: 12, size: "max" })
      .map((few) => times(3_000, (i) => few[i % few.length] + (i < few.length ? "" : ` ${word(i)}`)));
    const subjects = fc.record({
      kind: fc.constantFrom(...SUBJECT_KINDS),
      names: texts.map((all) => all.map((each) => ({ text: each, strength: "full" as const }))),
      birthDates: texts,
      birthPlaces: texts,
      countries: texts,
      addresses: texts,
      documents: texts.map((all) => all.map((number) => ({ type: "other" as const, number }))),
      phones: texts.map((all) => all.map((each) => ({ text: each }))),
      emails: texts,
      handles: texts.map((all) => all.map((id) => ({ platform: "x", id }))),
      vins: texts,
    });
    fc.assert(
      fc.property(subjects, (subject) => madeOf(subject) < IDENTIFIERS_BEFORE_CAPS_MAX),
      { numRuns: 30 },
    );
  });

  it("names the first value of each field that is left out, and the record stands", () => {
    const { birthDates, addresses } = crossed(3_000);
    const fields = {
      reference: ["T-1"],
      kind: ["person"],
      role: ["suspect"],
      legalBasis: ["invented"],
      caseReference: ["invented"],
      handling: ["open"],
      reviewBy: ["2027-01-01"],
      name: ["Anna Beispiel"],
      birthDate: birthDates,
      address: addresses,
    };
    const rules = { defaults: {}, today: "2026-12-01", retentionDaysMax: 365, domains: ["target"] as const };
    const { record, problems } = validate({ kind: "row", line: 1, fields, problems: [] }, rules);
    expect(record?.subject.names).toHaveLength(1);
    const found = problems.map(({ code, field, severity }) => `${severity} ${code} ${field}`);
    expect(found.filter((each) => each.includes("MANY"))).toEqual([
      "warning VALUES_MANY birthDate[200]",
      "warning VALUES_MANY address[200]",
      "warning VALUE_MANY birthDate[12]",
      "warning VALUE_MANY address[8]",
      "warning IDENTIFIERS_MANY ",
    ]);
  });
});
