import { describe, expect, it } from "vitest";
import { SUBJECT_ROLES } from "../../agency-node/core/record.ts";
import type { Fields } from "../../agency-node/intake/fields.ts";
import { domainOf } from "../../agency-node/core/record.ts";
import { type Rules, validate } from "../../agency-node/intake/validate.ts";
import { TODAY } from "./support.ts";

const RULES: Rules = { defaults: {}, today: TODAY, retentionDaysMax: 365, domains: ["target", "protected"] };

const FIELDS: Fields = {
  reference: ["R-1"],
  kind: ["person"],
  role: ["suspect"],
  legalBasis: ["Invented Act"],
  caseReference: ["C-1"],
  handling: ["open"],
  reviewBy: ["2027-01-31"],
  passportNumber: ["X1234567"],
};

function check(fields: Fields, rules: Partial<Rules> = {}) {
  return validate({ kind: "row", line: 7, fields: { ...FIELDS, ...fields }, problems: [] }, { ...RULES, ...rules });
}

const codes = (fields: Fields, rules?: Partial<Rules>) =>
  check(fields, rules).problems.map(({ code, field }) => `${code} ${field}`.trim());

describe("what every record must have", () => {
  it("is accepted where it is all there", () => {
    expect(check({})).toMatchObject({
      reference: "R-1",
      record: { reference: "R-1", reviewBy: "2027-01-31" },
      problems: [],
    });
  });

  it.each(["reference", "kind", "role", "legalBasis", "caseReference", "handling", "reviewBy"] as const)(
    "is missed: %s",
    (field) => {
      for (const texts of [[], [""], ["  \u00a0 "]]) {
        const { record, problems } = check({ [field]: texts });
        expect(record).toBeUndefined();
        expect(problems).toEqual([
          { line: 7, field, code: "MISSING", severity: "error", text: "is needed and is empty" },
        ]);
      }
    },
  );

  it.each(["reference", "role", "reviewBy"] as const)("has one value: %s", (field) => {
    expect(codes({ [field]: [...(FIELDS[field] ?? []), "other"] })).toEqual([`SEVERAL ${field}`]);
  });

  it.each(["kind", "role", "handling", "sourceGrading"] as const)("is a word that is known: %s", (field) => {
    expect(codes({ [field]: ["nonsense"] })).toEqual([`CHOICE ${field}`]);
    expect(check({ [field]: ["nonsense"] }).record).toBeUndefined();
  });

  it("has a review day that is neither past nor beyond the cap", () => {
    expect(codes({ reviewBy: [TODAY] })).toEqual([]);
    expect(codes({ reviewBy: ["2026-11-21"] })).toEqual(["REVIEW_PAST reviewBy"]);
    expect(codes({ reviewBy: ["2027-11-22"] })).toEqual([]);
    expect(codes({ reviewBy: ["2027-11-23"] })).toEqual(["REVIEW_BEYOND reviewBy"]);
    expect(codes({ reviewBy: ["2027-02-29"] })).toEqual(["DATE_IMPOSSIBLE reviewBy"]);
    expect(codes({ reviewBy: ["2027-02"] })).toEqual(["REVIEW_FORM reviewBy"]);
    expect(codes({ reviewBy: ["soon"] })).toEqual(["REVIEW_FORM reviewBy"]);
  });

  it("is not silent handling, yet", () => {
    const { record, problems } = check({ handling: ["silent"] });
    expect(record).toBeUndefined();
    expect(problems[0]?.code).toBe("HANDLING_SILENT");
    expect(problems[0]?.text).toBe("silent handling needs a countersignature, which this version cannot check");
  });

  it("reports everything that is wrong at once", () => {
    expect(codes({ role: ["x"], legalBasis: [], reviewBy: ["2020-01-01"], birthDate: ["1980-02-30"] })).toEqual([
      "CHOICE role",
      "MISSING legalBasis",
      "REVIEW_PAST reviewBy",
      "DATE_IMPOSSIBLE birthDate[0]",
    ]);
  });
});

