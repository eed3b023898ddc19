import { describe, expect, it } from "vitest";
import type { Subject } from "../../agency-node/core/record.ts";
import { comparableOf, identifiersOf } from "../../agency-node/linkage/identifiers.ts";
import { gradingBetween, kindsMet, person } from "./subjects.ts";

describe("one person in two agencies", () => {
  it("meets under three Latin spellings of an Arabic name", () => {
    const spellings = ["Abd al-Rahman Qasim al-Tawil", "TAOUIL, Abdurrahman Kassem", "Abdelrahman Qassim El Taweel"];
    const records = spellings.map((name) => person(name, { birthDates: ["1979-08-23"] }));
    for (const one of records) {
      for (const other of records) {
        const { kind, grade } = gradingBetween(one, other);
        expect([kind, grade]).toEqual(["identity", "probable"]);
      }
    }
  });

  it("meets under three Latin spellings of a Russian name", () => {
    const spellings = ["Yevgeny Tchernikov", "Evgenii Chernikov", "TSCHERNIKOW, Jewgenij"];
    const records = spellings.map((name) => person(name, { birthDates: ["1984-02-19"] }));
    for (const other of records) expect(gradingBetween(records[0] as Subject, other).grade).not.toBe("none");
  });

  /** Invented names, put together from the orthographies. */
  it.each([
    ["Arabic", "عبد الرحمن المثالي", "Abdurrahman al-Mithali"],
    ["Arabic, a kunya and din", "أبو نموذج نور الدين", "Noureddine Abou Namuzaj"],
    ["Persian", "پژمان نمونه‌زاده", "Pejman Nemunezadeh"],
    ["Kurdish, Sorani and Latin", "دڵشاد نموونەیی", "Dilshad Nimuneyi"],
    ["Kurdish, Hawar and English", "Çekdar Nimûnexwaz", "Chekdar Nimunekhwaz"],
    ["Somali and Arabic spelling", "Cabdi Xasan Tusaaleeye", "Abdi Hassan Tusaleye"],
    ["Hausa with and without hooks", "Ɗanmisali Ƙwarzage", "Danmisali Kwarzage"],
    ["Amharic", "ምሳሌ ተስፋገብር", "Misale Tesfagebir"],
    ["Hebrew", "דוגמן משלוביץ", "Dogman Mashlovich"],
    ["Greek", "Παραδειγματής Δοκιμόπουλος", "Paradeigmatis Dokimopoulos"],
    ["Ukrainian", "Олексій Прикладенко", "Oleksii Prykladenko"],
    ["Bulgarian", "Щилян Примерищев", "Shtilyan Primerishtev"],
    ["Serbian", "Ђорђе Примерић", "Đorđe Primerić"],
    ["Turkish", "Işık Örnekoğlu", "Isik Ornekoglu"],
    ["Vietnamese", "Đặng Thị Thídụng", "Dang Thi Thidung"],
    ["Chinese, pinyin and Wade-Giles", "Zhang Weixiaoli", "Chang Wei-hsiao-li"],
    ["Spanish, two surnames, other order", "EJEMPLO MUESTRA, José", "José Ejemplo y Muestra"],
  ])("meets across spellings and scripts: %s", (_, name, other) => {
    const facts = { birthDates: ["1979-08-23"] };
    expect(gradingBetween(person(name, facts), person(other, facts))).toMatchObject({ kind: "identity" });
    expect(gradingBetween(person(name, facts), person(other, facts)).grade).not.toBe("none");
  });

  it("meets across calendars and approximations of the birth date", () => {
    const one = person("Zdenka Musterova", { birthDates: ["1980"] });
    const range = person("Zdenka Musterova", { birthDates: ["1979-01-01", "1981-12-31"] });
    expect(gradingBetween(one, range).grade).toBe("probable");
  });

  it("is more likely with a nationality, sex and birth place that agree too", () => {
    const base = { birthDates: ["1980-03-24"] };
    const more = { ...base, countries: ["CZ"], birthPlaces: ["Testville"], sex: "female" as const };
    const bare = gradingBetween(person("Zdenka Musterova", base), person("Zdenka Musterova", base));
    const full = gradingBetween(person("Zdenka Musterova", more), person("Zdenka Musterova", more));
    expect(full.score).toBeGreaterThan(bare.score);
    expect(full.reasons).toEqual(
      expect.arrayContaining(["A nationality agrees", "The birth place agrees", "The sex agrees"]),
    );
  });

  it("is at most probable by name and full birth date, whatever else of it agrees", () => {
    const record = person("Zdenka Ludmila Musterova", { birthDates: ["1980-03-24"], countries: ["CZ"] });
    expect(gradingBetween(record, record)).toMatchObject({ kind: "identity", grade: "probable" });
  });

  it("is strong by a document number, however it is written, under another name", () => {
    const one = person("Zdenka Musterova", { documents: [{ type: "passport", number: "X 123-4567" }] });
    const other = person("Anna Nowak", { documents: [{ type: "other", number: "passport no. X1234567 (expired)" }] });
    expect(gradingBetween(one, other)).toEqual({
      kind: "identity",
      grade: "strong",
      score: 165,
      reasons: ["Both hold a document with the same number"],
    });
  });

  it("is probable by a short document number, strong once the country is known on both sides", () => {
    const bare = person("A", { documents: [{ type: "passport", number: "486298" }] });
    const issued = person("B", { documents: [{ type: "passport", country: "Jordanian", number: "486298" }] });
    expect(gradingBetween(bare, issued).grade).toBe("probable");
    expect(gradingBetween(issued, issued).grade).toBe("strong");
  });

  it("meets when day and month were exchanged", () => {
    const one = person("Zdenka Musterova", { birthDates: ["1980-03-04"] });
    const other = person("Musterová Zdenka", { birthDates: ["1980-04-03"] });
    expect(gradingBetween(one, other)).toMatchObject({ kind: "identity", grade: "probable" });
  });

  it("is probable by two rare names when one side has only the year, possible by a rare and a common one", () => {
    const full = person("Zdenka Musterova", { birthDates: ["1980-03-24"] });
    const year = person("Zdenka Musterova", { birthDates: ["1980"] });
    expect(gradingBetween(full, year)).toMatchObject({ kind: "identity", grade: "probable" });
    const common = person("Muhammad Musterova", { birthDates: ["1980-03-24"] });
    expect(gradingBetween(common, { ...common, birthDates: ["1980"] }).grade).toBe("possible");
  });

  it("takes the first of January, and a range over a year, for the year alone", () => {
    const year = person("Zdenka Musterova", { birthDates: ["1980"] });
    for (const birthDates of [["1980-01-01"], ["1980-01-01", "1980-12-31"]]) {
      expect(kindsMet(person("Zdenka Musterova", { birthDates }), year)).toEqual(kindsMet(year, year));
    }
  });

  it("is possible when the year was mistyped but day and month agree", () => {
    const one = person("Zdenka Musterova", { birthDates: ["1980-03-24"] });
    const other = person("Zdenka Musterova", { birthDates: ["1986-03-24"] });
    expect(gradingBetween(one, other)).toMatchObject({ kind: "identity", grade: "possible" });
  });

  it("meets through any alias on either side", () => {
    const one: Subject = {
      kind: "person",
      names: [
        { text: "Primary Unrelated", strength: "full" },
        { text: "Zdenka Musterova", strength: "full" },
      ],
      birthDates: ["1980"],
    };
    expect(gradingBetween(one, person("MUSTEROVA, Zdenka", { birthDates: ["1980"] })).grade).toBe("probable");
  });

  it("is possible by whole name and nationality where a date is missing", () => {
    const undated = person("Zdenka Musterova", { countries: ["Czech"] });
    expect(gradingBetween(undated, person("MUSTEROVA Zdenka", { countries: ["CZE"] }))).toMatchObject({
      kind: "identity",
      grade: "possible",
    });
  });

  it("is told from a common namesake with the same birth year", () => {
    const one = person("Muhammad Ali", { birthDates: ["1980-03-24"] });
    const other = person("Mohamed Aly", { birthDates: ["1980-11-02"] });
    expect(kindsMet(one, other)).toEqual([]);
    expect(gradingBetween(one, other).grade).toBe("none");
  });
});

