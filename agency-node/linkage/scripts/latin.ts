/**
 * Letters that some Latin alphabets have of their own, read as others would spell the sound: Turkish, Kurdish (Hawar),
 * Slavic, Baltic, Romanian, Hausa, Vietnamese, Nordic. What is not here loses its marks. Own table.
 */
import { letterTable } from "./letters.ts";

const LETTERS = letterTable(`
  č=C ć=C ç=C š=S ş=S ș=S ś=S ž=J ż=J ź=z ğ= ģ=g ı=i ñ=ny ń=n ţ=Z ț=Z đ=Q ð=d þ=th ə=e ø=o ł=l ř=r ß=ss æ=e œ=e
  ä=e ö=o ü=u å=o ŋ=ng ɓ=b ɗ=d ƙ=k ƴ=y ĉ=C ŝ=S ĵ=J ĝ=J ĥ=H ħ=h ċ=C ġ=J ư=u ơ=o ẍ=X ḧ=H ḥ=H ḫ=X ẖ=X ḏ=d ṭ=t ṣ=s ḍ=d ẓ=z
`);

/** Letters of `word`, lower case and composed, with those of the table read; other marks are left for transliteration. */
export function readLatin(word: string): string {
  // oxlint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(word)) return word;
  let reading = "";
  for (const letter of word) reading += LETTERS.get(letter) ?? letter;
  return readWithNeighbours(word, reading);
}

/** Letters that Turkish, Azerbaijani and Kurdish (Hawar) use otherwise than others, where a letter of their own tells. */
function readWithNeighbours(word: string, reading: string): string {
  if (/[êîû]/.test(word) && /[şxqw]/.test(word)) return reading.replaceAll("c", "J").replaceAll("x", "X");
  return /[ışğə]/.test(word) ? reading.replaceAll("c", "J") : reading;
}

/** Words that only Somali spells so: c for ayn, x for the h of Ahmed, long vowels doubled. */
const SOMALI = /^cab?d|^c(?:ali|umar|usmaan|ismaan|iise)$|[aeiou]xa?m[ae]d|^xas[ae]n$|^xus+e+n$|^faarax$|^xaaj|^axmed$/;

/** The readings of a name's Latin words, as Arabic names in Somali spelling would be read where one word shows that. */
export function readSomali(readings: readonly string[]): readonly string[] {
  if (!readings.some((reading) => SOMALI.test(reading))) return readings;
  return readings.map((reading) =>
    reading
      .replace(/c(?!h)/g, "")
      .replaceAll("x", "H")
      .replace(/([aeiou])\1/g, "$1"),
  );
}
