/**
 * The words of all programs. Every text that a person reads has a key, and its message in ICU MessageFormat stands in a catalogue: the
 * English one (`english.ts`) is complete and gives keys and arguments their types, other languages are data that may lack some.
 * A message is parsed when it is first said: a command that says three things does not pay for a thousand.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { IntlMessageFormat } from "intl-messageformat";
import type { GetICUArgs } from "@schummar/icu-type-parser";
import { english } from "./english.ts";
import { ENGLISH, languageNamed } from "./language.ts";
import type { Key, Language } from "./language.ts";

type English = typeof english;

/** What the message of a key needs, by name. `Piece`: what else may stand for a text, see `compose`. */
export type Args<K extends Key, Piece = never> = GetICUArgs<
  English[K],
  { ICUNumberArgument: number; ICUDateArgument: Date; ICUArgument: string | number | Piece }
>;

/** Nothing more where a message needs nothing. */
export type Given<K extends Key, Piece = never> = keyof Args<K> extends never ? [] : [args: Args<K, Piece>];

/** Keys of messages without arguments. */
type WordKey = { [K in Key]: keyof Args<K> extends never ? K : never }[Key];
/** What stands before the last dot of such keys. */
type Family = WordKey extends infer K ? (K extends `${infer Head}.${string}` ? Head : never) : never;

const spoken = new AsyncLocalStorage<Language>();
const parsed = new WeakMap<Language, Map<Key, IntlMessageFormat>>();

/** Of this process, by CAUSEWAY_LANGUAGE: the name of a file, see `language.ts`. */
let own: Language | undefined;

/** Runs `work`; it, and whatever it starts, speaks this language. Outside of any such call the process's own is spoken. */
export function speaking<Result>(language: Language, work: () => Result): Result {
  return spoken.run(language, work);
}

/** Of the language that is spoken here: for lists, numbers and dates. */
export function locale(): string {
  return language().locale;
}

/** The text of a key. */
export function say<K extends Key>(key: K, ...[args]: Given<K>): string {
  const message = language().messages[key] ?? english[key];
  return isPlain(message) ? message : String(formatOf(key).format(args as Record<string, string | number>));
}

/** The same with arguments that are not texts, such as links of a page: they come back where the language puts them. */
export function compose<K extends Key, Piece extends object>(key: K, ...[args]: Given<K, Piece>): (string | Piece)[] {
  const parts = formatOf(key).formatToParts<Piece>((args ?? {}) as Record<string, string | number | Piece>);
  return parts.map(({ value }) => value);
}

/**
 * The word of a family for a value that another program sent, such as "grade" and "strong". A value that this version does not know,
 * because the other one is newer, is shown as it came.
 */
export function wordFor(family: Family, value: string): string {
  const key = `${family}.${value}`;
  return Object.hasOwn(english, key) ? say(key as WordKey) : value;
}

/** Whether a message is its own text. Two apostrophes stand for one. */
function isPlain(message: string): boolean {
  return !message.includes("{") && !message.includes("''");
}

/** Of the language that is spoken here, as browsers name it: "en". */
export function languageTag(): string {
  return new Intl.Locale(locale()).language;
}

function language(): Language {
  return spoken.getStore() ?? (own ??= languageNamed(process.env["CAUSEWAY_LANGUAGE"] || "en"));
}

function formatOf(key: Key): IntlMessageFormat {
  const speaking = language();
  const formats = parsed.get(speaking) ?? new Map<Key, IntlMessageFormat>();
  parsed.set(speaking, formats);
  const known = formats.get(key);
  if (known !== undefined) return known;
  const translated = speaking.messages[key];
  const made = new IntlMessageFormat(
    translated ?? english[key],
    translated === undefined ? ENGLISH.locale : speaking.locale,
    undefined,
    {
      ignoreTag: true,
    },
  );
  formats.set(key, made);
  return made;
}
