/**
 * Names of persons and organisations as words that can be compared, whatever their order, script, spelling or particles.
 *
 * A word is compared as spelt, where its script writes vowels, and by its skeletons (consonants in classes), which meet
 * across spellings and scripts. Known weakness: scripts that `scripts/` has no table for are not read.
 */
import anyAscii from "any-ascii";
import { GLUED_AFTER_ARTICLE, KUNYA_WORDS, LEGAL_FORMS, PARTICLES, TITLES, WHOLE_WORDS } from "./name-words.ts";
import { unmixed, unmixedLatin } from "./look-alikes.ts";
import { plainText } from "./plain-text.ts";
import { remembered } from "./remembered.ts";
import { SCRIPTS } from "./scripts/scripts.ts";
import { skeletonOf, skeletonsOf } from "./skeleton.ts";

export type NameWord = {
  /** Lower-case ASCII letters; for a vowel-poor script its reading (`scripts/letters.ts`). */
  readonly text: string;
  /** Whether `text` has the vowels that were spoken. */
  readonly spelt: boolean;
  /** Likeliest first; one to four. */
  readonly skeletons: readonly [string, ...string[]];
};

/** They stand in names of accounts, also inside words. */
const PICTURES = /\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|\u20e3/gu;

const MAX_NAME_LENGTH = 200;
const MAX_WORDS = 10;

/** Whether `text` has letters of a script that this scheme compares. */
export function isReadable(text: string): boolean {
  const plain = plainText(text);
  return SCRIPTS.some(({ letter }) => letter.test(plain));
}

/**
 * Words of a person's name. Apostrophes are marks inside a word, any other sign ends it. Lists put several names in one text with semicolons between, notes in brackets, and the
 * native spelling beside the Latin one: each script's words are a name of their own.
 */
export function personNames(text: string): NameWord[][] {
  const readings = plainText(text)
    .slice(0, MAX_NAME_LENGTH)
    .replace(/\([^)]*(?:\)|$)/g, " ")
    .split(/[;/]/)
    .flatMap(unmixed)
    .flatMap(readingsOf);
  return readings.map(wordsOfName).filter((words) => words.length > 0);
}

