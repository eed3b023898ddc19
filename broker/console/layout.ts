/** What stands around every page. The header is GOV.UK Frontend's neutral one: this is nobody's government service. */
import { html } from "hono/html";
import type { Assets } from "./assets.ts";
import { SECTIONS } from "./page.ts";
import type { Section } from "./page.ts";
import { instant, named, nothing } from "./parts.ts";
import type { Content, Html } from "./parts.ts";
import type { Person } from "./session/people.ts";

export type Frame = {
  readonly assets: Assets;
  readonly federation: string;
  readonly version: string;
  /** Undefined for those who have not signed in. */
  readonly person?: Person | undefined;
};

export type Framed = {
  /** Of the window. */
  readonly title: string;
  /** On the page, where it is not the title. */
  readonly heading?: string | undefined;
  readonly section?: Section | undefined;
  readonly body: Content;
  /** Before the heading: errors, or what has just been done. */
  readonly above?: Content | undefined;
  /** For pages that can be watched: when this was drawn, and the address that sends it again as it changes. */
  readonly watched?: { readonly asOfMs: number; readonly path: string } | undefined;
};

export function layout(frame: Frame, page: Framed): Html {
  const { assets, federation } = frame;
  const title = `${page.title} – ${federation} – Causeway`;
  const { watched } = page;
  return html`<!doctype html>
    <html lang="en" class="govuk-template">
      <head>
        <meta charset="utf-8" />
        <title>${title}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <link rel="icon" href="${assets.path("icon.svg")}" type="image/svg+xml" />
        <link rel="stylesheet" href="${assets.path("govuk-frontend.min.css")}" />
        <link rel="stylesheet" href="${assets.path("console.css")}" />
        <script src="${assets.path("simplewebauthn.js")}" defer></script>
        <script type="module" src="${assets.path("console.js")}"></script>
      </head>
      <body class="govuk-template__body">
        <script src="${assets.path("js-enabled.js")}"></script>
        <a href="#main-content" class="govuk-skip-link" data-module="govuk-skip-link">Skip to main content</a>
        ${header(frame, page.section)}
        <div class="govuk-width-container">
          <main
            class="govuk-main-wrapper"
            id="main-content"
            ${watched === undefined ? nothing : html`data-watch="${watched.path}"`}
          >
            ${page.above ?? nothing}
            <h1 class="govuk-heading-l">${page.heading ?? page.title}</h1>
            ${watched === undefined ? nothing : asOf(watched.asOfMs)} ${page.body}
          </main>
        </div>
        ${footer(frame)}
        <div id="announcer" class="govuk-visually-hidden" role="status"></div>
      </body>
    </html>`;
}

function asOf(ms: number): Html {
  return html`<p class="govuk-body as-of">
    <span id="as-of">As of ${instant(ms)}</span> <span id="live-state" role="status"></span>
  </p>`;
}

function header({ federation, person }: Frame, section: Section | undefined): Html {
  return html`<header class="govuk-template__header">
    <div class="govuk-generic-header">
      <div class="govuk-width-container console-header">
        <div>
          <a href="/" class="govuk-generic-header__homepage-link"
            >Causeway <span class="console-header__federation">${named(federation)}</span></a
          >
        </div>
        ${person === undefined ? nothing : who(person)}
      </div>
    </div>
    ${person === undefined ? nothing : navigation(section)}
  </header>`;
}

function who({ name, role }: Person): Html {
  return html`<form method="post" action="/sign-out" class="console-header__who">
    <span>${named(name)}, ${role}</span>
    <button type="submit" class="link-button">Sign out</button>
  </form>`;
}

function navigation(section: Section | undefined): Html {
  const item = ([id, href, title]: (typeof SECTIONS)[number]): Html => {
    const here = id === section;
    const text = here ? html`<strong class="govuk-service-navigation__active-fallback">${title}</strong>` : title;
    return html`<li class="govuk-service-navigation__item ${here ? "govuk-service-navigation__item--active" : ""}">
      <a class="govuk-service-navigation__link" href="${href}" ${here ? html`aria-current="true"` : nothing}>${text}</a>
    </li>`;
  };
  return html`<div class="govuk-service-navigation" data-module="govuk-service-navigation">
    <div class="govuk-width-container">
      <div class="govuk-service-navigation__container">
        <nav aria-label="Menu" class="govuk-service-navigation__wrapper">
          <button
            type="button"
            class="govuk-service-navigation__toggle govuk-js-service-navigation-toggle"
            aria-controls="navigation"
            hidden
            aria-hidden="true"
          >
            Menu
          </button>
          <ul class="govuk-service-navigation__list" id="navigation">
            ${SECTIONS.map(item)}
          </ul>
        </nav>
      </div>
    </div>
  </div>`;
}

function footer({ version, person }: Frame): Html {
  // Strangers need not know what to look for faults in.
  const product = person === undefined ? "Causeway" : `Causeway ${version}`;
  return html`<footer class="govuk-template__footer console-footer">
    <div class="govuk-width-container">
      <p class="govuk-body">
        This console shows, and decides nothing: directives are signed by administrators on their own machines. In
        commands, DIR is your own directory, REGISTRAR the registrar’s, and HOST:PORT where newcomers reach the broker.
      </p>
      <p class="govuk-body">${product}. All times are UTC. Tokens are pseudonymous: they remain personal data.</p>
    </div>
  </footer>`;
}
