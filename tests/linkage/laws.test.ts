import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gradeOf } from "../../agency-node/core/grade.ts";
import type { Subject } from "../../agency-node/core/record.ts";
import { comparableOf, encodeIdentifier, identifiersOf } from "../../agency-node/linkage/identifiers.ts";
import { type KindName, SCHEME, classOf } from "../../agency-node/linkage/scheme.ts";
import { gradingBetween, INVISIBLE } from "./subjects.ts";
import { toHex } from "../../shared/core/bytes.ts";

const mapValues = (from: Record<string, unknown>, map: (value: unknown) => unknown) =>
  Object.fromEntries(Object.entries(from).map(([name, value]) => [name, map(value)]));

const KINDS = Object.keys(SCHEME.kinds) as KindName[];

/** Few invented values, so that two drawn subjects often share some. */
const some = <T>(...values: T[]) => fc.subarray(values);
const subject: fc.Arbitrary<Subject> = fc.record({
  kind: fc.constantFrom("person", "person", "person", "vehicle", "device", "organisation"),
  names: some("Zdenka Musterova", "Zdenka Ludmila Musterova", "Muhammad Ali", "Abd al-Rahman Beispiel", "Jan Wu").map(
    (names) => names.map((text) => ({ text, strength: "full" as const })),
  ),
  birthDates: some("1980", "1980-03-04", "1980-04-03", "1981-03-04"),
  countries: some("CZ", "Libyan"),
  addresses: some("12 Sample Street, Testville, 4011", "7 Other Road, Testville, 4011"),
  phones: some({ text: "+447700900123" }, { text: "+447700900456" }),
  plates: some({ number: "AB123CD" }, { country: "FR", number: "AB123CD" }),
  vins: some("1HGCM82633A004352"),
  documents: some(
    { type: "passport" as const, number: "X1234567" },
    { type: "tax" as const, number: "486298", country: "JO" },
  ),
});

/** Anything a source could hold, ill-formed text too. */
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string(),
  fc.string({ unit: fc.constantFrom("\ud800", "أ", "ж", "z", "1", "-", " ", "(", ";") }),
);
const texts = fc.array(text, { maxLength: 4 });
const rubbish: fc.Arbitrary<Subject> = fc.record({
  kind: fc.constantFrom("person", "organisation", "vehicle", "vessel", "device", "account", "place"),
  names: texts.map((all) => all.map((text) => ({ text, strength: "full" as const }))),
  firstNames: texts,
  lastNames: texts,
  birthDates: texts,
  countries: texts,
  addresses: texts,
  documents: texts.map((all) => all.map((number) => ({ type: "other" as const, number, country: number }))),
  registrations: texts.map((all) => all.map((number) => ({ number, country: number }))),
  references: texts.map((all) => all.map((number) => ({ system: number, number }))),
  phones: texts.map((all) => all.map((text) => ({ text, country: text }))),
  emails: texts,
  handles: texts.map((all) => all.map((id) => ({ platform: id, id }))),
  wallets: texts.map((all) => all.map((address) => ({ chain: address, address }))),
  ibans: texts,
  plates: texts.map((all) => all.map((number) => ({ number, country: number }))),
  vins: texts,
  imos: texts,
  mmsis: texts,
  imeis: texts,
  imsis: texts,
});

function sorted(subject: Subject): string[] {
  return identifiersOf(subject)
    .map((one) => toHex(encodeIdentifier(one)))
    .sort();
}

