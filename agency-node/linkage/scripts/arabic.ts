/**
 * Arabic script: Arabic, Persian, Urdu, Pashto and Kurdish (Sorani). Short vowels are not written, so a word reads as
 * consonants and long vowels, and only its skeleton can be compared. Own table, from the orthographies.
 */
import { letterTable, readLetters } from "./letters.ts";

const LETTERS = letterTable(`
  ا=a أ=a إ=a آ=a ٱ=a ء= ؤ= ئ= ع=a و=a ۆ=a ۇ=a ي=a ى=a ی=a ې=a ێ=a ۍ=a ے=a ە=a
  ب=P پ=P ت=T ٹ=T ط=T د=T ڈ=T ث=2 ٿ=2 ذ=2 ض=2 ظ=2 س=S ز=S ص=S ش=S چ=S تش=S ج=1 دج=S ژ=S څ=S ځ=S ښ=S ږ=S ڃ=S
  تس=E تز=E دز=E دس=E ح=h ه=h ہ=h ھ=h خ=K غ=K ق=K ك=K ک=K گ=K ګ=K ڤ=F ڨ=K ف=F ر=R ڕ=R ڑ=R ړ=R ل=L ڵ=L م=M ن=N ں=N ڼ=N
  ة= ۀ= ۃ=
`);

/** Words that carry nothing, or that belong to the next one, as the Latin spelling would be. */
const WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    عبد: "abd",
    ابو: "abu",
    أبو: "abu",
    ابی: "abu",
    أبي: "abu",
    ابي: "abu",
    أم: "umm",
    ام: "umm",
    بن: "bin",
    ابن: "ibn",
    إبن: "ibn",
    بنت: "bint",
    ولد: "ould",
    آل: "al",
    ال: "al",
    الدين: "din",
    الدین: "din",
    الشيخ: "sheikh",
    شيخ: "sheikh",
    الحاج: "haji",
    حاج: "haji",
    حاجی: "haji",
    الدكتور: "dr",
    دكتور: "dr",
    الملا: "mullah",
    ملا: "mullah",
    مولوی: "mawlawi",
    مولوي: "mawlawi",
    سيد: "said",
    السيد: "said",
  }),
);

/** The word's reading; a particle or title as Latin spells it. Marks (vowel signs, tatweel) are gone already. */
export function readArabic(word: string): string {
  const known = WORDS.get(word);
  if (known !== undefined) return known;
  const servant = /^عبدال(..+)$/u.exec(word)?.[1];
  if (servant !== undefined) return `abd=${readLetters(servant, LETTERS)}`;
  const bare = withoutArticle(word);
  return `=${bare === word ? "" : "6"}${readLetters(bare, LETTERS)}`;
}

/** "الرحمن" as "رحمن" or with its article: Latin spellings set it apart, glue it, or leave it out (`6`). */
function withoutArticle(word: string): string {
  return /^ال.../u.test(word) ? word.slice(2) : word;
}
