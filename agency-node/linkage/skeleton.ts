/**
 * The consonants of a word, those taken together that spellings and transliterations exchange. Vowels go, because
 * vowel-poor scripts leave them out and everybody spells them differently; a leading one leaves a mark, so that Ali and
 * Lee stay apart. Where a letter may stand for two sounds ("ch" in Bach and Rachel, j in Juan and John) a word has several
 * skeletons, at most three: two words resemble each other if they share one.
 */
import { remembered } from "./remembered.ts";

/** Classes: K k g h q kh; S s z sh ch j ts; T t d th dh; P b p; F f v; and L M N R, A for a leading vowel. */
const FOLDS: readonly [RegExp, string][] = [
  [/([a-z])\1+/g, "$1"],
  [/(?<=[a-z]{3})us$/, "u8"],
  [/(?<=[aeo][iu])x$|(?<=au)l?[td]$/, ""],
  [/^rh/, "r"],
  [/^hs/, "S"],
  [/n(?=[pb])/g, "m"],
  [/(?<=.)g(?=n[aeio]|li[aeo])/g, "0"],
  [/qu(?=[aeio])/g, "K5"],
  [/shch|tsch|tch|sch|cs|zs|sh|sz|cz|tz|ts|dzh|dz|dj|zh|dg(?=e)/g, "S"],
  [/ch(?=[rl])/g, "K"],
  [/wh/g, "w"],
  [/ch/g, "7"],
  [/c(?=[eiy])/g, "S"],
  [/(?<!c)c$/, "1"],
  [/ck|cq|kh|gh|[cq]/g, "K"],
  [/ph/g, "F"],
  [/th|dh/g, "T"],
  [/^x/g, "S"],
  [/x/g, "KS"],
  [/[CSJZsz]+/g, "S"],
  [/ng$/g, "N0"],
  [/g(?=[eiy])/g, "1"],
  [/[gkX]/g, "K"],
  [/^j/, "D"],
  [/j/g, "8"],
  [/[td]/g, "T"],
  [/[bp]/g, "P"],
  [/[fvV]/g, "F"],
  [/[hH]$/g, ""],
  [/[hH]/g, "K"],
  [/^w/, "9"],
  [/w/g, "5"],
  [/^[aeiouy]+/, "A"],
  [/[aeiouy]+/g, ""],
];

/** The same for what a vowel-poor script settled: a double consonant there has an unwritten vowel between. */
const SETTLED_FOLDS: readonly [RegExp, string][] = [
  [/NP/g, "MP"],
  [/h$/, ""],
  [/h/g, "K"],
  [/^6a+/, "B"],
  [/^a+/, "A"],
  [/^5/, "9"],
  [/a+/g, ""],
];

/** What an open letter can be; the first is the likelier. */
const OPEN: Readonly<Record<string, readonly [string, string]>> = {
  "0": ["K", ""],
  "1": ["K", "S"],
  "2": ["T", "S"],
  "3": ["P", "F"],
  "4": ["P", "F"],
  "5": ["", "F"],
  "6": ["", "AL"],
  "7": ["S", "K"],
  "8": ["S", ""],
  "9": ["A", "F"],
  B: ["A", "AL"],
  D: ["S", "A"],
  E: ["S", "TS"],
  Q: ["T", "S"],
  W: ["S", "ST"],
};

const MOST = 4;

/** Skeletons of a reading (`scripts/letters.ts`), the likeliest first; [""] for a word without consonants. */
export function skeletonsOf(reading: string): readonly string[] {
  const folded = foldedOf(reading);
  if (/^[AKSTPFLMNR]*$/.test(folded)) return [folded];
  let skeletons = [""];
  for (const letter of folded) {
    const [first, second] = OPEN[letter] ?? [letter];
    const room = second !== undefined && skeletons.length * 2 <= MOST;
    skeletons = skeletons.flatMap((start) => (room ? [start + first, start + second] : [start + first]));
  }
  return [...new Set(skeletons)];
}

function foldedOf(reading: string): string {
  const [latin = "", settled] = reading.split("=");
  const folded = FOLDS.reduce((text, [from, to]) => text.replace(from, to), latin).toUpperCase();
  if (settled === undefined) return folded;
  return folded + SETTLED_FOLDS.reduce((text, [from, to]) => text.replace(from, to), settled);
}

/** The likeliest skeleton of a lower-case Latin word. */
export const skeletonOf = remembered((word: string): string => skeletonsOf(word.replace(/[^a-z]/g, ""))[0] ?? "");
