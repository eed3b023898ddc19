/**
 * Countries as ISO 3166-1 alpha-2, from codes, names in the library's 78 languages, names in list order ("Korea,
 * North"), and demonyms. A name that two countries bear gives the one that uses it officially.
 */
import anyAscii from "any-ascii";
import countries from "i18n-iso-countries";
import { COUNTRY_ALIASES, DEMONYMS } from "./country-names.ts";
import { plainText } from "./plain-text.ts";
import { remembered } from "./remembered.ts";

/** Words that official names add or leave out. */
const FILLERS = new Set(
  "the of and republic islamic arab state states kingdom federation former people peoples democratic federal plurinational bolivarian socialist united".split(
    " ",
  ),
);

const BY_NAME = namesOfCountries();

/** Alpha-2 code, or undefined where the text names no country. */
export const countryOf = remembered((text: string): string | undefined => {
  const trimmed = plainText(text).slice(0, 128).trim();
  if (trimmed === "") return undefined;
  if (/^[A-Za-z]{2,3}$/.test(trimmed)) {
    const code = countries.toAlpha2(trimmed.toUpperCase());
    if (code !== undefined) return code;
  }
  const bare = trimmed.replace(/\([^)]*\)/g, " ");
  return BY_NAME.get(nameKey(trimmed)) ?? BY_NAME.get(nameKey(bare)) ?? BY_NAME.get(shortKey(bare));
});

function namesOfCountries(): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const add = (key: string, code: string) => {
    if (key !== "" && !names.has(key)) names.set(key, code);
  };
  for (const [name, code] of [...Object.entries(COUNTRY_ALIASES), ...Object.entries(DEMONYMS)]) {
    add(nameKey(name), code);
  }
  const languages = ["en", ...countries.langs().sort()];
  for (const key of [nameKey, shortKey]) {
    for (const language of languages) {
      for (const [code, all] of Object.entries(countries.getNames(language, { select: "all" }))) {
        for (const name of [all].flat()) add(key(name), code);
      }
    }
  }
  return names;
}

/** The words of a name in alphabetical order: lists write "Korea, North". */
function nameKey(name: string): string {
  return wordsOf(name).sort().join(" ");
}

function shortKey(name: string): string {
  return wordsOf(name)
    .filter((word) => !FILLERS.has(word))
    .sort()
    .join(" ");
}

function wordsOf(name: string): string[] {
  const ascii = anyAscii(plainText(name).replace(/['’‘ʼ`]/gu, "")).toLowerCase();
  return ascii.split(/[^a-z]+/).filter((word) => word !== "");
}