describe("values", () => {
  it.each(["1980-02-30", "2023-02-29", "1980-13-01", "31.04.1980", "1980-00-05", "0000"])(
    "refuses the birth date %s",
    (date) => {
      expect(codes({ birthDate: [date] })).toContain("DATE_IMPOSSIBLE birthDate[0]");
      expect(check({ birthDate: [date] }).record).toBeUndefined();
    },
  );

  it("takes leap days, refuses the future, warns of great age and of what is no date", () => {
    expect(codes({ birthDate: ["2024-02-29", "1980"] })).toEqual([]);
    expect(codes({ birthDate: ["2026-11-23"] })).toEqual(["BIRTH_FUTURE birthDate[0]"]);
    expect(codes({ birthDate: ["1900-01-02"] })).toEqual(["BIRTH_OLD birthDate[0]"]);
    expect(check({ birthDate: ["1900-01-02"] }).record).toBeDefined();
    expect(codes({ birthDate: ["in his thirties", "1980"] })).toEqual(["DATE_FORM birthDate[0]"]);
    expect(check({ birthDate: ["in his thirties", "1980"] }).record?.subject.birthDates).toEqual(["1980"]);
  });

  it("warns of a phone without country code, and reads it with a default country", () => {
    expect(codes({ phone: ["030 901820"] })).toEqual(["VALUE_NOCOUNTRYCODE phone[0]"]);
    expect(check({ phone: ["030 901820"] }).record).toBeDefined();
    expect(codes({ phone: ["030 901820"] }, { defaultCountry: "DE" })).toEqual([]);
  });

  it("refuses a record with nothing to compare", () => {
    const { record, problems } = check({ passportNumber: [], phone: ["030 901820"] });
    expect(record).toBeUndefined();
    expect(problems.map(({ code }) => code)).toEqual(["VALUE_NOCOUNTRYCODE", "NO_IDENTIFIER"]);
  });

  it("names the field that the value came from", () => {
    const { problems } = check({
      name: ["Anna Muster", "Bea Muster"],
      birthDate: ["1970-05-04"],
      alias: ["Carla Muster"],
      weakAlias: ["?"],
      iban: ["DE00"],
      nationalId: ["998877665", "99"],
    });
    expect(problems.map(({ field }) => field)).toEqual(["nationalId[1]", "iban[0]", "weakAlias[0]"]);
  });

  it("loses what nobody sees, and says by its field which word mixes alphabets", () => {
    const { record, problems } = check({
      reference: ["R-\u200b1"],
      role: ["sus\u00adpect"],
      name: ["\u202eAnna Muster"],
      alias: ["Bea Muster", "Be\u0430 Muster"],
    });
    expect(record).toMatchObject({ reference: "R-1", role: "suspect" });
    expect(record?.subject.names?.[0]?.text).toBe("Anna Muster");
    expect(problems.map(({ code, field, severity }) => `${severity} ${code} ${field}`)).toContain(
      "warning VALUE_MIXED alias[1]",
    );
    expect(JSON.stringify(problems)).not.toContain("Muster");
  });

  it("bounds texts and lists, and refuses characters that do not exist", () => {
    expect(codes({ name: ["a".repeat(1_001)] })).toContain("TEXT_LONG name[0]");
    expect(codes({ email: Array.from({ length: 201 }, (_, i) => `a${i}@example.org`) })).toContain(
      "VALUES_MANY email[200]",
    );
    expect(codes({ address: ["Musterweg \ud800 1"] })).toContain("ILL_FORMED address[0]");
    expect(codes({ birthPlace: ["M\uFFFDnchen"] })).toEqual(["DAMAGED birthPlace[0]"]);
  });
});

describe("domains", () => {
  it("outside the unit's mandate are refused at the row, by its role", () => {
    const rowOf = (role: string) => check({ role: [role] }, { domains: ["target"] });
    for (const role of ["victim", "possible victim", "witness"]) {
      const { record, problems } = rowOf(role);
      expect(record).toBeUndefined();
      expect(problems.map(({ code, field, severity }) => `${severity} ${code} ${field}`)).toEqual([
        "error ROLE_DOMAIN role",
      ]);
    }
    expect(rowOf("suspect").record?.role).toBe("suspect");
    const { problems } = check({ role: [] }, { domains: ["target"], defaults: { role: "victim" } });
    expect(problems.map(({ code }) => code)).toEqual(["ROLE_DOMAIN"]);
  });

  it("keep victims, possible victims and witnesses apart", () => {
    expect(SUBJECT_ROLES.map((role) => [role, domainOf(role)])).toEqual([
      ["suspect", "target"],
      ["associate", "target"],
      ["asset", "target"],
      ["victim", "protected"],
      ["possibleVictim", "protected"],
      ["witness", "protected"],
    ]);
  });
});
