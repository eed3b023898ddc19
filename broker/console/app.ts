/** The console's addresses, and what a request passes before a page answers it. */
import { Hono } from "hono";
import type { Context, MiddlewareHandler } from "hono";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { Clock } from "../../shared/world/clock.ts";
import type { Log } from "../../shared/world/log.ts";
import { acknowledgeRoute } from "./acknowledge.ts";
import { askedOf } from "./asked.ts";
import type { Assets } from "./assets.ts";
import type { ConsoleData } from "./console-data.ts";
import type { ConsoleEnvironment } from "./environment.ts";
import { headers, limitedBody, ownName, ownPages } from "./guards.ts";
import { layout } from "./layout.ts";
import type { Framed } from "./layout.ts";
import type { Live } from "./live.ts";
import type { Page, View } from "./page.ts";
import { accountPage } from "./pages/account.ts";
import { alarmPage } from "./pages/alarm.ts";
import { alarmsPage } from "./pages/alarms.ts";
import { budgetsPage } from "./pages/budgets.ts";
import { directivePage } from "./pages/directive.ts";
import { directivesPage } from "./pages/directives.ts";
import { epochPage } from "./pages/epoch.ts";
import { epochsPage } from "./pages/epochs.ts";
import { joiningPage } from "./pages/joining.ts";
import { memberPage } from "./pages/member.ts";
import { membersPage } from "./pages/members.ts";
import { overviewPage } from "./pages/overview.ts";
import { proposalPage } from "./pages/proposal.ts";
import { proposalsPage } from "./pages/proposals.ts";
import { link, paragraph, success } from "./parts.ts";
import type { Content, Html } from "./parts.ts";
import { ownSessionRoutes, peopleRoutes, publicSessionRoutes } from "./session/routes.ts";
import type { SessionParts } from "./session/routes.ts";

export type AppParts = Omit<SessionParts, "frame"> & {
  readonly origin: string;
  readonly data: ConsoleData;
  readonly assets: Assets;
  readonly live: Live;
  readonly clock: Clock;
  readonly log: Log;
};

type Request = Context<ConsoleEnvironment>;

/** What may stand after `?done=`: said once, after something was done. */
const DONE: Readonly<Record<string, string>> = {
  acknowledged: "The alarm is acknowledged.",
  "passkey-added": "The passkey is added. You can sign in with it from now on.",
  "passkey-removed": "The passkey is removed.",
  "session-ended": "The session has ended.",
  "sessions-ended": "The sessions have ended.",
  "auditor-removed": "The auditor has no access any more.",
};

export function consoleApp(parts: AppParts): Hono<ConsoleEnvironment> {
  const { origin, assets, log } = parts;
  const app = new Hono<ConsoleEnvironment>();
  app.use(headers(origin), ownName(origin), ownPages(origin), limitedBody);
  app.get("/assets/:version/:name", (c) => {
    const asset = assets.find(c.req.param("version"), c.req.param("name"));
    if (asset === undefined) return c.notFound();
    c.header("Content-Type", asset.type);
    c.header("Cache-Control", "public, max-age=31536000, immutable");
    return c.body(asset.content);
  });
  const frame = (page: Framed): Html => framed(parts, undefined, page);
  app.route("/", publicSessionRoutes({ ...parts, frame }));
  app.use(signedInOnly(parts));
  for (const [path, view] of views(parts)) app.get(path, (c) => answer(parts, c, view));
  app.route("/", ownSessionRoutes({ ...parts, frame }));
  app.route("/", peopleRoutes({ ...parts, frame }));
  app.post(
    "/alarms/:alarm/acknowledge",
    acknowledgeRoute(parts, (c, page) => c.html(pageOf(parts, c, page), 422)),
  );
  app.notFound((c) =>
    c.html(
      notice(parts, c, "Page not found", ["Check the address, or ", link("/", "begin at the overview"), "."]),
      404,
    ),
  );
  app.onError((error, c) => {
    log.error("console.failed", error, { path: c.req.routePath });
    const text = isCausewayError(error, "UNAVAILABLE")
      ? "Try again in a minute."
      : "It has been logged. Try again later.";
    return c.html(notice(parts, c, "Sorry, something went wrong", text), 500);
  });
  return app;
}

function views(parts: AppParts): readonly (readonly [string, View])[] {
  return [
    ["/", overviewPage],
    ["/members", membersPage],
    ["/members/:member", memberPage],
    ["/joining", joiningPage],
    ["/proposals", proposalsPage],
    ["/proposals/:digest", proposalPage],
    ["/epochs", epochsPage],
    ["/epochs/:epoch", epochPage],
    ["/budgets", budgetsPage],
    ["/alarms", alarmsPage],
    ["/alarms/:alarm", (asked) => alarmPage(asked)],
    ["/directives", directivesPage],
    ["/directives/:number", directivePage],
    ["/account", (asked) => accountPage(parts, asked)],
  ];
}

/** Sends those who have no session to the sign-in page; scripts and streams are told so by the status alone. */
function signedInOnly({ sessions, cookie }: AppParts): MiddlewareHandler<ConsoleEnvironment> {
  return async (c, next) => {
    const token = cookie.read(c);
    const signedIn = token === undefined ? undefined : sessions.use(token);
    if (signedIn !== undefined) {
      c.set("signedIn", signedIn);
      return await next();
    }
    if (wantsStream(c) || c.req.header("content-type") === "application/json") {
      return c.json({ problem: "Your session has ended. Sign in again." }, 401);
    }
    return c.redirect(token === undefined ? "/sign-in" : "/sign-in?ended", 303);
  };
}

/** The page, or, for whoever asks for a stream of events, the page as it changes. */
function answer(parts: AppParts, c: Request, view: View): Response | Promise<Response> {
  c.header("Vary", "Accept");
  const page = view(askedOf(parts, c));
  if (page === undefined) return c.notFound();
  if (!wantsStream(c)) return c.html(pageOf(parts, c, page));
  return parts.live.stream(c, async () => {
    const drawn = view(askedOf(parts, c));
    return drawn === undefined ? undefined : String(await drawn.body);
  });
}

function pageOf(parts: AppParts, c: Request, { title, section, body, errors, path }: Page): Html {
  const done = DONE[c.req.query("done") ?? ""];
  const above = errors ?? (done === undefined ? undefined : success(done));
  const windowTitle = errors === undefined ? title : `Error: ${title}`;
  const watched = { asOfMs: parts.clock(), path: path ?? c.req.path + new URL(c.req.url).search };
  return framed(parts, c, { title: windowTitle, heading: title, section, body, above, watched });
}

function notice(parts: AppParts, c: Request, title: string, text: Content): Html {
  return framed(parts, c, { title, body: paragraph(text) });
}

function framed({ assets, data }: AppParts, c: Request | undefined, page: Framed): Html {
  const federation = data.chain().federation.found.name;
  // Not there for pages before the sign-in.
  const person = (c?.var as Partial<ConsoleEnvironment["Variables"]> | undefined)?.signedIn?.person;
  return layout({ assets, federation, version: data.status().version, person }, page);
}

function wantsStream(c: Request): boolean {
  return c.req.header("accept") === "text/event-stream";
}
