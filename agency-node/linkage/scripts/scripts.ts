/** The scripts that names are read in: how to find a word of each, and how it reads (`letters.ts`). */
import anyAscii from "any-ascii";
import { readArabic } from "./arabic.ts";
import { readCyrillic } from "./cyrillic.ts";
import { readEthiopic } from "./ethiopic.ts";
import { readGreek } from "./greek.ts";
import { readHebrew } from "./hebrew.ts";
import { readLatin, readSomali } from "./latin.ts";

export type Script = {
  readonly letter: RegExp;
  /** Every word of the script; global. */
  readonly letters: RegExp;
  /** The readings of the words of one name, lower case and composed. */
  readonly read: (words: readonly string[]) => readonly string[];
};

const withoutMarks = (word: string) => word.replace(/\p{M}/gu, "");

/** Without the accents of Greek, but with the letters that Cyrillic composes (й, ё). */
const withoutAccents = (word: string) => withoutMarks(word.normalize("NFD"));

/** Small ASCII letters, and the capitals of a reading. */
function plainLetters(reading: string): string {
  if (/^[a-zA-Z]*$/.test(reading)) return reading;
  const parts = [...reading].map((letter) => (/[a-zA-Z]/.test(letter) ? letter : anyAscii(letter).toLowerCase()));
  return parts.join("").replace(/[^a-zA-Z]/g, "");
}

const plainLatin = (word: string) => plainLetters(readLatin(word));

/** Latin first. */
export const SCRIPTS: readonly [Script, ...Script[]] = [
  { ...script("Latin", plainLatin), read: (words) => readSomali(words.map(plainLatin)) },
  script("Arabic", (word) => readArabic(withoutMarks(word))),
  script("Cyrillic", (word) => readCyrillic(withoutMarks(word))),
  script("Hebrew", (word) => readHebrew(withoutMarks(word))),
  script("Greek", (word) => readGreek(withoutAccents(word))),
  script("Ethiopic", readEthiopic),
  // Alphabets that transliterate letter by letter, and Chinese characters by their commonest reading.
  script("Georgian", (word) => plainLetters(anyAscii(word).toLowerCase())),
  script("Armenian", (word) => plainLetters(anyAscii(word).toLowerCase())),
  script("Han", (word) => plainLetters(anyAscii(word).toLowerCase())),
];

function script(name: string, read: (word: string) => string): Script {
  const letters = `[\\p{Script=${name}}\\p{M}\\p{Lm}]*\\p{Script=${name}}[\\p{Script=${name}}\\p{M}\\p{Lm}]*`;
  return {
    letter: new RegExp(`(?=\\p{L})\\p{Script=${name}}`, "u"),
    letters: new RegExp(letters, "gu"),
    read: (words) => words.map(read),
  };
}
