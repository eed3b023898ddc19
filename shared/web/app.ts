/** A site's addresses, and what a request passes before a page answers it. */
import { Hono } from "hono";
import { isCausewayError } from "../core/errors.ts";
import type { Act } from "./act.ts";
import type { Assets } from "./assets.ts";
import { bandPart, frame } from "./frame.ts";
import type { Framed } from "./frame.ts";
import { headers, limitedBody, ownName, ownPages } from "./guards.ts";
import { html } from "./html.ts";
import type { Content, Html } from "./html.ts";
import type { Live } from "./live.ts";
import type { Page, View } from "./page.ts";
import { accountPage } from "./pages/account.ts";
import { link, paragraph, success, worded } from "./pieces.ts";
import { askedOf, fieldsOf, wantsStream } from "./request.ts";
import type { Request, WebEnvironment } from "./request.ts";
import { ownPasskeyRoutes, ownSessionRoutes, peopleRoutes, publicSessionRoutes } from "./session/routes.ts";
import { sessionWords, signedInOnly } from "./session/routes.ts";
import type { SessionParts } from "./session/routes.ts";
import { ACCOUNT, sectionsOf } from "./site.ts";
import type { Site } from "./site.ts";
import type { Accounts } from "./store/accounts.ts";
import { siteEvents } from "./events.ts";
import { say } from "../words/say.ts";

export type AppParts = Omit<SessionParts, "frame" | "site"> & {
  readonly site: Site;
  readonly origin: string;
  readonly assets: Assets;
  readonly accounts: Accounts;
  readonly live: Live;
};

export function siteApp(parts: AppParts): Hono<WebEnvironment> {
  const { site, origin } = parts;
  const app = new Hono<WebEnvironment>();
  app.use(headers(origin), ownName(origin), ownPages(origin, site.noun), limitedBody);
  app.route("/", assetRoutes(parts));
  const sessionParts = { ...parts, frame: (page: Framed): Html => framed(parts, undefined, page) };
  app.route("/", publicSessionRoutes(sessionParts));
  app.use(signedInOnly(parts));
  for (const [path, view] of site.pages) app.get(path, (c) => answer(parts, c, view));
  app.get(ACCOUNT.path, (c) => answer(parts, c, (asked) => accountPage(parts, asked)));
  app.route("/", ownSessionRoutes(sessionParts));
  app.route("/", ownPasskeyRoutes(sessionParts));
  app.route("/", peopleRoutes(sessionParts));
  for (const [path, act] of site.acts) app.post(path, (c) => perform(parts, c, act));
  app.notFound((c) => notFound(parts, c));
  app.onError((error, c) => {
    siteEvents.failed(parts.log, error, { path: c.req.routePath });
    const text = say(isCausewayError(error, "UNAVAILABLE") ? "frame.failedForNow" : "frame.failedLogged");
    return c.html(notice(parts, c, say("frame.failed"), text), 500);
  });
  return app;
}

function assetRoutes({ assets }: AppParts): Hono<WebEnvironment> {
  const routes = new Hono<WebEnvironment>();
  routes.get("/assets/:version/:name", (c) => {
    const asset = assets.find(c.req.param("version"), c.req.param("name"));
    if (asset === undefined) return c.notFound();
    c.header("Content-Type", asset.type);
    c.header("Cache-Control", "public, max-age=31536000, immutable");
    return c.body(asset.content);
  });
  return routes;
}

/** The page, or, for whoever asks for a stream of events, the page as it changes. */
function answer(parts: AppParts, c: Request, view: View): Response | Promise<Response> {
  const { clock, live, site } = parts;
  c.header("Vary", "Accept");
  const page = view(askedOf(c, clock()));
  if (page === undefined) return c.notFound();
  if (!wantsStream(c)) return c.html(drawn(parts, c, page));
  return live.stream(c, async () => {
    const now = view(askedOf(c, clock()));
    return now === undefined ? undefined : String(await html`${bandPart(site)}${now.body}`);
  });
}

async function perform(parts: AppParts, c: Request, act: Act): Promise<Response> {
  const outcome = await act(askedOf(c, parts.clock()), await fieldsOf(c));
  switch (outcome.kind) {
    case "next":
      return c.redirect(outcome.done === undefined ? outcome.path : `${outcome.path}?done=${outcome.done}`, 303);
    case "again":
      return c.html(drawn(parts, c, outcome.page), 422);
    case "forbidden":
      return c.text(outcome.text, 403);
    case "unknown":
      return await c.notFound();
  }
}

/** A page with everything around it. */
function drawn(parts: AppParts, c: Request, { title, section, body, path, errors }: Page): Html {
  const done = doneWords(parts.site, c.req.query("done"));
  const above = errors ?? (done === undefined ? undefined : success(done));
  const windowTitle = errors === undefined ? title : say("frame.windowWithError", { title });
  const watched = { asOfMs: parts.clock(), path: path ?? c.req.path + new URL(c.req.url).search };
  return framed(parts, c, { title: windowTitle, heading: title, section, body, above, watched });
}

function doneWords(site: Site, word = ""): string | undefined {
  const words = { ...sessionWords(site), ...site.done };
  return Object.hasOwn(words, word) ? words[word] : undefined;
}

function notFound(parts: AppParts, c: Request): Response | Promise<Response> {
  const [first = ACCOUNT] = sectionsOf(parts.site);
  const begin = link(first.path, say("frame.beginAt", { section: first.title.toLowerCase() }));
  return c.html(notice(parts, c, say("frame.notFound"), worded("frame.begin", { link: begin })), 404);
}

function notice(parts: AppParts, c: Request, title: string, text: Content): Html {
  return framed(parts, c, { title, body: paragraph(text) });
}

function framed({ assets, site }: AppParts, c: Request | undefined, page: Framed): Html {
  // Not there for pages before the sign-in.
  const person = (c?.var as Partial<WebEnvironment["Variables"]> | undefined)?.signedIn?.person;
  return frame({ assets, site, person }, page);
}
