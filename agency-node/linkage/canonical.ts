/**
 * One spelling for everything that is a number or an address. Every function is total over user data: it gives the
 * canonical text or the code of a problem, never throws, and never repeats the value. `words` in a problem are for the
 * officer who typed it.
 *
 * Source: E.164 (phones), ISO 13616 (IBAN), RFC 5321 and IDNA (e-mail), ISO 3779 (VIN), IMO A.1117(30), 3GPP TS 23.003.
 */
import { domainToASCII, domainToUnicode } from "node:url";
import anyAscii from "any-ascii";
import { electronicFormatIBAN, isValidIBAN } from "ibantools";
import { isSupportedCountry, parsePhoneNumberFromString } from "libphonenumber-js/max";
import { countryOf } from "./countries.ts";
import { latinLookAlike } from "./look-alikes.ts";
import { plainText } from "./plain-text.ts";

export const PROBLEMS = {
  empty: "is empty",
  form: "does not have the form of such a value",
  checksum: "has a wrong check digit",
  country: "names no country that is known",
  noCountryCode: "a phone number without country code cannot be compared",
  short: "is too short to identify anybody",
  long: "is too long",
  script: "is in a script that cannot be compared yet",
  unbound: "cannot be compared without a birth date, nationality or address",
  date: "is not a date that can be compared",
  placeholder: "looks like a placeholder",
  mixed: "mixes letters of several alphabets in one word, which look alike: see whether it was misread or disguised",
  many: "is more than is compared of this field: it and all that follow it are left out",
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

export type Canonical = { readonly value: string } | { readonly problem: ProblemCode };

/** No field of a record that names a number is longer; a longer one is a note. */
const MAX_LENGTH = 256;

/** E.164. A number without country code is read in `country`; without either only a full international number will do. */
export function canonicalPhone(text: string, country?: string): Canonical {
  if (text.length > MAX_LENGTH) return { problem: "long" };
  const trimmed = anyAscii(plainText(text)).trim().replace(/^00/, "+");
  const digits = trimmed.replace(/\D/g, "");
  if (digits.length < 6) return { problem: digits === "" ? "empty" : "short" };
  const region = countryOf(country ?? "");
  const parsed =
    parsePhone(trimmed, region) ?? (/^[1-9]\d{10,14}$/.test(digits) ? parsePhone(`+${digits}`) : undefined);
  if (parsed === undefined) return { problem: trimmed.startsWith("+") || region ? "form" : "noCountryCode" };
  return { value: parsed };
}

function parsePhone(text: string, region?: string): string | undefined {
  const code = region !== undefined && isSupportedCountry(region) ? region : undefined;
  const parsed = parsePhoneNumberFromString(text, { extract: false, ...(code && { defaultCountry: code }) });
  return parsed?.isPossible() ? parsed.number : undefined;
}

/** Lower case, domain in its ASCII form (IDNA, UTS 46), nothing else folded: providers differ in what they ignore, and change it. */
export function canonicalEmail(text: string): Canonical {
  if (text.length > MAX_LENGTH) return { problem: "long" };
  const address = plainText(text)
    .trim()
    .toLowerCase()
    .replace(/^mailto:/, "")
    .replace(/\.$/, "");
  if (address === "") return { problem: "empty" };
  const at = address.lastIndexOf("@");
  const local = address.slice(0, at);
  // The full stop of Chinese and Japanese separates labels too.
  const written = address.slice(at + 1).replaceAll("。", ".");
  // A bare number would be read as an IPv4 address.
  const domain = written.includes(".") ? domainToASCII(written) : "";
  const wellFormed =
    at > 0 && address.length <= 254 && !/[\s<>,;"]/u.test(local) && /^[^.]+(\.[^.]+)*\.[^.]*[a-z][^.]*$/.test(domain);
  return wellFormed && address.isWellFormed() ? { value: `${local}@${domain}` } : { problem: "form" };
}

export function canonicalIban(text: string): Canonical {
  const iban = electronicFormatIBAN(plainText(text).slice(0, MAX_LENGTH)) ?? "";
  if (iban === "") return { problem: "empty" };
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{10,30}$/.test(iban)) return { problem: "form" };
  return isValidIBAN(iban) ? { value: iban } : { problem: "checksum" };
}

/**
 * Letters and digits of a document number. Lists write notes around numbers ("diplomatic passport no. X 12 (expired)"):
 * what stands in brackets goes, and where whole words are left only the words that carry digits stay, with a series of
 * up to three capitals before them.
 */
export function canonicalDocument(text: string): Canonical {
  if (text.length > MAX_LENGTH) return { problem: "long" };
  const plain = latinCapitals(text.replace(/\([^)]*\)|（[^）]*）/gu, " "));
  const words = plain.split(/[\s,;:#]+/u).filter((word) => /[A-Z0-9]/.test(word));
  const noted = words.some((word) => /^[^\d]{4,}$/.test(word) || /^NO?[.°]?$/.test(word));
  const number = (noted ? numberAmongWords(words) : words).join("").replace(/[^A-Z0-9]/g, "");
  if (number === "") return { problem: words.length === 0 ? "empty" : "form" };
  return checkedNumber(number, 5);
}

function numberAmongWords(words: readonly string[]): string[] {
  return words.filter((word, i) => {
    if (/\d/.test(word)) return true;
    const next = words[i + 1];
    return /^[A-Z]{1,3}$/.test(word) && !/^(NO|NR|NUM|N)$/.test(word) && next !== undefined && /^\d/.test(next);
  });
}

/** A company or similar register's number. */
export function canonicalRegistration(text: string): Canonical {
  return text.length > MAX_LENGTH ? { problem: "long" } : checkedNumber(alphanumeric(text), 4);
}

/** A number in a named system, such as a case-management or biometric system. */
export function canonicalReference(text: string): Canonical {
  return text.length > MAX_LENGTH ? { problem: "long" } : checkedNumber(alphanumeric(text), 4);
}

function checkedNumber(number: string, least: number): Canonical {
  if (number === "") return { problem: "empty" };
  if (/^(.)\1*$/.test(number) || /^0?123456789?0?$/.test(number)) return { problem: "placeholder" };
  if (number.length < least) return { problem: "short" };
  if (number.length > 40) return { problem: "long" };
  return /\d/.test(number) ? { value: number } : { problem: "form" };
}

/** Letters that look alike in other alphabets become Latin ones; separators go. */
export function canonicalPlate(text: string): Canonical {
  const plate = alphanumeric(text.slice(0, MAX_LENGTH));
  if (plate === "") return { problem: "empty" };
  if (plate.length < 4) return { problem: "short" };
  return plate.length <= 12 && /\d/.test(plate) ? { value: plate } : { problem: "form" };
}

/** Seventeen places. I, O and Q never occur, so they are misread 1 and 0. The check digit is North American only. */
export function canonicalVin(text: string): Canonical {
  const vin = alphanumeric(text.slice(0, MAX_LENGTH)).replaceAll("I", "1").replace(/[OQ]/g, "0");
  if (vin === "") return { problem: "empty" };
  return /^[A-Z0-9]{17}$/.test(vin) && /\d{2}/.test(vin) ? { value: vin } : { problem: "form" };
}

/** Seven digits; the check digit is universal, so a wrong one is a wrong number. */
export function canonicalImo(text: string): Canonical {
  const imo = alphanumeric(text.slice(0, MAX_LENGTH)).replace(/^IMO/, "");
  if (imo === "") return { problem: "empty" };
  if (!/^\d{7}$/.test(imo)) return { problem: "form" };
  const sum = Array.from(imo.slice(0, 6), Number).reduce((total, digit, i) => total + digit * (7 - i), 0);
  return sum % 10 === Number(imo[6]) ? { value: imo } : { problem: "checksum" };
}

export function canonicalMmsi(text: string): Canonical {
  return digitsOnly(text, /^\d{9}$/);
}

export function canonicalImsi(text: string): Canonical {
  return digitsOnly(text, /^\d{14,15}$/);
}

/**
 * The first 14 digits. The fifteenth is a check digit on the label but 0 in what networks transmit, and IMEISV puts two
 * digits of software version there: all three name the same device.
 */
export function canonicalImei(text: string): Canonical {
  const canonical = digitsOnly(text, /^\d{14,16}$/);
  if ("problem" in canonical) return canonical;
  const digits = canonical.value;
  const checked = digits.length !== 15 || digits.endsWith("0") || luhn(digits);
  return checked ? { value: digits.slice(0, 14) } : { problem: "checksum" };
}

function digitsOnly(text: string, form: RegExp): Canonical {
  const digits = alphanumeric(text.slice(0, MAX_LENGTH));
  if (digits === "") return { problem: "empty" };
  if (/^(.)\1*$/.test(digits)) return { problem: "placeholder" };
  return form.test(digits) ? { value: digits } : { problem: "form" };
}

function luhn(digits: string): boolean {
  const sum = [...digits].toReversed().reduce((total, digit, i) => {
    const n = Number(digit) * (i % 2 === 0 ? 1 : 2);
    return total + (n > 9 ? n - 9 : n);
  }, 0);
  return sum % 10 === 0;
}

/** Lower-case letters and digits of a system's or platform's name, with the usual short names spelt out. */
export function canonicalPlatform(text: string): Canonical {
  const name = alphanumeric(readableHost(text.slice(0, MAX_LENGTH)))
    .toLowerCase()
    .replace(/com$/, "");
  if (name === "") return { problem: "empty" };
  return { value: PLATFORM_ALIASES[name] ?? name };
}

/** A host may be written in letters or in its ASCII form. */
function readableHost(text: string): string {
  return /\bxn--/i.test(text) ? domainToUnicode(plainText(text).trim()) || text : text;
}

const PLATFORM_ALIASES: Readonly<Record<string, string>> = {
  x: "twitter",
  fb: "facebook",
  ig: "instagram",
  insta: "instagram",
  tg: "telegram",
  telegramme: "telegram",
  vkontakte: "vk",
};

/** A host in any letters, or in its ASCII form. */
const LINK_TO_PROFILE =
  /^(?:https?:\/\/)?(?:www\.|m\.)?[\p{L}\p{M}\p{N}-]+\.(?:\p{L}{2,6}|xn--[a-z0-9-]+)\/(?:@|in\/|user\/|profile\.php\?id=)?/u;

/** The name alone, out of a link or after an @; platforms compare it without case. */
export function canonicalHandle(text: string): Canonical {
  const handle = plainText(text)
    .slice(0, MAX_LENGTH)
    .trim()
    .toLowerCase()
    .replace(LINK_TO_PROFILE, "")
    .replace(/[/?#].*$/, "")
    .replace(/^@/, "");
  if (handle === "") return { problem: "empty" };
  if (handle.length < 3) return { problem: "short" };
  return /\s/u.test(handle) || !handle.isWellFormed() ? { problem: "form" } : { value: handle };
}

export type Wallet = { readonly chain: string; readonly address: string };

/** Forms that tell the chain by themselves. Hexadecimal and bech32 ignore case; base58 does not. */
const WALLET_FORMS: readonly { chain: string; form: RegExp; caseless: boolean }[] = [
  { chain: "evm", form: /^0x[0-9a-f]{40}$/i, caseless: true },
  { chain: "bitcoin", form: /^bc1[02-9ac-hj-np-z]{11,71}$/i, caseless: true },
  { chain: "bitcoin", form: /^[13][1-9A-HJ-NP-Za-km-z]{25,34}$/, caseless: false },
  { chain: "litecoin", form: /^ltc1[02-9ac-hj-np-z]{11,71}$/i, caseless: true },
  { chain: "litecoin", form: /^[LM][1-9A-HJ-NP-Za-km-z]{26,33}$/, caseless: false },
  { chain: "tron", form: /^T[1-9A-HJ-NP-Za-km-z]{33}$/, caseless: false },
  { chain: "monero", form: /^[48][1-9A-HJ-NP-Za-km-z]{94}(?:[1-9A-HJ-NP-Za-km-z]{11})?$/, caseless: false },
  { chain: "dogecoin", form: /^D[1-9A-HJ-NP-Za-km-z]{25,33}$/, caseless: false },
  { chain: "ripple", form: /^r[1-9A-HJ-NP-Za-km-z]{24,34}$/, caseless: false },
  { chain: "cardano", form: /^addr1[02-9ac-hj-np-z]{50,100}$/i, caseless: true },
];

/** The form decides the chain; what the source calls it only where no form fits. EVM chains share their addresses. */
export function canonicalWallet(text: string, chain?: string): Wallet | { readonly problem: ProblemCode } {
  const address = plainText(text)
    .slice(0, MAX_LENGTH)
    .trim()
    .replace(/^[a-z]+:(?!\/)/i, "")
    .replace(/\?.*$/, "");
  if (address === "") return { problem: "empty" };
  const known = WALLET_FORMS.find(({ form }) => form.test(address));
  if (known !== undefined) return { chain: known.chain, address: known.caseless ? address.toLowerCase() : address };
  const named = alphanumeric(chain ?? "").toLowerCase();
  return named !== "" && /^[0-9A-Za-z]{20,120}$/.test(address) ? { chain: named, address } : { problem: "form" };
}

/** Capital Latin letters and digits of `text`; look-alikes of other alphabets first, then transliteration. */
function alphanumeric(text: string): string {
  return latinCapitals(text).replace(/[^A-Z0-9]/g, "");
}

function latinCapitals(text: string): string {
  const capitals = plainText(text).toUpperCase();
  return anyAscii([...capitals].map((letter) => latinLookAlike(letter)).join("")).toUpperCase();
}