describe("laws of linkage", () => {
  it("do not change with what nobody sees, wherever it stands", () => {
    const invisible = fc.constantFrom(...INVISIBLE);
    const hidden = fc.array(fc.tuple(fc.nat(60), invisible), { minLength: 1, maxLength: 8 });
    const hideIn = (value: unknown, places: readonly [number, string][]): unknown => {
      if (Array.isArray(value)) return value.map((each) => hideIn(each, places));
      if (typeof value !== "string") return mapValues(value as Record<string, unknown>, (each) => hideIn(each, places));
      return places.reduce((text, [at, what]) => {
        const characters = [...text];
        return characters.toSpliced(at % (characters.length + 1), 0, what).join("");
      }, value);
    };
    fc.assert(
      fc.property(subject, hidden, ({ kind, ...lists }, places) => {
        const disguised = { kind, ...(hideIn(lists, places) as Omit<Subject, "kind">) };
        const names = disguised.names?.map((each, i) => ({ ...each, strength: lists.names?.[i]?.strength ?? "full" }));
        expect(identifiersOf({ ...disguised, names: names ?? [] })).toEqual(identifiersOf({ kind, ...lists }));
      }),
    );
  });

  it("both nodes reach the same grade, each from its own tokens", () => {
    let met = 0;
    fc.assert(
      fc.property(subject, subject, (one, other) => {
        const grading = gradingBetween(one, other);
        expect(gradingBetween(other, one)).toEqual(grading);
        if (grading.grade !== "none") met += 1;
      }),
      { numRuns: 500 },
    );
    expect(met).toBeGreaterThan(50);
  });

  it("a grade does not depend on order or repetition of the kinds that met", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...KINDS), { maxLength: 12 }), (kinds) => {
        const grading = gradeOf(kinds, SCHEME);
        expect(gradeOf([...kinds, ...kinds].toReversed(), SCHEME)).toEqual(grading);
      }),
    );
  });

  it("more evidence of the same relation never lowers a grade", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...KINDS)), fc.constantFrom(...KINDS), (kinds, more) => {
        const before = gradeOf(kinds, SCHEME);
        const after = gradeOf([...kinds, more], SCHEME);
        if (after.kind === before.kind) expect(after.score).toBeGreaterThanOrEqual(before.score);
      }),
    );
  });

  it("whatever a source holds, nothing throws, and problems name places only", () => {
    fc.assert(
      fc.property(rubbish, (subject) => {
        const { identifiers, problems } = comparableOf(subject);
        for (const identifier of identifiers) encodeIdentifier(identifier);
        for (const { path } of problems) expect(path).toMatch(/^[a-zA-Z]+(\[\d+\](\.country)?)?$/);
      }),
      { numRuns: 300 },
    );
  });

  it("every identifier has the fields its kind is said to have", () => {
    fc.assert(
      fc.property(subject, (subject) => {
        for (const { kind, fields } of identifiersOf(subject)) expect(fields).toHaveLength(SCHEME.kinds[kind].fields);
      }),
    );
  });

  it("a subject gives the same identifiers in whatever order a source lists things", () => {
    fc.assert(
      fc.property(subject, (subject) => {
        const reversed = {
          ...subject,
          names: subject.names?.toReversed() ?? [],
          phones: subject.phones?.toReversed() ?? [],
        };
        expect(sorted(reversed)).toEqual(sorted(subject));
      }),
    );
  });
});

describe("what the broker sees of a kind", () => {
  const shown = (kinds: readonly KindName[]): boolean => gradeOf(kinds, SCHEME).grade !== "none";
  const opening = KINDS.filter((kind) => classOf(kind) !== "support");
  const support = KINDS.filter((kind) => classOf(kind) === "support");

  it("is an opening only where an officer is shown what it opens, and support where it alone is worth nothing", () => {
    expect([opening.length, support.length].every((count) => count > 10)).toBe(true);
    for (const kind of KINDS) expect([kind, shown([kind])]).toEqual([kind, classOf(kind) !== "support"]);
  });

  it("stays so with any second kind of the scheme beside it", () => {
    const hidden = opening.flatMap((kind) =>
      KINDS.filter((other) => !shown([kind, other])).map((other) => `${kind} ${other}`),
    );
    expect(hidden).toEqual([]);
  });

  it("stays so with any set of kinds of the scheme", () => {
    fc.assert(
      fc.property(fc.constantFrom(...opening), fc.subarray(KINDS), (kind, others) => shown([kind, ...others])),
      { numRuns: 2_000 },
    );
  });

  it("stays so with any subset of what one record publishes", () => {
    let met = 0;
    fc.assert(
      fc.property(
        subject.chain((each) => fc.subarray([...identifiersOf(each)])),
        (identifiers) => {
          const kinds = identifiers.map(({ kind }) => kind);
          if (!kinds.some((kind) => classOf(kind) !== "support")) return;
          met += 1;
          expect(shown(kinds)).toBe(true);
        },
      ),
      { numRuns: 1_000 },
    );
    expect(met).toBeGreaterThan(100);
  });
});

