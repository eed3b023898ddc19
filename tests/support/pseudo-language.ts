/**
 * An invented language, made from the English catalogue as a translator would write it: every letter of every text wears a mark, all
 * arguments stay. Whatever a program says without a mark did not come from the catalogue.
 */
import { IntlMessageFormat } from "intl-messageformat";
import { english } from "../../shared/words/english.ts";
import type { Key, Language } from "../../shared/words/language.ts";

type Elements = ReturnType<InstanceType<typeof IntlMessageFormat>["getAst"]>;
type Element = Elements[number];

/** Combining ring below: on no letter that our texts, or names in tests, have. */
const MARK = "\u0325";

const TYPE = { literal: 0, argument: 1, number: 2, date: 3, time: 4, select: 5, plural: 6, pound: 7 } as const;

export const PSEUDO: Language = {
  // A real locale, so that plural rules and dates exist.
  locale: "en-GB",
  messages: Object.fromEntries(
    Object.entries(english).map(([key, message]) => [key, withMark(printed(parsed(message), false))]),
  ) as Record<Key, string>,
};

export function parsed(message: string): Elements {
  return new IntlMessageFormat(message, "en-GB", undefined, { ignoreTag: true }).getAst();
}

/** Whether every letter of a text wears the mark, so that all of it came from the pseudo-language. */
export function isMarked(text: string): boolean {
  return [...text.matchAll(/\p{L}(.?)/gu)].every(([, next]) => next === MARK);
}

export function hasMark(text: string): boolean {
  return text.includes(MARK);
}

/** Names of the arguments of a message, those in its branches included. */
export function argumentsOf(elements: Elements): string[] {
  const names = elements.flatMap((element) => [
    ...(typeOf(element) === TYPE.literal ? [] : [valueOf(element)]),
    ...branchesOf(element).flatMap(([, value]) => argumentsOf(value)),
  ]);
  return [...new Set(names)].filter((name) => name !== "").toSorted();
}

/** The library declares an enumeration that cannot be imported where its code is not run. */
function typeOf({ type }: Element): number {
  return type;
}

/** A literal's text or an argument's name. */
function valueOf(element: Element): string {
  return "value" in element ? element.value : "";
}

/** A message that is all signs and arguments has no letter to mark. */
function withMark(message: string): string {
  return message.includes(MARK) ? message : `${message}${MARK}`;
}

function branchesOf(element: Element): [string, Elements][] {
  if (!("options" in element)) return [];
  return Object.entries(element.options).map(([name, { value }]) => [name, value]);
}

function printed(elements: Elements, inPlural: boolean): string {
  return elements.map((element) => printedElement(element, inPlural)).join("");
}

function printedElement(element: Element, inPlural: boolean): string {
  const value = valueOf(element);
  switch (typeOf(element)) {
    case TYPE.literal:
      return marked(value, inPlural);
    case TYPE.pound:
      return "#";
    case TYPE.number:
      return `{${value}, number}`;
    case TYPE.argument:
      return `{${value}}`;
    case TYPE.select:
      return `{${value}, select, ${printedBranches(element, inPlural)}}`;
    case TYPE.plural:
      return `{${value}, plural, ${printedBranches(element, true)}}`;
    default:
      throw new Error("no message of ours has such an element");
  }
}

function printedBranches(element: Element, inPlural: boolean): string {
  return branchesOf(element)
    .map(([name, value]) => `${name} {${printed(value, inPlural)}}`)
    .join(" ");
}

function marked(text: string, inPlural: boolean): string {
  const withMarks = text.replaceAll(/\p{L}/gu, (letter) => `${letter}${MARK}`).replaceAll("'", "''");
  return withMarks.replaceAll(inPlural ? /[{}#]/g : /[{}]/g, (special) => `'${special}'`);
}
