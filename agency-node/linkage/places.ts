/** Birth places as words that can be compared: towns and districts, never a country, which half a nation shares. */
import { countryOf } from "./countries.ts";
import { asciiWords } from "./names.ts";
import { plainText } from "./plain-text.ts";
import { skeletonOf } from "./skeleton.ts";

const KINDS_OF_PLACE = new Set(
  "district province state city town village governorate region oblast prefecture county area of the al el".split(" "),
);

const LEAST_KEY = 3;

/** Distinct keys of the parts of every place. */
export function placesOf(texts: readonly string[]): string[] {
  const keys = texts.flatMap((text) =>
    plainText(text)
      .slice(0, 200)
      .split(/[,;()]/)
      .filter((part) => part.trim() !== "" && countryOf(part) === undefined)
      .slice(0, 2)
      .map((part) =>
        asciiWords(part)
          .filter((word) => !KINDS_OF_PLACE.has(word))
          .map(skeletonOf)
          .join(""),
      ),
  );
  return [...new Set(keys)].filter((key) => key.length >= LEAST_KEY);
}