describe("look-alikes", () => {
  it("a name alone gives no identifier at all, and says why", () => {
    const record = person("Zdenka Musterova");
    expect(identifiersOf(record)).toEqual([]);
    expect(comparableOf(record).problems).toEqual([{ path: "names", problem: "unbound" }]);
  });

  it("the same name with another birth date and nationality gives nothing", () => {
    const one = person("Zdenka Musterova", { birthDates: ["1980-03-24"], countries: ["CZ"] });
    const other = person("Zdenka Musterova", { birthDates: ["1991-07-09"], countries: ["SK"] });
    expect(kindsMet(one, other)).toEqual([]);
  });

  it("nor does it with the same nationality", () => {
    const one = person("Zdenka Musterova", { birthDates: ["1980-03-24"], countries: ["CZ"] });
    const other = person("Zdenka Musterova", { birthDates: ["1991-07-09"], countries: ["CZ"] });
    expect(gradingBetween(one, other).grade).toBe("none");
  });

  it("the same birth date under another name gives nothing", () => {
    const one = person("Zdenka Musterova", { birthDates: ["1980-03-24"] });
    const other = person("Ferdinand Beispiel", { birthDates: ["1980-03-24"] });
    expect(kindsMet(one, other)).toEqual([]);
  });
});

describe("different subjects that share something", () => {
  const phone = { phones: [{ text: "+44 7700 900123" }] };

  it("a phone shared by two persons is an association and not an identity", () => {
    const one = person("Zdenka Musterova", { birthDates: ["1980-03-24"], ...phone });
    const other = person("Ferdinand Beispiel", {
      birthDates: ["1961-11-05"],
      phones: [{ text: "07700 900123", country: "GB" }],
    });
    expect(gradingBetween(one, other)).toEqual({
      kind: "association",
      grade: "probable",
      score: 80,
      reasons: ["Both are linked to the same phone number"],
    });
  });

  it("a shared phone supports an identity that stands by itself", () => {
    const one = person("Zdenka Musterova", { birthDates: ["1980"], ...phone });
    expect(gradingBetween(one, one)).toMatchObject({ kind: "identity", grade: "probable" });
  });

  it("a person's plate and the vehicle with that plate are associated", () => {
    const plates = [{ country: "FR", number: "AB-123-CD" }];
    const vehicle: Subject = { kind: "vehicle", plates, vins: ["1HGCM82633A004352"] };
    expect(gradingBetween(person("Zdenka Musterova", { plates }), vehicle)).toMatchObject({
      kind: "association",
      grade: "probable",
    });
  });

  it("two records about one vehicle are an identity", () => {
    const vehicle: Subject = { kind: "vehicle", vins: ["1HGCM82633A004352"] };
    expect(gradingBetween(vehicle, vehicle)).toMatchObject({ kind: "identity", grade: "strong" });
  });

  it("two records about one phone are an identity of the phone", () => {
    const device: Subject = { kind: "device", ...phone };
    expect(gradingBetween(device, device)).toMatchObject({ kind: "identity", grade: "probable" });
  });
});

describe("organisations", () => {
  it("meet by name without legal form, and country", () => {
    const one: Subject = {
      kind: "organisation",
      names: [{ text: "Beispiel Handels GmbH", strength: "full" }],
      countries: ["DE"],
    };
    const other: Subject = {
      kind: "organisation",
      names: [{ text: "BEISPIEL HANDELS", strength: "full" }],
      countries: ["Germany"],
    };
    expect(gradingBetween(one, other)).toMatchObject({ kind: "identity", grade: "possible" });
    expect(gradingBetween(one, { ...other, countries: ["Austria"] }).grade).toBe("none");
  });
});
