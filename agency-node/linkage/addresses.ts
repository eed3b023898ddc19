/** Postal addresses as house number, street and place: enough to compare, too little to deliver. */
import { asciiWords } from "./names.ts";
import { plainText } from "./plain-text.ts";
import { skeletonOf } from "./skeleton.ts";

export type Address = { readonly number: string; readonly street: string; readonly place: string };

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

const STREET_KINDS = words(
  "street st road rd avenue ave av lane ln drive dr place pl court ct crescent cres cr close circuit cct square sq " +
    "boulevard blvd bd way highway hwy terrace tce parade pde rue calle via viale strasse str weg platz ulitsa ul " +
    "prospekt pr pereulok per cadde caddesi cad sokak sk shari sharia jalan jl",
);

/** "Pridhamstreet": a kind of street that lost the space before it. */
const GLUED_KIND = /(?<=[a-z]{3})(?:street|road|avenue|lane|drive|place|court|crescent|circuit|close|square|terrace)$/;

const FILLERS = words(
  "no number flat apartment apt unit room floor house block building bldg villa near behind the of de la du des del al el",
);

/** Undefined where there is no house number, street and place to be told apart. */
export function addressOf(text: string): Address | undefined {
  const segments = segmentsOf(text);
  const at = streetSegment(segments);
  const street = streetOf(segments[at] ?? []);
  const number = segments.flat().find(isHouse);
  if (street === "" || number === undefined) return undefined;
  const rest = segments.filter((_, i) => i !== at);
  const place = rest.flat().findLast(isPostcode) ?? rest.map(streetOf).findLast((key) => key !== "");
  return place === undefined || place === number ? undefined : { number, street, place };
}

export type AddressKeys = {
  /** "" where there is none. */
  readonly house: string;
  readonly streets: readonly string[];
  /** Postcode and town or suburb, each alone, because either may be wrong. */
  readonly areas: readonly string[];
};

/** Shorter keys are shared by too many streets and places. */
const LEAST_KEY = 3;

export function addressKeysOf(text: string): AddressKeys {
  const segments = segmentsOf(text);
  const at = streetSegment(segments);
  const street = streetOf(segments[at] ?? []);
  const rest = segments.filter((_, i) => i !== at);
  const house = (segments[at] ?? []).find(isHouse) ?? segments[0]?.find(isHouse) ?? "";
  const postcode = rest.flat().findLast(isPostcode) ?? "";
  const place = rest.map(placeOf).findLast((key) => key.length >= LEAST_KEY) ?? "";
  return {
    house,
    streets: street.length < LEAST_KEY ? [] : [street],
    areas: [postcode, place].filter((key) => key.length >= LEAST_KEY),
  };
}

const isHouse = (word: string) => /^\d{1,5}[a-z]?$/.test(word);

const isPostcode = (word: string) => /^\d{4,6}$/.test(word);

function segmentsOf(text: string): string[][] {
  return plainText(text)
    .slice(0, 256)
    .split(/[,;\n]/)
    .map(asciiWords)
    .filter((words) => words.length > 0);
}

/** The part that names a kind of street, else the first with a house number. */
function streetSegment(segments: readonly (readonly string[])[]): number {
  const named = segments.findIndex((words) => words.some((word) => STREET_KINDS.has(word)) && streetOf(words) !== "");
  if (named >= 0) return named;
  return segments.findIndex((words) => words.some(isHouse) && streetOf(words) !== "");
}

/** As a street, but an abbreviated state or country is no place. */
function placeOf(words: readonly string[]): string {
  return streetOf(words.filter((word) => word.length > 3));
}

/** Skeleton of the longest word that is not a kind of street. */
function streetOf(words: readonly string[]): string {
  const names = words
    .map((word) => word.replace(GLUED_KIND, ""))
    .filter((word) => /^[a-z]{3,}$/.test(word) && !STREET_KINDS.has(word) && !FILLERS.has(word));
  return skeletonOf(names.reduce((longest, word) => (word.length > longest.length ? word : longest), ""));
}
