/** Postal addresses as house number, street and place: enough to compare, too little to deliver. */
import { asciiWords, skeletonOf } from "./names.ts";

export type Address = { readonly number: string; readonly street: string; readonly place: string };

const STREET_WORDS = new Set(
  (
    "street st road rd avenue ave av lane ln drive dr place pl court ct crescent cres cr close circuit cct square sq " +
    "boulevard blvd bd way highway hwy terrace tce parade pde rue calle via viale strasse str weg platz ulitsa ul " +
    "prospekt pr pereulok per cadde caddesi cad sokak sk shari sharia jalan jl no number flat apartment apt unit room " +
    "floor house block building bldg villa near behind the of de la du des del al el"
  ).split(" "),
);

/** Undefined where there is no house number, street and place to be told apart. */
export function addressOf(text: string): Address | undefined {
  const segments = text
    .slice(0, 256)
    .split(/[,;\n]/)
    .map(asciiWords)
    .filter((words) => words.length > 0);
  const at = segments.findIndex(
    (words) => words.some((word) => /^\d{1,5}[a-z]?$/.test(word)) && streetOf(words) !== "",
  );
  const words = segments[at];
  if (words === undefined) return undefined;
  const number = words.find((word) => /^\d{1,5}[a-z]?$/.test(word)) as string;
  const rest = segments.filter((_, i) => i !== at);
  const place = rest.flat().find((word) => /^\d{4,6}$/.test(word)) ?? rest.map(streetOf).find((key) => key !== "");
  return place === undefined ? undefined : { number, street: streetOf(words), place };
}

/** Skeleton of the longest word that is not a kind of street. */
function streetOf(words: readonly string[]): string {
  const names = words.filter((word) => /^[a-z]{3,}$/.test(word) && !STREET_WORDS.has(word));
  return skeletonOf(names.reduce((longest, word) => (word.length > longest.length ? word : longest), ""));
}
