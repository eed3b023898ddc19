import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { english } from "../../shared/words/english.ts";
import { clockTime, count, date, dateTime, duration, listed, percent } from "../../shared/words/figures.ts";
import { compose, say, speaking, wordFor } from "../../shared/words/say.ts";
import { ENGLISH, languageNamed } from "../../shared/words/language.ts";
import type { Key, Language } from "../../shared/words/language.ts";
import { argumentsOf, isMarked, parsed, PSEUDO } from "../support/pseudo-language.ts";

const KEYS = Object.keys(english) as Key[];
const GERMAN: Language = {
  locale: "de-DE",
  messages: { "figures.records": "{count, plural, one {# Datensatz} other {# Datensätze}}", "fact.reason": "Grund" },
};

describe("a text", () => {
  it("is found by its key, with its arguments put in", () => {
    expect(say("fact.reason")).toBe("Reason");
    expect(say("figures.records", { count: 1 })).toBe("1 record");
    expect(say("figures.records", { count: 1204 })).toBe("1,204 records");
    expect(say("directive.remove.effect", { forCause: "yes" })).toContain("new generation");
    expect(say("directive.remove.effect", { forCause: "no" })).not.toContain("new generation");
    expect(say("directive.neverCorrelate.effect")).toContain("switchboard's");
  });

  it("does not compile with a wrong key, or with arguments that its message does not have", () => {
    const wrong = (): unknown => [
      // @ts-expect-error -- there is no such key
      say("fact.nowhere"),
      // @ts-expect-error -- an argument is missing
      say("figures.records"),
      // @ts-expect-error -- an argument has another name
      say("figures.records", { counts: 1 }),
      // @ts-expect-error -- a plural needs a number
      say("figures.records", { count: "1" }),
      // @ts-expect-error -- one too many
      say("figures.records", { count: 1, more: 2 }),
      // @ts-expect-error -- this message has none
      say("fact.reason", { count: 1 }),
    ];
    expect(wrong).toBeTypeOf("function");
  });

  it("keeps pieces that are not texts, where the language puts them", () => {
    const link = { href: "/members/1" };
    expect(compose("fact.memberNamed", { member: link, slug: "harbour" })).toEqual(["harbour (", link, ")"]);
    const turned: Language = { locale: "en-GB", messages: { "fact.memberNamed": "{member}: {slug}" } };
    expect(speaking(turned, () => compose("fact.memberNamed", { member: link, slug: "harbour" }))).toEqual([
      link,
      ": harbour",
    ]);
  });

  it("shows a word of another version as it came", () => {
    expect(wordFor("grade", "strong")).toBe("strong");
    expect(wordFor("grade", "certain")).toBe("certain");
    expect(wordFor("obstacle", "toString")).toBe("toString");
  });
});

