/** What a page is: a title and a body, made of what was asked for. Pages write nothing. */
import type { Html } from "./html.ts";
import type { SignedIn } from "./session/sessions.ts";

/** What somebody who has signed in asks for. */
export type Asked = SignedIn & {
  readonly nowMs: number;
  /** A part of the path, "" if it has none of that name. */
  readonly parameter: (name: string) => string;
  /** What stands after the question mark. */
  readonly query: (name: string) => string | undefined;
};

export type Page = {
  readonly title: string;
  /** The section of the site that it belongs to, by its id. */
  readonly section: string;
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