describe("the scheme", () => {
  it("binds every kind that holds a person's name to something else, or to two more names", () => {
    const kinds = KINDS.filter((kind) => /^person\.(name|pair|two|start|skeleton|triple|common|long)/.test(kind));
    expect(kinds.length).toBeGreaterThan(60);
    for (const kind of kinds) {
      const { facts } = SCHEME.kinds[kind];
      expect(
        facts.some((fact) => !fact.startsWith("name.")),
        kind,
      ).toBe(true);
      expect(classOf(kind)).not.toBe("single");
    }
  });

  it("has for every kind facts that it knows, and an identity for every person kind", () => {
    for (const kind of KINDS) {
      for (const fact of SCHEME.kinds[kind].facts) expect(Object.keys(SCHEME.facts)).toContain(fact);
      if (kind.startsWith("person.")) expect(SCHEME.kinds[kind].relation).toBe("identity");
    }
  });

  it("lets no names, birth date and origin reach strong", () => {
    const kinds = KINDS.filter((kind) => kind.startsWith("person.")).filter((kind) =>
      SCHEME.kinds[kind].facts.every((fact) => /^(name|second|third|birth|nationality|birthplace|sex)\./.test(fact)),
    );
    expect(kinds.length).toBeGreaterThan(40);
    expect(gradeOf(kinds, SCHEME).grade).toBe("probable");
  });

  it("takes what a household shares for no more than possible", () => {
    const kinds = KINDS.filter((kind) => /^person\.name-(street|area|house|door)\./.test(kind));
    expect(gradeOf(kinds, SCHEME).grade).toBe("possible");
    expect(gradeOf([...kinds, "person.start-date"], SCHEME).grade).toBe("probable");
  });

  it("takes a name with a nationality, whatever the dates, for no more than possible", () => {
    const kinds = KINDS.filter((kind) => /^person\.(?:pair|long)-nationality\./.test(kind));
    expect(kinds.length).toBeGreaterThan(10);
    expect(gradeOf(kinds, SCHEME).grade).toBe("possible");
  });

  it("has no kind that is a name alone", () => {
    const bare = KINDS.filter((kind) => kind.startsWith("person.")).filter((kind) =>
      SCHEME.kinds[kind].facts.every((fact) => /^(?:name|second|third|sex)\./.test(fact)),
    );
    expect(bare).toEqual([]);
  });

  it("says what the own record holds and did not meet", () => {
    const own = ["person.document", "person.skeleton-date.rare", "person.date-street"];
    const { reasons, unmet } = gradeOf(["person.skeleton-date.rare"], SCHEME, own);
    expect(reasons).toEqual(["The full birth date agrees", "A name agrees"]);
    expect(unmet).toEqual([
      "A document number in your record did not meet one of theirs",
      "The street in your record was not met",
    ]);
  });

  it("refuses a kind that it does not have", () => {
    for (const kind of ["person.shoe-size", "__proto__", "constructor"]) {
      expect(() => gradeOf([kind], SCHEME)).toThrow(expect.objectContaining({ code: "INVALID" }));
    }
  });

  it("keeps a record within its caps, whatever it holds", () => {
    const words = Array.from(
      { length: 40 },
      (_, i) => `Muster${String.fromCharCode(97 + (i % 26))}or${i % 7}ak Beispiel${i}ski`,
    );
    const subject: Subject = {
      kind: "person",
      names: words.map((text, i) => ({ text: `${text} Nam${"bdfgk"[i % 5]}erov`, strength: "full" })),
      birthDates: ["1980-03-14", "1981-03-15", "1982"],
      phones: Array.from({ length: 20 }, (_, i) => ({ text: `+4477009001${String(i).padStart(2, "0")}` })),
      emails: Array.from({ length: 60 }, (_, i) => `jana${i}@example.org`),
    };
    const { identifiers, dropped } = comparableOf(subject);
    expect(identifiers).toHaveLength(SCHEME.caps.tokens);
    expect(dropped).toBeGreaterThan(0);
    expect(identifiers.filter(({ kind }) => kind === "link.phone")).toHaveLength(8);
    expect(identifiers.filter(({ kind }) => kind.startsWith("person."))).toHaveLength(
      SCHEME.caps.tokens - SCHEME.caps.numbers,
    );
  });

  it("says which library versions it was made with, and they are the ones installed", async () => {
    const manifest = await import("../../package.json", { with: { type: "json" } });
    for (const [name, version] of Object.entries(SCHEME.libraries)) {
      expect((manifest.default.dependencies as Record<string, string>)[name]).toBe(version);
    }
  });
});
