/** Identifiers made of names, each bound to a birth date, a nationality, a country or an address. */
import type { Sex, Subject } from "../core/record.ts";
import { type AddressKeys, addressKeysOf } from "./addresses.ts";
import { PAIRS_MAX, WORDS_MAX, combinable } from "./bounds.ts";
import { countryOf } from "./countries.ts";
import { type BirthDates, birthDatesOf } from "./dates.ts";
import type { Identifier, Report } from "./identifier.ts";
import { type NameWord, isReadable, organisationKey, personNames } from "./names.ts";
import { placesOf } from "./places.ts";
import { hashOf, lowestRanked } from "./ranking.ts";
import { type PairRarity, RANK, type Rarity, pairRarityOf, rarityOfSkeleton, rarityOfSpelling } from "./rarity.ts";
import type { KindName } from "./scheme.ts";

/** Shorter keys of a place or a name say nothing. */
const LEAST_KEY = 3;

/** A pair of keys that is shorter together is shared by too many. */
const LEAST_PAIR = 4;

/** First letters of a longer name, compared as spelt: slips come late in a word. */
const START = 3;

/** From this length on the consonants are compared without order, so that letters may have changed places. */
const LEAST_UNORDERED = 5;

/** Words of one name that are bound to a year in threes; more would cost a token for every three of them. */
const MOST_IN_THREES = 4;

export type Names = {
  /** Words of full names, distinct. */
  readonly words: readonly NameWord[];
  /** Pairs within one name, weak names included, distinct. */
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
    ...shortNames(names, dates, subject.sex),
    ...threes(names, dates),
    ...byOrigin(names, dates, countries, subject.birthPlaces ?? []),
    ...atAddresses(names, dates, subject.addresses ?? []),
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
    words: fewDistinct(full.flat(), WORDS_MAX, textOf),
    pairs: fewDistinct([...full, ...weak].flatMap(pairsOf), PAIRS_MAX, textsOf),
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
  const few = combinable(words, dates.full.length, textOf);
  return dates.full.flatMap((date) => few.flatMap((word) => wordKeys(word).map(([kind, key]) => id(kind, key, date))));
}

/** The beginning survives slips after it; consonants without order survive letters that changed places. */
function wordKeys({ text, spelt, skeletons }: NameWord): [KindName, string][] {
  const keys = skeletons
    .filter((skeleton) => skeleton.length > 1)
    .map((skeleton): [KindName, string] => [`person.skeleton-date.${rarityOfSkeleton(skeleton)}`, unordered(skeleton)]);
  const begins = spelt && text.length > START && rarityOfSpelling(text) !== "common";
  return begins ? [...keys, ["person.start-date", text.slice(0, START)]] : keys;
}

function unordered(skeleton: string): string {
  return skeleton.length < LEAST_UNORDERED ? skeleton : [...skeleton].sort().join("");
}

function datedPairs({ pairs }: Names, dates: BirthDates): Identifier[] {
  return combinable(pairs, dates.years.length, textsOf).flatMap(([a, b]) => {
    const keys = [a.skeletons[0], b.skeletons[0]];
    const rarity = rarityOfPair(keys);
    const common = rarity === "common-common";
    return [
      ...dates.years.flatMap((year) => pairInYear(a, b, year)),
      ...dates.full.flatMap((date) => [...(common ? bound("person.common-pair-date", keys, date) : [])]),
    ];
  });
}

/** Two common names with a year would be seen again and again, so they are left out. */
function pairInYear(a: NameWord, b: NameWord, year: string): Identifier[] {
  const spellings = a.spelt && b.spelt ? [a.text, b.text] : [];
  const spelt = pairRarityOf(rarityOfSpelling(a.text), rarityOfSpelling(b.text));
  const skeletons = a.skeletons.flatMap((one) => b.skeletons.map((other) => [one, other]));
  return [
    ...(spelt === "common-common" ? [] : bound(`person.pair-spelling-year.${spelt}`, spellings, year)),
    ...skeletons.flatMap((keys) => {
      const rarity = rarityOfPair(keys);
      return rarity === "common-common" ? [] : bound(`person.pair-skeleton-year.${rarity}`, keys, year);
    }),
  ];
}

/**
 * Names of just two words: with day and month where the year was mistyped; and where one or both only begin alike,
 * because scripts differ most at the ends of words.
 */
