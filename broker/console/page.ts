/** A page of the console: the kit's, made of what the broker says. */
import type { Asked as AskedOfSite, Page as PageOfSite } from "../../shared/web/page.ts";
import type { Section } from "../../shared/web/site.ts";
import type { ConsoleData } from "./console-data.ts";
import { Names } from "../../shared/words/names.ts";
import { say } from "../../shared/words/say.ts";

const SECTION_IDS = [
  "overview",
  "members",
  "joining",
  "proposals",
  "epochs",
  "budgets",
  "alarms",
  "directives",
] as const;

/** Titles are said when they are drawn, in the language of that moment. */
export const SECTIONS: readonly Section[] = SECTION_IDS.map((id) => ({
  id,
  path: id === "overview" ? "/" : `/${id}`,
  get title() {
    return say(`section.${id}`);
  },
}));

export type Asked = AskedOfSite & { readonly data: ConsoleData; readonly names: Names };

export type Page = PageOfSite & { readonly section: (typeof SECTION_IDS)[number] };

/** Undefined if there is no such thing. */
export type View = (asked: Asked) => Page | undefined;

export function askedOf(asked: AskedOfSite, data: ConsoleData): Asked {
  return { ...asked, data, names: new Names(data.chain()) };
}
