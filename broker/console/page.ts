/** A page of the console: the kit's, made of what the broker says. */
import type { Asked as AskedOfSite, Page as PageOfSite } from "../../shared/web/page.ts";
import type { Section } from "../../shared/web/site.ts";
import type { ConsoleData } from "./console-data.ts";
import { Names } from "../../shared/words/names.ts";

export const SECTIONS = [
  { id: "overview", path: "/", title: "Overview" },
  { id: "members", path: "/members", title: "Members" },
  { id: "joining", path: "/joining", title: "Joining" },
  { id: "proposals", path: "/proposals", title: "Proposals" },
  { id: "epochs", path: "/epochs", title: "Epochs" },
  { id: "budgets", path: "/budgets", title: "Budgets" },
  { id: "alarms", path: "/alarms", title: "Alarms" },
  { id: "directives", path: "/directives", title: "Directives" },
] as const satisfies readonly Section[];

export type Asked = AskedOfSite & { readonly data: ConsoleData; readonly names: Names };

export type Page = PageOfSite & { readonly section: (typeof SECTIONS)[number]["id"] };

/** Undefined if there is no such thing. */
export type View = (asked: Asked) => Page | undefined;

export function askedOf(asked: AskedOfSite, data: ConsoleData): Asked {
  return { ...asked, data, names: new Names(data.chain()) };
}
