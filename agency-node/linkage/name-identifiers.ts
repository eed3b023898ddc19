/** Identifiers made of names, each bound to a birth date, a nationality, a country or an address. */
import type { Subject } from "../core/record.ts";
import { addressOf } from "./addresses.ts";
import { countryOf } from "./countries.ts";
import { type BirthDates, birthDatesOf } from "./dates.ts";
import type { Identifier } from "./identifiers.ts";
import { type NameWord, isReadable, organisationKey, personNames } from "./names.ts";
import type { Report } from "./number-identifiers.ts";
import type { KindName } from "./scheme.ts";

/** A key of one letter is shared by everybody. */
const LEAST_KEY = 2;

type Names = {
  /** Words of full names, distinct. */
  readonly words: readonly NameWord[];
  /** Pairs within one name, weak names included. */
  readonly pairs: readonly (readonly [NameWord, NameWord])[];
  /** Full names of two words or more. */
  readonly whole: readonly (readonly NameWord[])[];
};

export function personIdentifiers(subject: Subject, report: Report): Identifier[] {
  const names = namesOf(subject, report);
  const dates = birthDatesOf(subject.birthDates ?? []);
  for (const i of dates.bad) report(`birthDates[${i}]`, "date");
  const countries = countriesOf(subject, report);
  const identifiers = [
    ...datedWords(names, dates),
    ...datedPairs(names, dates),
    ...wholeNames(names, countries),
    ...namesAtAddresses(names, subject.addresses ?? []),
  ];
  if (identifiers.length === 0 && names.words.length > 0) report("names", "unbound");
  return identifiers;
}

export function organisationIdentifiers(subject: Subject, report: Report): Identifier[] {
  const countries = countriesOf(subject, report);
  const identifiers = (subject.names ?? []).flatMap(({ text }, i) => {
    const key = isReadable(text) ? organisationKey(text) : "";
    if (key === "") report(`names[${i}]`, isReadable(text) ? "short" : "script");
    return key === "" ? [] : countries.map((country) => id("organisation.name-country", key, country));
  });
  if (identifiers.length === 0 && (subject.names ?? []).length > 0) report("names", "unbound");
  return identifiers;
}

function namesOf(subject: Subject, report: Report): Names {
  const full: NameWord[][] = [];
  const weak: NameWord[][] = [];
  for (const [i, { text, strength }] of (subject.names ?? []).entries()) {
    const names = personNames(text);
    if (names.length === 0) report(`names[${i}]`, isReadable(text) ? "form" : "script");
    (strength === "full" ? full : weak).push(...names);
  }
  full.push(...composedNames(subject));
  return {
    words: distinct(full.flat(), (word) => word.text),
    pairs: [...full, ...weak].flatMap(pairsOf),
    whole: full.filter((words) => words.length > 1),
  };
}

/** First, middle and last names as one name, for sources that keep them apart. */
function composedNames({ firstNames, middleNames, lastNames }: Subject): NameWord[][] {
  const parts = [firstNames, middleNames, lastNames].flatMap((names) => names ?? []);
  return parts.length === 0 ? [] : personNames(parts.join(" "));
}

function pairsOf(words: readonly NameWord[]): [NameWord, NameWord][] {
  return words.flatMap((a, i) => words.slice(i + 1).map((b): [NameWord, NameWord] => [a, b]));
}

function datedWords({ words }: Names, dates: BirthDates): Identifier[] {
  return dates.full.flatMap((date) =>
    words.flatMap((word) => {
      if (word.common) return [id("person.common-name-date", word.skeleton, date)];
      return [
        ...bound("person.name-sound-date", [word.sound], date),
        ...bound("person.name-skeleton-date", [word.skeleton], date),
      ];
    }),
  );
}

function datedPairs({ pairs }: Names, dates: BirthDates): Identifier[] {
  return pairs.flatMap(([a, b]) => {
    const skeletons = [a.skeleton, b.skeleton];
    if (a.common && b.common) {
      return dates.years.flatMap((year) => bound("person.common-pair-year", skeletons, year));
    }
    return [
      ...dates.years.flatMap((year) => [
        ...bound("person.pair-sound-year", [a.sound, b.sound], year),
        ...bound("person.pair-skeleton-year", skeletons, year),
      ]),
      ...dates.monthDays.flatMap((day) => bound("person.pair-monthday", skeletons, day)),
    ];
  });
}

function wholeNames({ whole }: Names, countries: readonly string[]): Identifier[] {
  return whole.flatMap((words) => {
    const sounds = [...new Set(words.map((word) => word.sound))].sort();
    const telling = sounds.length > 1 && words.some((word) => !word.common);
    return telling ? countries.map((country) => id("person.full-name-nationality", sounds.join(" "), country)) : [];
  });
}

function namesAtAddresses({ words }: Names, addresses: readonly string[]): Identifier[] {
  return addresses.flatMap((text) => {
    const address = addressOf(text);
    if (address === undefined) return [];
    const { number, street, place } = address;
    return words
      .filter((word) => word.skeleton.length >= LEAST_KEY)
      .map((word) => id("person.name-address", word.skeleton, number, street, place));
  });
}

/** Name keys without order, bound to `binding`; nothing where a key is missing, too short or twice the same. */
function bound(kind: KindName, keys: readonly string[], binding: string): Identifier[] {
  const usable = keys.every((key) => key.length >= LEAST_KEY) && new Set(keys).size === keys.length;
  return usable ? [id(kind, ...keys.toSorted(), binding)] : [];
}

function countriesOf(subject: Subject, report: Report): string[] {
  const codes = (subject.countries ?? []).map((text, i) => {
    const code = countryOf(text);
    if (code === undefined) report(`countries[${i}]`, "country");
    return code;
  });
  return [...new Set(codes)].filter((code) => code !== undefined);
}

function distinct<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}

function id(kind: KindName, ...fields: readonly string[]): Identifier {
  return { kind, fields };
}
