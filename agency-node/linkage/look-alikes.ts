/**
 * Words that mix Latin, Cyrillic or Greek letters which look alike: forgers write so, and scanners do. Each word is read as the one
 * alphabet that all its letters can be of; where none is, it stands as it is. Known limit: a word all of whose letters were exchanged
 * mixes nothing, and is read as what it is.
 *
 * Source: own table, of the letters in UTS 39 (confusables) that are alike in common type faces.
 */

const PAIRS = {
  Cyrillic: "АA ВB ЕE КK МM НH ОO РP СC ТT УY ХX ІI ЈJ ЅS ԚQ ԜW ҺH аa еe ёë оo рp сc уy хx кk іi їï јj ѕs һh ԁd ԛq ԝw",
  Greek: "ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX αa γy ιi κk νv οo ρp υu χx",
} as const;

const pairsOf = (alphabet: keyof typeof PAIRS): [string, string][] =>
  PAIRS[alphabet].split(" ").map((pair) => pair.split("") as [string, string]);

const TO_LATIN = new Map([...pairsOf("Cyrillic"), ...pairsOf("Greek")]);
const fromLatin = (alphabet: keyof typeof PAIRS) => new Map(pairsOf(alphabet).map(([own, latin]) => [latin, own]));

const ALPHABETS: readonly { readonly own: RegExp; readonly from: ReadonlyMap<string, string> }[] = [
  { own: /\p{Script=Latin}/u, from: TO_LATIN },
  { own: /\p{Script=Cyrillic}/u, from: fromLatin("Cyrillic") },
  { own: /\p{Script=Greek}/u, from: fromLatin("Greek") },
];
const LATIN = ALPHABETS[0] as (typeof ALPHABETS)[number];

const WORDS = /\p{L}[\p{L}\p{M}]*/gu;

/** Whether a word of `text`, plain, has letters of two of the alphabets. */
export function mixesAlphabets(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return !/^[\x00-\u024f]*$/.test(text) && (text.match(WORDS) ?? []).some(isMixed);
}

/** The readings of a plain text whose mixed words are each of one alphabet; the text itself where there are none. */
export function unmixed(text: string): string[] {
  if (!mixesAlphabets(text)) return [text];
  const readings = ALPHABETS.map((alphabet) => readAs(text, alphabet)).filter((reading) => reading !== text);
  return readings.length === 0 ? [text] : [...new Set(readings)];
}

/** With those mixed words in Latin letters that can be. */
export function unmixedLatin(text: string): string {
  return mixesAlphabets(text) ? readAs(text, LATIN) : text;
}

/** A capital letter as the Latin one that it looks like, else as it is: plates and documents use just these. */
export function latinLookAlike(capital: string): string {
  return TO_LATIN.get(capital) ?? capital;
}

function isMixed(word: string): boolean {
  return ALPHABETS.filter(({ own }) => own.test(word)).length > 1;
}

function readAs(text: string, { own, from }: (typeof ALPHABETS)[number]): string {
  return text.replace(WORDS, (word) => {
    if (!isMixed(word)) return word;
    const read = [...word].map((letter) => (own.test(letter) || /\p{M}/u.test(letter) ? letter : from.get(letter)));
    return read.includes(undefined) ? word : read.join("");
  });
}
