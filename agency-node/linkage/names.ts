/**
 * Names of persons and organisations as words that can be compared, whatever their order, spelling or particles.
 *
 * A word becomes two keys: `sound` (Double Metaphone, strong on European spelling) and `skeleton` (its consonants, with
 * those that transliterations exchange taken together, strong on Arabic, Persian and Slavic names in Latin letters).
 * Known weakness: only Latin, Cyrillic and Greek letters are read; `isReadable` is the place where scripts are added.
 */
import anyAscii from "any-ascii";
import { doubleMetaphone } from "double-metaphone";
import { COMMON_NAMES, GLUED_AFTER_ARTICLE, KUNYA_WORDS, LEGAL_FORMS, PARTICLES, TITLES } from "./name-words.ts";

export type NameWord = {
  /** Lower-case ASCII letters. */
  readonly text: string;
  readonly sound: string;
  readonly skeleton: string;
  /** Borne by so many that it says little. */
  readonly common: boolean;
};

const MAX_NAME_LENGTH = 200;
const MAX_WORDS = 10;

/** Whether `text` has letters of a script that this scheme compares. */
export function isReadable(text: string): boolean {
  return /\p{L}/u.test(readablePart(text));
}

/** `text` without the letters of other scripts: lists append the native spelling to the Latin one. */
function readablePart(text: string): string {
  return text
    .normalize("NFKC")
    .replace(/(?![\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{Lm}])[\p{L}\p{M}]+/gu, (run) =>
      /\p{L}/u.test(run) ? " " : run,
    );
}

/** Words of a person's name. Lists put several names in one text with semicolons between, and notes in brackets. */
export function personNames(text: string): NameWord[][] {
  return splitNames(text)
    .map((name) =>
      dedupe(
        joinCompounds(asciiWords(name))
          .filter((word) => word.length > 1)
          .map(nameWord),
      ),
    )
    .filter((words) => words.length > 0);
}

/** Words of an organisation's name without its legal form, in alphabetical order. */
export function organisationKey(text: string): string {
  const words = asciiWords(text.slice(0, MAX_NAME_LENGTH)).filter((word) => !LEGAL_FORMS.has(word));
  const skeletons = words.map((word) => (/\d/.test(word) ? word : skeletonOf(word))).filter((word) => word !== "");
  const key = [...new Set(skeletons)].sort().join(" ");
  return key.length >= 4 ? key : "";
}

function splitNames(text: string): string[] {
  return text
    .slice(0, MAX_NAME_LENGTH)
    .replace(/\([^)]*(?:\)|$)/g, " ")
    .split(";")
    .map((name) => inSpokenOrder(readablePart(name)));
}

/** "LAST, First" as "First LAST", so that compounds that span the comma join. */
function inSpokenOrder(name: string): string {
  const [last, first, ...others] = name.split(",");
  return first === undefined || others.length > 0 ? name : `${first} ${last}`;
}

/** Apostrophes are transliteration marks inside a word; any other sign ends it. */
export function asciiWords(text: string): string[] {
  const plain = anyAscii(
    text
      .normalize("NFKC")
      .replace(/['’‘`´ʻʼʾʿʹʺ′]/gu, "")
      .replace(/\p{M}/gu, ""),
  ).toLowerCase();
  return plain
    .replaceAll("'", "")
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "")
    .slice(0, 2 * MAX_WORDS);
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
      joined.push(plainForm(`abd${words[next]}`));
      i = next;
    } else if (KUNYA_WORDS.has(word) && next !== undefined) {
      joined.push(`abu${words[next]}`);
      i = next;
    } else if (GLUED_AFTER_ARTICLE.has(word) && previous !== undefined) {
      joined[joined.length - 1] = `${previous}din`;
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
  const abd = /^abd(?:[aeiou]{1,2})?(?:l(?=[^l]|l[aeiou])|r(?=r)|s(?=s)|z(?=z))?([a-z]{3,})$/.exec(word);
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

function nameWord(text: string): NameWord {
  const skeleton = skeletonOf(text);
  return { text, sound: soundOf(text), skeleton, common: COMMON.has(commonKey(text)) };
}

function soundOf(word: string): string {
  return doubleMetaphone(word)[0];
}

/**
 * The consonants of a word, those taken together that spellings exchange (d, t, dh, th; s, z, sh, ch; k, q, kh, gh; b, p;
 * v, w). Vowels go, and w, y and h where they only colour one; a leading vowel leaves a mark: Ali and Lee stay apart.
 */
export function skeletonOf(word: string): string {
  const single = word.replace(/[^a-z]/g, "").replace(/(.)\1+/g, "$1");
  const folded = FOLDS.reduce((text, [from, to]) => text.replace(from, to), single);
  return folded
    .replace(/^[aeiouy]+/, "A")
    .replace(/[aeiouy]/g, "")
    .toLowerCase();
}

const FOLDS: readonly [RegExp, string][] = [
  [/sch|sh|tch|ch|cz|sz/g, "s"],
  [/dzh|dj|zh|dg/g, "j"],
  [/kh|gh|ck|cq|q|x/g, "k"],
  [/ph/g, "f"],
  [/th|dh/g, "t"],
  [/c(?=[eiy])/g, "s"],
  [/c/g, "k"],
  [/g(?=[ei])/g, "j"],
  [/g/g, "k"],
  [/p/g, "b"],
  [/z/g, "s"],
  [/d/g, "t"],
  [/(?<=[^aeiouy])h|h$/g, ""],
  [/(?<=[aeiouy])w(?![aeiouy])/g, ""],
  [/v/g, "w"],
];

/** Sound and skeleton together: spellings of one common name, not every name that resembles it. */
function commonKey(text: string): string {
  const sound = soundOf(text);
  return sound.length < 3 ? text : `${sound} ${skeletonOf(text)}`;
}

const COMMON: ReadonlySet<string> = new Set(COMMON_NAMES.map((name) => commonKey(plainForm(name))));

function dedupe(words: readonly NameWord[]): NameWord[] {
  return [...new Map(words.map((word) => [word.text, word])).values()];
}
