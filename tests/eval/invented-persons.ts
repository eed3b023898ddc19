/**
 * Invented persons, the same every time, as unevenly spread as real ones: a few names that many bear and many that few do,
 * birth dates that crowd on 1 January or are known to the year only, a handful of nationalities and towns for most.
 */
import type { Subject } from "../../agency-node/core/record.ts";

/** Common given names and surnames of four regions, the most usual first. No combination is meant to be anybody. */
const REGIONS = [
  {
    countries: ["iq", "sy", "jo"],
    given:
      "Mohammed Ahmed Ali Hassan Fatima Hussein Omar Mariam Khaled Mustafa Zainab Yusuf Ibrahim Abdullah Layla Salim",
    family:
      "Al-Hashimi Haddad Al-Jabouri Hussein Khalil Al-Masri Saleh Nasser Al-Tikriti Rashid Mansour Al-Khatib Darwish",
    parts: ["al-", "Sa", "Ra", "Ja", "Mu", "Ha", "Ba", "wad", "bir", "shid", "mar", "fiq", "luf", "zan", "qab", "dhi"],
  },
  {
    countries: ["ru", "ua", "bg"],
    given:
      "Aleksandr Sergei Elena Dmitri Olga Andrei Natalia Ivan Vladimir Tatiana Mikhail Irina Nikolai Anna Pavel Oksana",
    family:
      "Ivanov Smirnov Kuznetsov Popov Petrov Sokolov Shevchenko Volkov Kovalenko Bondarenko Dimitrov Georgiev Morozov",
    parts: ["Za", "Kor", "Bel", "Gri", "Tar", "Mel", "Os", "ni", "cho", "len", "gor", "vsk", "ov", "enko", "ich", "ev"],
  },
  {
    countries: ["so", "et", "er"],
    given:
      "Abdi Mohamed Hodan Abdullahi Amina Hassan Tesfaye Yonas Selam Abebe Ahmed Fadumo Ibrahim Almaz Dawit Khadra",
    family: "Warsame Hassan Abdi Tekle Haile Bekele Farah Omar Gebre Nur Jama Alemu Osman Desta Kebede Mohamud",
    parts: ["Ga", "Te", "Wa", "Hi", "Shi", "De", "Ki", "rsa", "bre", "fa", "lem", "mich", "del", "yo", "nas", "gul"],
  },
  {
    countries: ["co", "mx", "es"],
    given: "Maria Jose Juan Carlos Ana Luis Carmen Jorge Sofia Miguel Rosa Pedro Lucia Diego Elena Manuel",
    family:
      "Garcia Rodriguez Martinez Lopez Gonzalez Hernandez Perez Sanchez Ramirez Torres Flores Diaz Vargas Castillo",
    parts: ["Al", "Bo", "Cor", "Es", "Mon", "Que", "Val", "te", "ri", "do", "lan", "ver", "zar", "que", "ga", "mos"],
  },
].map(({ given, family, ...rest }) => ({ ...rest, given: given.split(" "), family: family.split(" ") }));

type Region = (typeof REGIONS)[number];
type Random = () => number;

/**
 * Of given names and surnames, these shares are drawn out of the usual ones, the others are put together from `parts`. So the
 * commonest given name of a region has about one person in eleven, the commonest surname one in twenty-five.
 */
const USUAL_GIVEN = 0.55;
const USUAL_FAMILY = 0.25;
const TOWNS_PER_REGION = 150;
const NAMESAKE_EVERY = 6;

export function inventedPersons(count: number): Subject[] {
  const random = repeatable(20_261_122);
  return Array.from({ length: count }, () => inventedPerson(REGIONS[rank(REGIONS.length, random)] as Region, random));
}

/** Each sixth has a namesake, who shares a little with it or somewhat more, as on the lists of real persons. */
export function withNamesakes(persons: readonly Subject[]): Subject[] {
  return persons.flatMap((person, i) => {
    if (i % NAMESAKE_EVERY > 0) return [person];
    const { names = [], birthDates = [], countries = [], phones = [] } = person;
    const kept = names
      .slice(0, 1)
      .map(({ text, strength }) => ({ text: text.split(" ").slice(0, 2).join(" "), strength }));
    const dates = birthDates.map((date) => `${date.slice(0, 4)}-07-07`);
    const others: readonly Subject[] = [
      { kind: "person", names: kept, countries },
      { kind: "person", names: kept, birthDates: dates },
      { kind: "person", names: [{ text: `Quillon Testmann${i}`, strength: "full" }], birthDates, countries, phones },
    ];
    return [person, others[(i / NAMESAKE_EVERY) % others.length] as Subject];
  });
}

function inventedPerson(region: Region, random: Random): Subject {
  const given = nameOf(region.given, USUAL_GIVEN, region, random);
  const middle = random() < 0.5 ? [nameOf(region.given, USUAL_GIVEN, region, random)] : [];
  const family = nameOf(region.family, USUAL_FAMILY, region, random);
  const alias = random() < 0.15 ? [`${given} ${nameOf(region.family, USUAL_FAMILY, region, random)}`] : [];
  const names = [[given, ...middle, family].join(" "), ...alias];
  const country = region.countries[rank(region.countries.length, random)] as string;
  return {
    kind: "person",
    names: names.map((text) => ({ text, strength: "full" })),
    birthDates: random() < 0.05 ? [] : [birthDate(random)],
    birthPlaces: random() < 0.6 ? [townOf(region, rank(TOWNS_PER_REGION, random))] : [],
    sex: random() < 0.3 ? "female" : "male",
    countries: [country],
    documents: random() < 0.3 ? [{ type: "passport", country, number: digits(8, random) }] : [],
    phones: random() < 0.3 ? [{ text: `+49151${digits(8, random)}` }] : [],
  };
}

function nameOf(usual: readonly string[], share: number, { parts }: Region, random: Random): string {
  return random() < share ? (usual[rank(usual.length, random)] as string) : builtFrom(parts, random);
}

function builtFrom(parts: readonly string[], random: Random): string {
  const half = parts.length / 2;
  const start = parts[Math.floor(random() * half)] as string;
  const rest = Array.from({ length: 2 + Math.floor(random() * 3) }, () => parts[half + Math.floor(random() * half)]);
  return `${start}${rest.join("")}`;
}

/** The same name for the same town each time. */
function townOf({ parts }: Region, town: number): string {
  return builtFrom(parts, repeatable(town + 1));
}

/** One in seven known to the year only; one in ten of the others on 1 January, as registers write it who know no better. */
function birthDate(random: Random): string {
  const year = 1950 + Math.floor(55 * ((random() + random()) / 2));
  if (random() < 0.15) return String(year);
  if (random() < 0.1) return `${year}-01-01`;
  const two = (value: number) => String(value).padStart(2, "0");
  return `${year}-${two(1 + Math.floor(12 * random()))}-${two(1 + Math.floor(28 * random()))}`;
}

function digits(count: number, random: Random): string {
  return Array.from({ length: count }, () => Math.floor(10 * random())).join("");
}

/** 0 to count - 1, the first the most frequent: 1/4, 1/5, 1/6, … (Zipf's law with Mandelbrot's flatter head). */
function rank(count: number, random: Random): number {
  const weights = Array.from({ length: count }, (_, i) => 1 / (i + 4));
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  return Math.max(
    0,
    weights.findIndex((weight) => (left -= weight) < 0),
  );
}

/** 0 to below 1 (Mulberry32): an order of events, no secret. */
function repeatable(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