function shortNames({ whole }: Names, dates: BirthDates, sex: Sex | undefined): Identifier[] {
  return combinable(whole, dates.full.length + dates.years.length, textsOf).flatMap((words) => {
    const keys = words.map(({ skeletons: [skeleton] }) => skeleton);
    const [a, b] = keys;
    if (a === undefined || b === undefined || keys.length > 2) return [];
    const starts = [startOf(a), startOf(b)].sort();
    const rarity = rarityOfPair(keys);
    return [
      ...(rarity === "common-common"
        ? []
        : dates.monthDays.flatMap((day) => bound(`person.pair-monthday.${rarity}`, keys, day))),
      ...dates.full.map((date) => id("person.two-starts-date", ...starts, date)),
      ...(sex === undefined ? [] : dates.full.map((date) => id("person.two-starts-sex-date", ...starts, sex, date))),
      ...dates.years.flatMap((year) => [...rareAndStart(a, b, year), ...rareAndStart(b, a, year)]),
    ];
  });
}

function rareAndStart(rare: string, other: string, year: string): Identifier[] {
  return rarityOfSkeleton(rare) === "rare" ? [id("person.name-start-year", rare, startOf(other), year)] : [];
}

function startOf(skeleton: string): string {
  return skeleton.slice(0, 2);
}

function rarityOfPair([a, b]: readonly string[]): PairRarity {
  return pairRarityOf(rarityOfSkeleton(a ?? ""), rarityOfSkeleton(b ?? ""));
}

function twoRarest(rarities: readonly Rarity[]): PairRarity {
  const ranked = rarities.toSorted((a, b) => RANK[a] - RANK[b]);
  return pairRarityOf(ranked[0] ?? "common", ranked[1] ?? "common");
}

/** Three names of one with the year say as much as a full date, for records that have only the year. */
function threes({ whole }: Names, dates: BirthDates): Identifier[] {
  return combinable(whole, dates.full.length + dates.years.length, textsOf).flatMap((words) =>
    threesOf(words.slice(0, MOST_IN_THREES).map(({ skeletons: [skeleton] }) => skeleton)).flatMap((keys) => {
      const rarity = twoRarest(keys.map(rarityOfSkeleton));
      if (rarity === "common-common")
        return dates.full.flatMap((date) => three("person.common-triple-date", keys, date));
      return dates.years.flatMap((year) => three(`person.triple-year.${rarity}`, keys, year));
    }),
  );
}

/** Two of three names may have one key: Hamid Hamad Hasan. */
function three(kind: KindName, keys: readonly string[], binding: string): Identifier[] {
  const usable = keys.join("").length >= LEAST_PAIR && new Set(keys).size > 1 && keys.every((key) => key !== "");
  return usable ? [id(kind, ...keys.toSorted(), binding)] : [];
}

function threesOf(keys: readonly string[]): string[][] {
  return keys.flatMap((a, i) => keys.slice(i + 1).flatMap((b, j) => keys.slice(i + j + 2).map((c) => [a, b, c])));
}

/** Nationality and birth place say little alone; whole names are for records without a date or without a nationality. */
function byOrigin(
  { words, whole }: Names,
  dates: BirthDates,
  countries: readonly string[],
  birthPlaces: readonly string[],
): Identifier[] {
  const places = placesOf(birthPlaces);
  const telling = words.filter(({ text, spelt }) => spelt && rarityOfSpelling(text) !== "common");
  const { length: years } = dates.years;
  return [
    ...combinable(telling, years * countries.length, textOf).flatMap(({ text }) =>
      dates.years.flatMap((year) =>
        countries.map((country) => id(`person.name-year-nationality.${rarityOfSpelling(text)}`, text, year, country)),
      ),
    ),
    ...combinable(tellingOf(words), years * places.length, ([skeleton]) => skeleton).flatMap(([skeleton, rarity]) =>
      dates.years.flatMap((year) =>
        places.map((place) => id(`person.name-year-birthplace.${rarity}`, skeleton, year, place)),
      ),
    ),
    ...combinable(whole, countries.length, textsOf).flatMap((name) =>
      name.length > 2 ? longNames(name, countries) : undatedNames(name, dates, countries),
    ),
  ];
}

/** Names of three words and more as spelt, with a nationality; never alone, because a name alone alerts nobody. */
function longNames(words: readonly NameWord[], countries: readonly string[]): Identifier[] {
  if (words.some(({ spelt }) => !spelt)) return [];
  const spelling = words.map(({ text }) => text).sort();
  const rarity = twoRarest(spelling.map(rarityOfSpelling));
  if (rarity === "common-common") return [];
  return countries.map((country) => id(`person.long-nationality.${rarity}`, spelling.join(" "), country));
}

