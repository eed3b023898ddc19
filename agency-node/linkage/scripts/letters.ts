/**
 * What a script's table says of each letter: a reading.
 *
 * A reading is Latin small letters, which still go through the spelling rules of `skeleton.ts`, and capitals for sounds
 * about which the script leaves no doubt: `C` ch, `S` sh, `J` zh or English j, `X` kh, `Z` ts, `H` h that is spoken, `V` v,
 * `Q` the đ that is d in Vietnam and j in Serbia, `W` the щ that is shch in Russia and sht in Bulgaria.
 * After `=` stands what a vowel-poor script settles entirely, in the classes of a skeleton (K S T P F L M N R), with `a`
 * for any vowel, `h`, and digits for letters that stand for several classes (`OPEN` in `skeleton.ts`).
 */
export type LetterTable = ReadonlyMap<string, string>;

/** Rows of `letter=reading`, with spaces between; two letters that are one sound may stand before the `=`. */
export function letterTable(rows: string): LetterTable {
  return new Map(
    rows
      .trim()
      .split(/\s+/)
      .map((row) => {
        const [letter, reading] = row.split("=");
        return [letter as string, reading ?? ""];
      }),
  );
}

/** The reading of `word`, two-letter entries first; letters that the table lacks are silent. */
export function readLetters(word: string, table: LetterTable): string {
  let reading = "";
  const letters = [...word];
  for (let i = 0; i < letters.length; i += 1) {
    const two = table.get(`${letters[i]}${letters[i + 1] ?? ""}`);
    if (two !== undefined && i + 1 < letters.length) {
      reading += two;
      i += 1;
    } else reading += table.get(letters[i] as string) ?? "";
  }
  return reading;
}
