/** Hebrew: vowels mostly unwritten, and bet, pe and vav stand for two sounds each. Own table. */
import { letterTable, readLetters } from "./letters.ts";

const LETTERS = letterTable(`
  א=a ב=3 ג=K ג׳=S ד=T ה=h ו=5 וו=5 ז=S ז׳=S ח=K ט=T טש=S י=a יי=a כ=K ך=K ל=L מ=M ם=M נ=N ן=N ס=S ע=a
  פ=4 ף=F צ=S צ׳=S ץ=S ץ׳=S ק=K ר=R ש=S ת=T ת׳=T
`);

const WORDS: ReadonlyMap<string, string> = new Map(Object.entries({ בן: "ben", בת: "bat", בר: "bar", אבו: "abu" }));

export function readHebrew(word: string): string {
  return WORDS.get(word) ?? `=${readLetters(word, LETTERS)}`;
}