/** The words of one name, plain, those of each script apart. Persian joiners tell no two words apart here. */
function readingsOf(name: string): (readonly string[])[] {
  const plain = inSpokenOrder(name)
    .toLowerCase()
    .replace(PICTURES, "")
    .replace(/['’‘`´ʻʼʾʿʹʺ′ـ\u200c\u200d]/gu, "");
  const [latin] = SCRIPTS;
  // oxlint-disable-next-line no-control-regex
  const scripts = /^[\x00-\u024f]*$/.test(plain) ? [latin] : SCRIPTS;
  return scripts.map(({ letters, read }) => read(plain.match(letters)?.slice(0, 2 * MAX_WORDS) ?? []));
}

/** Words of an organisation's name without its legal form, in alphabetical order. */
export function organisationKey(text: string): string {
  const words = asciiWords(plainText(text).slice(0, MAX_NAME_LENGTH)).filter((word) => !LEGAL_FORMS.has(word));
  const skeletons = words.map((word) => (/\d/.test(word) ? word : skeletonOf(word))).filter((word) => word !== "");
  const key = [...new Set(skeletons)].sort().join(" ");
  return key.length >= 4 ? key : "";
}

/** "LAST, First" as "First LAST", so that compounds that span the comma join. */
function inSpokenOrder(name: string): string {
  const [last, first, ...others] = name.split(/[,،]/);
  return first === undefined || others.length > 0 ? name : `${first} ${last}`;
}

export function asciiWords(text: string): string[] {
  const plain = anyAscii(
    unmixedLatin(plainText(text))
      .replace(PICTURES, "")
      .replace(/['’‘`´ʻʼʾʿʹʺ′]/gu, "")
      .replace(/\p{M}/gu, ""),
  ).toLowerCase();
  return plain
    .replaceAll("'", "")
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "")
    .slice(0, 2 * MAX_WORDS);
}

function wordsOfName(readings: readonly string[]): NameWord[] {
  const words = joinCompounds(readings)
    .filter((reading) => reading.length > 1)
    .map(nameWord);
  return [...new Map(words.map((word) => [word.text, word])).values()];
}

/**
 * Drops titles and particles, and glues what belongs together: "abd al-rahman" and "abdurrahman", "abu bakr" and
 * "aboubakar", "nur al-din" and "noureddine" are one word each.
 */
function joinCompounds(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] as string;
    const next = nextBearing(words, i + 1);
    const previous = joined.at(-1);
    if (ABD.test(word) && next !== undefined) {
      joined.push(plainForm(`abd${words[next]}`.replace("=6", "=")));
      i = next;
    } else if (KUNYA_WORDS.has(word) && next !== undefined) {
      joined.push(`abu${words[next]}`.replace("=6", "="));
      i = next;
    } else if (GLUED_AFTER_ARTICLE.has(word) && previous !== undefined) {
      joined[joined.length - 1] = previous.includes("=") ? `${previous}TN` : `${previous}din`;
    } else if (!TITLES.has(word) && !PARTICLES.has(word)) {
      joined.push(plainForm(word));
    }
  }
  return joined.slice(0, MAX_WORDS);
}

const ABD = /^(?:abd|abdu|abdo|abdal|abdel|abdul|abdol|abdoul|abdil|abdur|abdar|abder|abdus|abdas|abdes)$/;

/** Where the next word is that is no article. */
function nextBearing(words: readonly string[], from: number): number | undefined {
  const word = words[from];
  if (word === undefined) return undefined;
  return ARTICLES.has(word) ? nextBearing(words, from + 1) : from;
}

const ARTICLES = new Set(["al", "el", "ul", "ol", "il", "ar", "er", "ur", "as", "es", "us", "az", "ad", "ed", "at"]);

/** "abdurrahman", "abdul-rahman" and "abdirahman" alike; "noureddine" as "nour al-din"; "mohd" written out. */
function plainForm(word: string): string {
  const whole = WHOLE_WORDS.get(word);
  if (whole !== undefined) return whole;
  const abd = /^abd(?:[aeiou]{1,2})?(?:l(?=[^l=]|l[aeiou])|r(?=r)|s(?=s)|z(?=z))?([a-z]{3,})$/.exec(word);
  if (abd) return `abd${abd[1]}`;
  if (/^m[ou]?h(?:am)?m?d?$/.test(word)) return "muhammad";
  return SPELLINGS.reduce((text, [from, to]) => text.replace(from, to), word);
}

/** Endings and clusters that languages write differently for the same sound: Arabic, then Slavic. */
const SPELLINGS: readonly [RegExp, string][] = [
  [/^([a-z]{3,}?)(?:[aeiou]{1,2}l?)?d+(?:ee|i)ne?$/, "$1din"],
  [/tsch|tch/g, "ch"],
  [/(?<=[^aeiouy])(?:ow|off)$/, "ov"],
  [/vic$/, "vich"],
  [/(?<=[^aeiouy])(?:ij|iy|ii|yi|yj)$/, "i"],
];

const nameWord = remembered((reading: string): NameWord => {
  const skeletons = skeletonsOf(reading) as NameWord["skeletons"];
  if (reading.includes("=")) return { text: reading, spelt: false, skeletons };
  return { text: reading.replace(/[CSJXZHVQW2]/g, (letter) => LATIN[letter] as string), spelt: true, skeletons };
});

/** How the capitals of a reading are spelt in English. */
const LATIN: Readonly<Record<string, string>> = {
  C: "ch",
  S: "sh",
  J: "j",
  X: "kh",
  Z: "ts",
  H: "h",
  V: "v",
  Q: "d",
  W: "sh",
  "2": "t",
};