/** Names of two words with a nationality, else every dated namesake of a nation would meet. */
function undatedNames(words: readonly NameWord[], dates: BirthDates, countries: readonly string[]): Identifier[] {
  const keys = words.map(({ skeletons: [skeleton] }) => skeleton);
  const rarity = rarityOfPair(keys);
  if (dates.years.length > 0 || rarity === "common-common") return [];
  return countries.flatMap((country) => bound(`person.pair-nationality.${rarity}`, keys, country));
}

function atAddresses(names: Names, dates: BirthDates, addresses: readonly string[]): Identifier[] {
  const few = {
    ...names,
    words: combinable(names.words, addresses.length, textOf),
    pairs: combinable(names.pairs, addresses.length, textsOf),
  };
  return addresses.flatMap((text) => {
    const address = addressKeysOf(text);
    return [...namesAt(few, address), ...datesAt(dates, address)];
  });
}

function namesAt({ words, pairs }: Names, { streets, areas, house }: AddressKeys): Identifier[] {
  const pairKeys = pairs.map(([a, b]) => [a.skeletons[0], b.skeletons[0]]);
  const doors = house === "" ? [] : rankedOf(words);
  return [
    ...tellingOf(words).flatMap(([name, rarity]) => [
      ...streets.map((street) => id(`person.name-street.${rarity}`, name, street)),
      ...areas.map((area) => id(`person.name-area.${rarity}`, name, area)),
    ]),
    ...doors.flatMap(([name, rarity]) => [
      ...streets.map((street) => id(`person.name-door.${rarity}`, name, house, street)),
      ...areas.map((area) => id(`person.name-house.${rarity}`, name, house, area)),
    ]),
    ...pairKeys.flatMap((keys) => [
      ...areas.flatMap((area) => bound(`person.pair-area.${rarityOfPair(keys)}`, keys, area)),
      ...streets.flatMap((street) => bound(`person.pair-street.${rarityOfPair(keys)}`, keys, street)),
    ]),
  ];
}

function datesAt({ full }: BirthDates, { streets, areas, house }: AddressKeys): Identifier[] {
  return full.flatMap((date) => [
    ...streets.map((street) => id("person.date-street", date, street)),
    ...areas.map((area) => id("person.date-area", date, area)),
    ...(house === "" ? [] : areas.map((area) => id("person.date-house", date, house, area))),
  ]);
}

/** Skeletons of the words that say enough to stand beside a place or a nationality. */
function tellingOf(words: readonly NameWord[]): [string, Rarity][] {
  return rankedOf(words).filter(([key, rarity]) => rarity !== "common" && key.length >= LEAST_KEY);
}

function rankedOf(words: readonly NameWord[]): [string, Rarity][] {
  const keys = distinct(
    words.map(({ skeletons: [skeleton] }) => skeleton),
    (key) => key,
  );
  return keys.filter((key) => key.length > 1).map((key) => [key, rarityOfSkeleton(key)]);
}

/** Two keys without order, bound to `binding`; nothing where they are too short together, or the same. */
function bound(kind: KindName, [a, b]: readonly string[], binding: string): Identifier[] {
  if (a === undefined || b === undefined || a === "" || b === "" || a === b || binding === "") return [];
  if (a.length + b.length < LEAST_PAIR) return [];
  return [{ kind, fields: a < b ? [a, b, binding] : [b, a, binding] }];
}

function countriesOf(subject: Subject, report: Report): string[] {
  const codes = (subject.countries ?? []).map((text, i) => {
    const code = countryOf(text);
    if (code === undefined) report(`countries[${i}]`, "country");
    return code;
  });
  return [...new Set(codes)].filter((code) => code !== undefined);
}

const textOf = ({ text }: NameWord): string => text;
const textsOf = (words: readonly NameWord[]): string => words.map(textOf).sort().join(" ");

function fewDistinct<T>(items: readonly T[], most: number, key: (item: T) => string): readonly T[] {
  return lowestRanked(distinct(items, key), most, (item) => hashOf(key(item)));
}

function distinct<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}

function id(kind: KindName, ...fields: readonly string[]): Identifier {
  return { kind, fields };
}
