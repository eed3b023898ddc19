/**
 * The invented person of a canary, as the files of two units would write the same person: another order of names, a middle name, a
 * document or a nationality that only one of them has. Both nodes derive the same person, and each its own side of it.
 *
 * The reserved range, so that no canary can be, or meet, anybody: letters that no orthography puts together inside every name, birth
 * years that are to come, document numbers that begin with `CWCANARY`, telephone numbers whose North American area code begins
 * with 0 (none does), and e-mail addresses under `.invalid` (RFC 2606). None of it can be seen in a token.
 */
import type { Domain } from "../../../shared/core/domain.ts";
import { lpText, u32 } from "../../../shared/core/bytes.ts";
import { blake2bKeyed } from "../../../shared/crypto/hash.ts";
import type { HashKey } from "../../../shared/crypto/hash.ts";
import type { Subject, SubjectDocument, SubjectRole } from "../../core/record.ts";
import type { CanaryPair } from "./plan.ts";

/** 0: the pair's `from`. */
export type CanarySide = 0 | 1;

/** No language puts these together. */
const RESERVED_LETTERS = "zq qz vq qv xq qx wq jq qj fq qf pq".split(" ");
const CONSONANTS = "b d f g k l m n p r s t v z".split(" ");
const VOWELS = "a e i o u".split(" ");

const FIRST_YEAR = 2061;
const YEARS = 39;

/** Any will do: what they are bound to is reserved. */
const COUNTRIES =
  "at be bg br ca co de dk eg es et fr gb ge in iq it jo ke ma mx ng nl pk pl pt ro rs se tr ua vn".split(" ");

/** What each side writes is a matter of its own file; what it writes about is the pair's. */
type Fact<T> = { readonly value: T; readonly knownTo: readonly [boolean, boolean] };

type Person = {
  readonly given: string;
  readonly middle: Fact<string>;
  readonly family: string;
  readonly birthDate: string;
  readonly birthPlace: Fact<string>;
  readonly sex: Fact<"female" | "male">;
  readonly country: Fact<string>;
  readonly document: Fact<string>;
  readonly phone: Fact<string>;
  readonly email: Fact<string>;
};

/** A whole number from 0 to below `below`. */
type Draw = (below: number) => number;

/** What this side's file says. The two meet at `probable` or better: both name the first and last names and the birth date. */
export function canarySubject(pair: CanaryPair, side: CanarySide): Subject {
  const person = personOf(drawing(pair.secret, "person"));
  const { given, family, birthDate } = person;
  const known = <T>({ value, knownTo }: Fact<T>): T[] => (knownTo[side] ? [value] : []);
  const [sex] = known(person.sex);
  return {
    kind: "person",
    names: [{ text: nameAt(side, given, known(person.middle), family), strength: "full" }],
    birthDates: [birthDate],
    birthPlaces: known(person.birthPlace),
    ...(sex === undefined ? {} : { sex }),
    countries: known(person.country),
    documents: known(person.document).map((number) => documentAt(side, number, person.country)),
    phones: known(person.phone).map((text) => ({ text })),
    emails: known(person.email),
  };
}

/** The role of the record: what the domain is for. */
export function canaryRole({ secret }: CanaryPair, domain: Domain): SubjectRole {
  const draw = drawing(secret, "role");
  if (domain === "protected") return draw(3) === 0 ? "witness" : "victim";
  return draw(5) === 0 ? "associate" : "suspect";
}

/** Shares as they are in ordinary files: nearly everybody has a sex and a nationality, a third has a number of some kind. */
function personOf(draw: Draw): Person {
  return {
    given: word(draw),
    middle: fact(draw, 30, word),
    family: word(draw),
    birthDate: birthDate(draw),
    birthPlace: fact(draw, 50, word),
    sex: fact(draw, 90, () => (draw(2) === 0 ? "female" : "male")),
    country: fact(draw, 80, () => pick(draw, COUNTRIES)),
    document: fact(draw, 40, () => `CWCANARY${digits(draw, 12)}`),
    phone: fact(draw, 40, () => `+10${digits(draw, 9)}`),
    email: fact(draw, 15, () => `${word(draw)}@${word(draw)}.invalid`),
  };
}

/** `percent`: in how many files it stands. */
function fact<T>(draw: Draw, percent: number, make: (draw: Draw) => T): Fact<T> {
  return { value: make(draw), knownTo: [draw(100) < percent, draw(100) < percent] };
}

function nameAt(side: CanarySide, given: string, middle: readonly string[], family: string): string {
  const first = [given, ...middle].join(" ");
  return side === 0 ? `${first} ${family}` : `${family.toUpperCase()}, ${first}`;
}

function documentAt(side: CanarySide, number: string, country: Fact<string>): SubjectDocument {
  const written = side === 0 ? number : `${number.slice(0, 10)} ${number.slice(10)}`;
  return { type: "passport", number: written, ...(country.knownTo[side] ? { country: country.value } : {}) };
}

/** Long, and of many consonants, because names are compared by these and canaries of different pairs are not to meet. */
function word(draw: Draw): string {
  const syllables = (count: number): string =>
    Array.from({ length: count }, () => pick(draw, CONSONANTS) + pick(draw, VOWELS)).join("");
  const start = syllables(1) + pick(draw, CONSONANTS) + pick(draw, RESERVED_LETTERS);
  const text = start + pick(draw, VOWELS) + syllables(2 + draw(3)) + pick(draw, CONSONANTS);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function birthDate(draw: Draw): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${FIRST_YEAR + draw(YEARS)}-${two(1 + draw(12))}-${two(2 + draw(27))}`;
}

function digits(draw: Draw, count: number): string {
  return Array.from({ length: count }, () => draw(10)).join("");
}

function pick<T>(draw: Draw, from: readonly T[]): T {
  return from[draw(from.length)] as T;
}

/** A sequence of numbers that is the same for whoever holds the secret. */
function drawing(secret: HashKey, purpose: string): Draw {
  let drawn = 0;
  return (below) => {
    const bytes = blake2bKeyed(16, secret, lpText("causeway/canary-draw/v1"), lpText(purpose), u32(drawn++));
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) % below;
  };
}
