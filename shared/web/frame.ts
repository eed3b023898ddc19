/** What stands around every page. The header is GOV.UK Frontend's neutral one: this is nobody's government service. */
import type { Assets } from "./assets.ts";
import { html, nothing } from "./html.ts";
import type { Content, Html } from "./html.ts";
import { instant, live, named, worded } from "./pieces.ts";
import type { Person } from "./session/people.ts";
import { sectionsOf } from "./site.ts";
import type { Section, Site } from "./site.ts";
import { languageTag, say, wordFor } from "../words/say.ts";

export type Frame = {
  readonly site: Pick<Site, "product" | "name" | "version" | "sections" | "footer" | "band">;
  readonly assets: Assets;
  /** Undefined for those who have not signed in. */
  readonly person?: Person | undefined;
};

export type Framed = {
  /** Of the window. */
  readonly title: string;
  /** On the page, where it is not the title. */
  readonly heading?: string | undefined;
  /** Its id in the navigation. */
  readonly section?: string | undefined;
  readonly body: Content;
  /** Before the heading: errors, or what has just been done. */
  readonly above?: Content | undefined;
  /** For pages that can be watched: when this was drawn, and the address that sends it again as it changes. */
  readonly watched?: { readonly asOfMs: number; readonly path: string } | undefined;
};

export function frame(around: Frame, page: Framed): Html {
  const { site, assets } = around;
  const title = say("frame.window", { title: page.title, name: site.name(), product: site.product });
  const { watched } = page;
  return html`<!doctype html>
    <html lang="${languageTag()}" class="govuk-template">
      <head>
        <meta charset="utf-8" />
        <title>${title}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <link rel="icon" href="${assets.path("icon.svg")}" type="image/svg+xml" />
        <link rel="stylesheet" href="${assets.path("govuk-frontend.min.css")}" />
        <link rel="stylesheet" href="${assets.path("kit.css")}" />
        <script src="${assets.path("simplewebauthn.js")}" defer></script>
        <script type="module" src="${assets.path("kit.js")}"></script>
      </head>
      <body class="govuk-template__body" ${scriptWords()}>
        <script src="${assets.path("js-enabled.js")}"></script>
        <a href="#main-content" class="govuk-skip-link" data-module="govuk-skip-link">${say("frame.skip")}</a>
        ${header(around, page.section)}
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
        ${footer(around)}
        <div id="announcer" class="govuk-visually-hidden" role="status"></div>
      </body>
    </html>`;
}

/** What stands over every page. It is there, and empty, also where nothing does: pages that update by themselves fill it. */
export function bandPart(site: Pick<Site, "band">): Html {
  if (site.band === undefined) return nothing;
  const band = site.band();
  if (band === undefined) return live("band", nothing);
  const words = html`<p class="govuk-width-container">${band.text}</p>`;
  return live("band", html`<div class="frame-band ${band.grave ? "frame-band--grave" : ""}">${words}</div>`);
}

/** What scripts say: they find it at the page's body. */
function scriptWords(): Html {
  return html`data-copied="${say("script.copied")}" data-updates="${say("script.updates")}"
  data-lost="${say("script.lost")}" data-stopped="${say("script.stopped")}"
  data-passkey-unused="${say("script.passkeyUnused")}"`;
}

function asOf(ms: number): Html {
  return html`<p class="govuk-body as-of">
    <span id="as-of">${worded("frame.asOf", { instant: instant(ms) })}</span>
    <span id="live-state" role="status"></span>
  </p>`;
}

function header({ site, person }: Frame, section: string | undefined): Html {
  return html`<header class="govuk-template__header">
    ${bandPart(site)}
    <div class="govuk-generic-header">
      <div class="govuk-width-container frame-header">
        <div>
          <a href="/" class="govuk-generic-header__homepage-link"
            >${site.product} <span class="frame-header__name">${named(site.name())}</span></a
          >
        </div>
        ${person === undefined ? nothing : who(person)}
      </div>
    </div>
    ${person === undefined ? nothing : navigation(sectionsOf(site), section)}
  </header>`;
}

function who({ name, role }: Person): Html {
  return html`<form method="post" action="/sign-out" class="frame-header__who">
    <span>${worded("frame.person", { name: named(name), role: wordFor("role", role) })}</span>
    <button type="submit" class="link-button">${say("frame.signOut")}</button>
  </form>`;
}

function navigation(sections: readonly Section[], section: string | undefined): Html {
  const item = ({ id, path, title }: Section): Html => {
    const here = id === section;
    const text = here ? html`<strong class="govuk-service-navigation__active-fallback">${title}</strong>` : title;
    return html`<li class="govuk-service-navigation__item ${here ? "govuk-service-navigation__item--active" : ""}">
      <a class="govuk-service-navigation__link" href="${path}" ${here ? html`aria-current="true"` : nothing}>${text}</a>
    </li>`;
  };
  return html`<div class="govuk-service-navigation" data-module="govuk-service-navigation">
    <div class="govuk-width-container">
      <div class="govuk-service-navigation__container">
        <nav aria-label="${say("frame.menu")}" class="govuk-service-navigation__wrapper">
          <button
            type="button"
            class="govuk-service-navigation__toggle govuk-js-service-navigation-toggle"
            aria-controls="navigation"
            hidden
            aria-hidden="true"
          >
            ${say("frame.menu")}
          </button>
          <ul class="govuk-service-navigation__list" id="navigation">
            ${sections.map(item)}
          </ul>
        </nav>
      </div>
    </div>
  </div>`;
}

function footer({ site, person }: Frame): Html {
  // Strangers need not know what to look for faults in.
  const product =
    person === undefined ? site.product : say("frame.version", { product: site.product, version: site.version() });
  return html`<footer class="govuk-template__footer frame-footer">
    <div class="govuk-width-container">
      <p class="govuk-body">${site.footer.about}</p>
      <p class="govuk-body">${say("frame.times", { product })} ${site.footer.data}</p>
    </div>
  </footer>`;
}
