/**
 * What a program tells the web kit of itself: the port between them. The kit knows who has signed in, and how pages are framed, guarded and
 * kept up to date; what they show, who may see them and what forms do is the site's.
 */
import type { Act } from "./act.ts";
import type { Content } from "./html.ts";
import type { View } from "./page.ts";
import type { Membership } from "./session/people.ts";
import { say } from "../words/say.ts";

/** Texts are asked for whenever they are drawn, in the language of that moment: a getter says them anew. */
export type Site = Membership & {
  /**
   * Before each event in the log, and, by the word for it in the catalogue (`noun.`), in the kit's texts: one lower-case word, such as
   * "console". Never changes.
   */
  readonly noun: string;
  /** Of the session's cookie. Cookies know no ports: two sites on one machine need two names. */
  readonly cookie: string;
  readonly product: string;
  /** Stands beside the product: of the federation, or of the unit. Others chose it. */
  name(): string;
  /** Of the program; shown to those who have signed in. */
  version(): string;
  /** What stands over every page, such as that all data is invented; undefined if nothing does. */
  band?(): Band | undefined;
  /** The kit adds the account's. The first is where everybody begins. */
  readonly sections: readonly Section[];
  /** By their paths, which may have parts such as `:member`. */
  readonly pages: readonly (readonly [path: string, view: View])[];
  readonly acts: readonly (readonly [path: string, act: Act])[];
  /** What is said once after something was done, by the word for it in `?done=`. */
  readonly done: Readonly<Record<string, string>>;
  /** For the foot of every page: what the site is, and what is to be known of its data. */
  readonly footer: { readonly about: Content; readonly data: string };
  /** How somebody gets a one-time code, for those who have not signed in. */
  readonly codeHelp: Content;
  /** How people gain and lose access, for those who see everybody's. */
  readonly accessHelp: Content;
  /**
   * Calls `listener` soon after anything on a page, or who is in good standing, has changed; bursts may be one call. Returns what ends it.
   * The listener returns at once and never throws.
   */
  onChange(listener: () => void): () => void;
};

export type Section = { readonly id: string; readonly path: string; readonly title: string };

export type Band = { readonly text: string; readonly grave: boolean };

export const ACCOUNT: Section = {
  id: "account",
  path: "/account",
  get title() {
    return say("account.title");
  },
};

/** In the order of the navigation. */
export function sectionsOf({ sections }: Pick<Site, "sections">): readonly Section[] {
  return [...sections, ACCOUNT];
}
