/** Identifiers made of names, each bound to a birth date, a nationality, a country or an address. */
import type { Subject } from "../core/record.ts";
import { addressOf, postcodeIn, streetIn } from "./addresses.ts";
import { countryOf } from "./countries.ts";
import { type BirthDates, birthDatesOf } from "./dates.ts";
import type { Identifier, Report } from "./identifier.ts";
import { type NameWord, isReadable, organisationKey, personNames } from "./names.ts";
import type { KindName } from "./scheme.ts";

/** Shorter keys are shared by too many names to say anything. */
const LEAST_KEY = 3;
const LEAST_PAIR = 6;

/** Letters of a longer name that are compared as spelt, because slips come late in a word. */
const PREFIX = 5;

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
    ...wholeNames(names, dates, countries),
    ...namesAtAddresses(names, dates, subject.addresses ?? []),
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
    words.flatMap((word) => wordKeys(word).map(([kind, key]) => id(kind, key, date))),
  );
}

/**
 * Consonants without order survive letters that changed places, the beginning survives slips after it. A short sound or
 * skeleton is shared by many names, so a short name is compared as spelt.
 */
function wordKeys(word: NameWord): [KindName, string][] {
  const { text, sound, skeleton } = word;
  if (word.common) return [["person.common-name-date", sound]];
  const keys: [KindName, string][] = [];
  if (sound.length >= LEAST_KEY) keys.push(["person.name-sound-date", sound]);
  if (skeleton.length > LEAST_KEY) keys.push(["person.name-consonants-date", [...skeleton].sort().join("")]);
  if (text.length > PREFIX) keys.push(["person.name-prefix-date", text.slice(0, PREFIX)]);
  if (keys.length > 0) return keys;
  return [[text.length > LEAST_KEY ? "person.short-name-date" : "person.common-name-date", text]];
}

function datedPairs({ pairs }: Names, dates: BirthDates): Identifier[] {
  return pairs.flatMap(([a, b]) => {
    const years = dates.years.flatMap((year) => pairInYear(a, b, year));
    if (a.common && b.common) return years;
    const sounds = [a.sound, b.sound];
    return [
      ...years,
      ...dates.monthDays.flatMap((day) => bound("person.pair-monthday", sounds, day)),
      ...dates.full.flatMap((date) => bound("person.pair-prefix-date", prefixes(a, b), date)),
    ];
  });
}

/** A common name adds little, so the other must agree in sound and skeleton. */
function pairInYear(a: NameWord, b: NameWord, year: string): Identifier[] {
  if (a.common && b.common) return bound("person.common-pair-year", [a.sound, b.sound], year);
  if (!a.common && !b.common) {
    return [
      ...bound("person.pair-sound-year", [a.sound, b.sound], year),
      ...bound("person.pair-skeleton-year", [a.skeleton, b.skeleton], year),
    ];
  }
  const [common, rare] = a.common ? [a, b] : [b, a];
  const telling = rare.sound.length >= LEAST_KEY && rare.skeleton.length >= LEAST_KEY;
  return telling ? [id("person.mixed-pair-year", common.sound, rare.sound, rare.skeleton, year)] : [];
}

function prefixes(a: NameWord, b: NameWord): string[] {
  return [a.text.slice(0, 3), b.text.slice(0, 3)];
}

/**
 * Whole names: with the year where words are too short to be compared by pairs; with the nationality for records without
 * a date. A dated record takes part in the latter only by a long name, else every namesake of a nation would meet.
 */
function wholeNames({ whole }: Names, dates: BirthDates, countries: readonly string[]): Identifier[] {
  return whole.flatMap((words) => {
    const key = [...new Set(words.map((word) => word.sound))].sort().join(" ");
    const rare = words.filter((word) => !word.common).length;
    const long = words.length > 2 && rare > 1;
    const short = words.some(({ sound }) => sound.length < LEAST_KEY);
    if (!key.includes(" ") || (words.length === 2 && rare === 0)) return [];
    const byNation = dates.years.length === 0 || long;
    return [
      ...(short ? dates.years.map((year) => id("person.full-name-year", key, year)) : []),
      ...(byNation ? countries.map((country) => id("person.full-name-nationality", key, country)) : []),
    ];
  });
}

function namesAtAddresses({ words, pairs }: Names, dates: BirthDates, addresses: readonly string[]): Identifier[] {
  return addresses.flatMap((text) => {
    const address = addressOf(text);
    const street = address?.street ?? streetIn(text);
    if (street === "") return [];
    const telling = words.filter((word) => word.skeleton.length >= LEAST_KEY);
    return [
      ...(address === undefined
        ? []
        : telling.map((word) =>
            id("person.name-address", word.skeleton, address.number, address.street, address.place),
          )),
      ...pairs.flatMap(([a, b]) => bound("person.pair-street", [a.sound, b.sound], street)),
      ...pairs.flatMap(([a, b]) => bound("person.pair-postcode", [a.sound, b.sound], postcodeIn(text))),
      ...dates.full.map((date) => id("person.date-street", date, street)),
    ];
  });
}

/** Keys of a pair without order, bound to `binding`; nothing where they are too short together, or the same. */
function bound(kind: KindName, keys: readonly string[], binding: string): Identifier[] {
  const usable =
    binding !== "" && keys.join("").length >= LEAST_PAIR && new Set(keys).size === 2 && keys.every((key) => key !== "");
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
