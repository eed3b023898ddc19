import { describe, expect, it } from "vitest";
import { readBirthDate } from "../../agency-node/intake/birth-dates.ts";
import { gregorianDays } from "../../agency-node/intake/calendars.ts";
import { subjectFromFtm } from "../../agency-node/intake/ftm.ts";

const isos = (text: string) => {
  const date = readBirthDate(text);
  return "isos" in date ? date.isos : date.fault;
};

describe("birth dates of other calendars", () => {
  it.each([
    ["1400-05-07 AH", "Hijri, marked"],
    ["١٤٠٠/٥/٧ هـ", "Hijri in Arabic digits and mark"],
    ["1359/1/4 SH", "Solar Hijri"],
    ["۱۳۵۹/۱/۴ شمسی", "Solar Hijri in Persian digits and mark"],
    ["15/7/1972 E.C.", "Ethiopian"],
  ])("%s is 1980-03-24: %s", (text) => {
    expect(isos(text)).toEqual(["1980-03-24"]);
  });

  it("mean both calendars where the year fits both and nothing says which", () => {
    expect(isos("1359-01-04")).toEqual(["1940-02-13", "1980-03-24"]);
    expect(isos("1420-01-04")).toEqual(["1999-04-20"]);
  });

  it("mean two years where only the year is given", () => {
    expect(isos("1400 AH")).toEqual(["1979", "1980"]);
    expect(isos("1972 E.C.")).toEqual(["1979", "1980"]);
  });

  it("can be two neighbouring days where the months of the moon are counted differently", () => {
    const found = Array.from({ length: 24 }, (_, i) => gregorianDays("hijri", 1400 + (i >> 1), 1 + (i % 12), 1));
    expect(found.every(({ length }) => length === 1 || length === 2)).toBe(true);
    expect(found.some(({ length }) => length === 2)).toBe(true);
  });

  it("that do not exist are refused", () => {
    expect(isos("1400-13-01 AH")).toBe("DATE_IMPOSSIBLE");
    expect(isos("1359-12-31 SH")).toBe("DATE_IMPOSSIBLE");
  });
});

describe("vague birth dates", () => {
  it.each(["c. 1958", "circa 1958", "approximately 1958", "1958 (approx.)", "um 1958"])("%s: three years", (text) => {
    expect(isos(text)).toEqual(["1957", "1958", "1959"]);
  });

  it("of a short range mean each of its years, of a long one nothing", () => {
    expect(isos("between 1960 and 1963")).toEqual(["1960", "1961", "1962", "1963"]);
    expect(isos("1960-1962")).toEqual(["1960", "1961", "1962"]);
    expect(isos("1950-1970")).toBe("DATE_FORM");
  });

  it("are kept as written, beside what is compared", () => {
    const { subject } = subjectFromFtm({
      id: "p1",
      schema: "Person",
      properties: { name: ["Zdenka Musterova"], birthDate: ["1400-05-07 AH", "1980-03-24", "c. 1979"] },
    });
    expect(subject.birthDates).toEqual(["1980-03-24", "1980-03-24", "1978", "1979", "1980"]);
    expect(subject.birthDatesAsWritten).toEqual(["1400-05-07 AH", "c. 1979"]);
  });

  it("do not change how plain ones are read", () => {
    expect(readBirthDate("1980-03-24")).toEqual({ isos: ["1980-03-24"], ambiguous: false, vague: false });
    expect(readBirthDate("03/04/1970")).toMatchObject({ isos: ["1970-04-03"], ambiguous: true });
  });
});
