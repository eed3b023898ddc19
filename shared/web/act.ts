/** What happens when somebody who has signed in sends a form. */
import type { Asked, Page } from "./page.ts";

/** `field`: what stands in the form under a name, "" if nothing does. The browser controls every character. */
export type Act = (asked: Asked, field: (name: string) => string) => Outcome | Promise<Outcome>;

export type Outcome =
  /** Leads on to a page; `done`, one of the site's words, says there once what has happened. */
  | { readonly kind: "next"; readonly path: string; readonly done?: string }
  /** The page again, with what was wrong. */
  | { readonly kind: "again"; readonly page: Page }
  /** Not for this person. */
  | { readonly kind: "forbidden"; readonly text: string }
  /** There is no such thing. */
  | { readonly kind: "unknown" };
