/** Postal addresses as house number, street and place: enough to compare, too little to deliver. */
import { asciiWords, skeletonOf } from "./names.ts";

export type Address = { readonly number: string; readonly street: string; readonly place: string };

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

const STREET_KINDS = words(
  "street st road rd avenue ave av lane ln drive dr place pl court ct crescent cres cr close circuit cct square sq " +
    "boulevard blvd bd way highway hwy terrace tce parade pde rue calle via viale strasse str weg platz ulitsa ul " +
    "prospekt pr pereulok per cadde caddesi cad sokak sk shari sharia jalan jl",
);

const FILLERS = words(
  "no number flat apartment apt unit room floor house block building bldg villa near behind the of de la du des del al el",
);

/** Undefined where there is no house number, street and place to be told apart. */
export function addressOf(text: string): Address | undefined {
  const segments = segmentsOf(text);
  const at = streetSegment(segments);
  const street = streetOf(segments[at] ?? []);
  const number = segments.flat().find((word) => /^\d{1,5}[a-z]?$/.test(word));
  if (street === "" || number === undefined) return undefined;
  const rest = segments.filter((_, i) => i !== at);
  const place =
    rest.flat().findLast((word) => /^\d{4,6}$/.test(word)) ?? rest.map(streetOf).findLast((key) => key !== "");
  return place === undefined || place === number ? undefined : { number, street, place };
}

/** The street's key alone, or "". */
export function streetIn(text: string): string {
  const segments = segmentsOf(text);
  return streetOf(segments[streetSegment(segments)] ?? []);
}

/** The last number of four to six digits, or "". */
export function postcodeIn(text: string): string {
  return (
    segmentsOf(text)
      .flat()
      .findLast((word) => /^\d{4,6}$/.test(word)) ?? ""
  );
}

function segmentsOf(text: string): string[][] {
  return text
    .slice(0, 256)
    .split(/[,;\n]/)
    .map(asciiWords)
    .filter((words) => words.length > 0);
}

/** The part that names a kind of street, else the first with a house number. */
function streetSegment(segments: readonly (readonly string[])[]): number {
  const named = segments.findIndex((words) => words.some((word) => STREET_KINDS.has(word)) && streetOf(words) !== "");
  if (named >= 0) return named;
  return segments.findIndex((words) => words.some((word) => /^\d{1,5}[a-z]?$/.test(word)) && streetOf(words) !== "");
}

/** Skeleton of the longest word that is not a kind of street. */
function streetOf(words: readonly string[]): string {
  const names = words.filter((word) => /^[a-z]{3,}$/.test(word) && !STREET_KINDS.has(word) && !FILLERS.has(word));
  return skeletonOf(names.reduce((longest, word) => (word.length > longest.length ? word : longest), ""));
}
