/**
 * Ethiopic (Amharic, Tigrinya): each sign is a consonant with one of eight vowels, in the order of Unicode. Own table of
 * the consonants, one for each row of eight from U+1200.
 */
const ROWS = "H l H m s r s S k kw k kw b V t C H Hw n ny - k kw H Hw w - z J y d d J g gw g t C p z z f p".split(" ");

/** The sixth order is a bare consonant in most places. */
const VOWELS = ["e", "u", "i", "a", "e", "", "o", "wa"] as const;

const FIRST = 0x1200;

export function readEthiopic(word: string): string {
  return [...word].map(readSign).join("");
}

/** The vowel carriers' first order is spoken like the fourth. */
function readSign(sign: string): string {
  const index = (sign.codePointAt(0) as number) - FIRST;
  const row = ROWS[index >> 3];
  if (row === undefined) return "";
  const vowel = VOWELS[index & 7] as string;
  if (row === "-") return vowel === "e" && (index & 7) === 0 ? "a" : vowel;
  return row + (row === "H" && (index & 7) === 0 ? "a" : vowel);
}
