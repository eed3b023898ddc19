/**
 * Languages. English is complete and gives keys their types; any other is data, one file `languages/NAME.json` with the locale and, by
 * key, ICU messages with the arguments that the English ones have: `{"locale": "de-DE", "messages": {"fact.reason": "Grund"}}`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CausewayError } from "../core/errors.ts";
import { english } from "./english.ts";

export type Key = keyof typeof english;

export type Language = {
  /** BCP 47, such as "en-GB". */
  readonly locale: string;
  /** What is missing is said in English. */
  readonly messages: Readonly<Partial<Record<Key, string>>>;
};

export const ENGLISH: Language = { locale: "en-GB", messages: english };

const LANGUAGES = join(import.meta.dirname, "languages");

/** A language by the name of its file. Throws ENVIRONMENT if there is none, or it is not in the form above. */
export function languageNamed(name: string, folder = LANGUAGES): Language {
  if (name === "en") return ENGLISH;
  const path = join(folder, `${name}.json`);
  const fault = (cause?: unknown): CausewayError =>
    new CausewayError("ENVIRONMENT", `${path} is not a language's file`, { cause });
  if (!/^[A-Za-z0-9-]+$/.test(name))
    throw new CausewayError("ENVIRONMENT", "CAUSEWAY_LANGUAGE is not a language's name");
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw fault(error);
  }
  if (!isLanguage(read)) throw fault();
  return read;
}

function isLanguage(value: unknown): value is Language {
  if (typeof value !== "object" || value === null) return false;
  const { locale, messages } = value as Readonly<Record<string, unknown>>;
  const isMap = typeof messages === "object" && messages !== null;
  return typeof locale === "string" && isMap && Object.values(messages).every((each) => typeof each === "string");
}