describe("a language", () => {
  it("is spoken by the work that it was chosen for and by what that starts, and by nobody else", async () => {
    const both = await Promise.all([
      speaking(GERMAN, async () => {
        await Promise.resolve();
        return say("figures.records", { count: 1204 });
      }),
      speaking(ENGLISH, async () => say("figures.records", { count: 1204 })),
    ]);
    expect(both).toEqual(["1.204 Datensätze", "1,204 records"]);
    expect(say("fact.reason")).toBe("Reason");
  });

  it("says in English what it lacks", () => {
    expect(speaking(GERMAN, () => [say("fact.reason"), say("fact.member")])).toEqual(["Grund", "Member"]);
  });

  it("is one more file, chosen by the environment, without a change of code", () => {
    const folder = mkdtempSync(join(tmpdir(), "causeway-language-"));
    try {
      writeFileSync(join(folder, "xx.json"), JSON.stringify(GERMAN));
      writeFileSync(join(folder, "yy.json"), '{"locale": "de-DE", "messages": {"fact.reason": 1}}');
      expect(speaking(languageNamed("xx", folder), () => say("fact.reason"))).toBe("Grund");
      for (const name of ["yy", "zz", "../xx"]) {
        expect(() => languageNamed(name, folder)).toThrow(expect.objectContaining({ code: "ENVIRONMENT" }));
      }
      expect(languageNamed("en")).toBe(ENGLISH);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("may be added as data alone: one for every key changes every text", () => {
    speaking(PSEUDO, () => {
      for (const key of KEYS) {
        const names = argumentsOf(parsed(english[key]));
        const args = Object.fromEntries(names.map((name) => [name, 3]));
        const text = (say as (key: Key, args: object) => string)(key, args);
        expect(text, key).not.toBe(speaking(ENGLISH, () => (say as (key: Key, args: object) => string)(key, args)));
        expect(isMarked(text), key).toBe(true);
      }
    });
  });
});

/** Keys that English does not have, and messages with other arguments than the English ones. */
function faultsOf({ messages }: Language): string[] {
  return Object.entries(messages).flatMap(([key, message]) => {
    if (!Object.hasOwn(english, key)) return [key];
    const wanted = argumentsOf(parsed(english[key as Key])).join();
    return argumentsOf(parsed(message)).join() === wanted ? [] : [key];
  });
}

describe("the file of a language", () => {
  it("has the keys and arguments of the English catalogue", () => {
    const wrong = { "fact.nowhere": "x", "figures.records": "{n}", "fact.reason": "Grund" };
    expect(faultsOf({ locale: "de-DE", messages: wrong })).toEqual(["fact.nowhere", "figures.records"]);
    expect(faultsOf(PSEUDO)).toEqual([]);
    const folder = join(import.meta.dirname, "..", "..", "shared", "words", "languages");
    for (const file of globSync("*.json", { cwd: folder })) {
      expect(faultsOf(languageNamed(file.replace(/\.json$/, ""))), file).toEqual([]);
    }
  });
});

describe("the catalogue", () => {
  it("holds messages that can be read, and no markup", () => {
    for (const key of KEYS) {
      expect(() => parsed(english[key]), key).not.toThrow();
      expect(english[key], key).not.toMatch(/<\/?[a-z]|&[a-z]+;/i);
      expect(english[key], key).not.toBe("");
    }
  });

  it("has a dot in every key, and the part before it is a noun of one file; after it an error's code may stand", () => {
    for (const key of KEYS) expect(key).toMatch(/^[a-z][A-Za-z]*(?:\.(?:[A-Za-z]+|[A-Z]+(?:_[A-Z]+)+))+$/);
  });
});

describe("figures", () => {
  const AT_MS = Date.UTC(2026, 10, 2, 9, 5, 7);

  it("name the zone of every time of day", () => {
    expect(date(AT_MS)).toBe("2 November 2026");
    expect(dateTime(AT_MS)).toBe("2 November 2026, 09:05 UTC");
    expect(dateTime(Date.UTC(2026, 11, 31))).toBe("31 December 2026, 00:00 UTC");
    expect(clockTime(AT_MS)).toBe("09:05:07 UTC");
  });

  it("follow the language", () => {
    expect(speaking(GERMAN, () => [date(AT_MS), count(1204), listed(["a", "b", "c"])])).toEqual([
      "2. November 2026",
      "1.204",
      "a, b und c",
    ]);
    expect(listed(["a", "b", "c"])).toBe("a, b and c");
    expect([listed(["a", "b"]), listed(["a"]), listed([])]).toEqual(["a and b", "a", ""]);
  });

  it("never round to all or nothing what is only nearly so", () => {
    expect([percent(0, 10), percent(1, 1000), percent(999, 1000), percent(10, 10), percent(0, 0)]).toEqual(
      ["0 %", "under 1 %", "99 %", "100 %", "0 %"].map((text) => text.replace(" %", "\u00a0%")),
    );
  });

  it("count spans in the largest unit of which there are two", () => {
    const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];
    expect([119 * second, 119 * minute, 47 * hour, 48 * hour, 20 * day, second, -5].map(duration)).toEqual([
      "119 seconds",
      "119 minutes",
      "47 hours",
      "2 days",
      "20 days",
      "1 second",
      "0 seconds",
    ]);
  });
});
