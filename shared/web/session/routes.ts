/**
 * Signing in and out, passkeys, and ending sessions. Everything that changes something is a POST; codes and answers of passkeys
 * travel in bodies, never in addresses. A refusal does not say which part of what was sent was wrong.
 */
import type { Socket } from "node:net";
import { Hono } from "hono";
import type { MiddlewareHandler } from "hono";
import { isCausewayError } from "../../core/errors.ts";
import { line } from "../../wire/checks.ts";
import type { Clock } from "../../world/clock.ts";
import type { Log } from "../../world/log.ts";
import type { Timers } from "../../world/world.ts";
import type { Framed } from "../frame.ts";
import type { Html } from "../html.ts";
import { CODE_LIFE_MS, FRESH_SESSION_MS, NAME_LENGTH_MAX } from "../limits.ts";
import { signInBody } from "../pages/sign-in.ts";
import { errorSummary } from "../pieces.ts";
import { addressOf, fieldsOf, jsonOf, wantsStream } from "../request.ts";
import type { Request, WebEnvironment } from "../request.ts";
import type { Site } from "../site.ts";
import type { SignInMethod } from "../store/accounts.ts";
import type { Codes } from "./codes.ts";
import type { SessionCookie } from "./cookie.ts";
import type { Passkeys } from "./passkeys.ts";
import { Refusals } from "./refusals.ts";
import type { People } from "./people.ts";
import type { Sessions } from "./sessions.ts";
import { siteEvents } from "../events.ts";
import { duration } from "../../words/figures.ts";
import { say, wordFor } from "../../words/say.ts";

export type SessionParts = {
  readonly site: Pick<Site, "noun" | "codeHelp">;
  readonly people: People;
  readonly sessions: Sessions;
  readonly codes: Codes;
  readonly passkeys: Passkeys;
  readonly cookie: SessionCookie;
  readonly clock: Clock;
  readonly timers: Pick<Timers, "after">;
  readonly log: Log;
  /** Somebody who has signed in speaks on this connection. */
  readonly prove: (socket: Pick<Socket, "remoteAddress" | "remotePort">) => void;
  /** Puts the site's frame around a page of somebody who has not signed in. */
  readonly frame: (page: Framed) => Html;
};

type Routes = Hono<WebEnvironment>;

/** Sends those who have no session to the sign-in page; scripts and streams are told so by the status alone. */
export function signedInOnly({
  sessions,
  cookie,
  prove,
}: Pick<SessionParts, "sessions" | "cookie" | "prove">): MiddlewareHandler<WebEnvironment> {
  return async (c, next) => {
    const token = cookie.read(c);
    const signedIn = token === undefined ? undefined : sessions.use(token);
    if (signedIn !== undefined) {
      c.set("signedIn", signedIn);
      prove(c.env.incoming.socket);
      return await next();
    }
    if (wantsStream(c) || c.req.header("content-type") === "application/json") {
      return c.json({ problem: say("signIn.sessionEnded") }, 401);
    }
    return c.redirect(token === undefined ? "/sign-in" : "/sign-in?ended", 303);
  };
}

/** For those who have not signed in. */
export function publicSessionRoutes(parts: SessionParts): Routes {
  const { codes } = parts;
  const refusals = new Refusals("code", parts);
  const routes: Routes = new Hono<WebEnvironment>();
  routes.get("/sign-in", (c) => c.html(signInPage(parts, c)));
  routes.post("/sign-in", async (c) => {
    const field = await fieldsOf(c);
    const user = codes.redeem(field("code"));
    if (user === undefined || !admit(parts, c, user, "code")) {
      await refusals.refuse(c.req.raw.signal);
      return c.html(signInPage(parts, c, say("signIn.wrongCode", { span: duration(CODE_LIFE_MS) })), 422);
    }
    return c.redirect("/", 303);
  });
  routes.route("/", passkeySignInRoutes(parts));
  return routes;
}

function passkeySignInRoutes(parts: SessionParts): Routes {
  const { site, passkeys } = parts;
  const refusals = new Refusals("passkey", parts);
  const routes: Routes = new Hono<WebEnvironment>();
  routes.post("/sign-in/passkey/options", async (c) => c.json(await passkeys.signInOptions()));
  routes.post("/sign-in/passkey", async (c) => {
    const user = await passkeys.signIn((await jsonOf(c))["answer"]);
    if (user === undefined || !admit(parts, c, user, "passkey")) {
      await refusals.refuse(c.req.raw.signal);
      return c.json({ problem: say("signIn.wrongPasskey", { noun: wordFor("noun", site.noun) }) }, 403);
    }
    return c.json({ next: "/" });
  });
  return routes;
}

function signInPage({ site, frame }: SessionParts, c: Request, problem?: string): Html {
  const above = errorSummary(problem === undefined ? [] : [{ field: "code", text: problem }]);
  const ended = c.req.query("ended") !== undefined;
  const title = say("signIn.title");
  return frame({
    title: problem === undefined ? title : say("frame.windowWithError", { title }),
    heading: title,
    above,
    body: signInBody({ problem, ended, codeHelp: site.codeHelp }),
  });
}

