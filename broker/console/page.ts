/** What a page is: a title and a body, made of what was asked for. Pages write nothing. */
import type { ConsoleData } from "./console-data.ts";
import type { Names } from "./names.ts";
import type { Html } from "./parts.ts";
import type { SignedIn } from "./session/sessions.ts";

export const SECTIONS = [
  ["overview", "/", "Overview"],
  ["members", "/members", "Members"],
  ["joining", "/joining", "Joining"],
  ["proposals", "/proposals", "Proposals"],
  ["epochs", "/epochs", "Epochs"],
  ["budgets", "/budgets", "Budgets"],
  ["alarms", "/alarms", "Alarms"],
  ["directives", "/directives", "Directives"],
  ["account", "/account", "Account"],
] as const;

export type Section = (typeof SECTIONS)[number][0];

export type Asked = SignedIn & {
  readonly data: ConsoleData;
  readonly names: Names;
  readonly nowMs: number;
  /** A part of the path, "" if it has none of that name. */
  readonly parameter: (name: string) => string;
  /** What stands after the question mark. */
  readonly query: (name: string) => string | undefined;
};

export type Page = {
  readonly title: string;
  readonly section: Section;
  readonly body: Html;
  /** Where the page is found, if what was asked for was something else. */
  readonly path?: string | undefined;
  /** What was wrong with what was sent. */
  readonly errors?: Html | undefined;
};

/** Undefined if there is no such thing. */
export type View = (asked: Asked) => Page | undefined;

/** The part of a list that is on the page that was asked for; the first for anything that is not one of its pages. */
export function pageOf<Item>(items: readonly Item[], asked: string | undefined, perPage: number) {
  const pages = Math.max(1, Math.ceil(items.length / perPage));
  const wanted = Number(asked);
  const page = Number.isInteger(wanted) && wanted >= 1 && wanted <= pages ? wanted : 1;
  return { page, pages, items: items.slice((page - 1) * perPage, page * perPage) };
}