/** False if the user is not in good standing any more. */
function admit(
  { people, sessions, cookie, log }: SessionParts,
  c: Request,
  user: string,
  method: SignInMethod,
): boolean {
  const person = people.find(user);
  if (person === undefined) return false;
  const before = cookie.read(c);
  const old = before === undefined ? undefined : sessions.use(before);
  if (old !== undefined) sessions.end(old.session.id);
  cookie.write(c, sessions.start(user, method, addressOf(c)));
  siteEvents.signedIn(log, { method, role: person.role });
  return true;
}

/** For those who have signed in, over what is their own. */
export function ownSessionRoutes({ sessions, cookie, log }: SessionParts): Routes {
  const routes: Routes = new Hono<WebEnvironment>();
  routes.post("/sign-out", (c) => {
    sessions.end(c.var.signedIn.session.id);
    cookie.erase(c);
    return c.redirect("/sign-in", 303);
  });
  routes.post("/account/end-sessions", (c) => {
    sessions.endAllOf(c.var.signedIn.person.user);
    cookie.erase(c);
    return c.redirect("/sign-in", 303);
  });
  routes.post("/sessions/:session/end", (c) => {
    const found = sessions.find(c.req.param("session"));
    const { person } = c.var.signedIn;
    const own = found?.person.user === person.user;
    if (found === undefined || !(own || person.overOthers)) return c.notFound();
    sessions.end(found.session.id);
    siteEvents.sessionEnded(log, { own });
    return c.redirect("/account?done=session-ended", 303);
  });
  return routes;
}

/** For those who have signed in, over their own passkeys. */
export function ownPasskeyRoutes({ passkeys, clock, log }: SessionParts): Routes {
  const routes: Routes = new Hono<WebEnvironment>();
  routes.post("/account/passkeys/options", async (c) => {
    if (!isFresh(c, clock)) return c.json({ problem: say("account.signInAgain") }, 403);
    return c.json(await passkeys.addOptions(c.var.signedIn));
  });
  routes.post("/account/passkeys", async (c) => {
    if (!isFresh(c, clock)) return c.json({ problem: say("account.signInAgain") }, 403);
    const { answer, name } = await jsonOf(c);
    const parsed = line(NAME_LENGTH_MAX).safeParse(typeof name === "string" ? name.trim().normalize("NFC") : "");
    if (!parsed.success) return c.json({ problem: say("account.passkeyNameMissing") }, 422);
    try {
      await passkeys.add(c.var.signedIn, answer, parsed.data);
    } catch (error) {
      if (!isCausewayError(error)) throw error;
      siteEvents.passkeyRefused(log, { code: error.code });
      return c.json({ problem: say("account.passkeyRefused") }, 403);
    }
    siteEvents.passkeyAdded(log);
    return c.json({ next: "/account?done=passkey-added" });
  });
  routes.post("/account/passkeys/:passkey/remove", (c) => {
    if (!passkeys.remove(c.var.signedIn.person.user, c.req.param("passkey"))) return c.notFound();
    siteEvents.passkeyRemoved(log);
    return c.redirect("/account?done=passkey-removed", 303);
  });
  return routes;
}

/** For those who are over others. */
export function peopleRoutes({ people, sessions, log }: SessionParts): Routes {
  const routes: Routes = new Hono<WebEnvironment>();
  routes.post("/people/:user/end-sessions", (c) => {
    const person = people.find(c.req.param("user"));
    if (person === undefined || !c.var.signedIn.person.overOthers) return c.notFound();
    sessions.endAllOf(person.user);
    siteEvents.sessionsEnded(log, { role: person.role });
    return c.redirect("/account?done=sessions-ended", 303);
  });
  routes.post("/people/:user/remove", (c) => {
    const person = people.find(c.req.param("user"));
    if (person?.removable !== true || !c.var.signedIn.person.overOthers) return c.notFound();
    sessions.endAllOf(person.user);
    people.remove(person.user);
    siteEvents.accessRemoved(log, { role: person.role });
    return c.redirect(`/account?done=${person.role}-removed`, 303);
  });
  return routes;
}

/** What is said once on the account page after one of these. */
export function sessionWords({ roles }: Pick<Site, "roles">): Readonly<Record<string, string>> {
  const removed = Object.keys(roles).map((role) => [
    `${role}-removed`,
    say("account.accessRemoved", { role: wordFor("role", role) }),
  ]);
  return {
    "passkey-added": say("account.passkeyAdded"),
    "passkey-removed": say("account.passkeyRemoved"),
    "session-ended": say("account.sessionEnded"),
    "sessions-ended": say("account.sessionsEnded"),
    ...Object.fromEntries(removed),
  };
}

function isFresh(c: Request, clock: Clock): boolean {
  return clock() - c.var.signedIn.session.startedAtMs < FRESH_SESSION_MS;
}
