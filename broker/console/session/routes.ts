/**
 * Signing in and out, passkeys, and ending sessions. Everything that changes something is a POST; codes and answers of passkeys
 * travel in bodies, never in addresses. A refusal does not say which part of what was sent was wrong.
 */
import { Hono } from "hono";
import type { Context } from "hono";
import { isCausewayError } from "../../../shared/core/errors.ts";
import type { Clock } from "../../../shared/world/clock.ts";
import type { Log } from "../../../shared/world/log.ts";
import { line } from "../../../shared/wire/checks.ts";
import { addressOf } from "../environment.ts";
import type { ConsoleEnvironment } from "../environment.ts";
import {
  CEREMONIES_PER_ADDRESS_MAX,
  FAILING_ADDRESSES_MAX,
  FAILURES_PER_ADDRESS_MAX,
  FAILURES_WINDOW_MS,
  FRESH_SESSION_MS,
  NAME_LENGTH_MAX,
} from "../limits.ts";
import type { Framed } from "../layout.ts";
import type { Html } from "../parts.ts";
import { errorSummary } from "../parts.ts";
import { SIGN_IN_TITLE, signInBody } from "../pages/sign-in.ts";
import type { Accounts, SignInMethod } from "../store/accounts.ts";
import { Attempts } from "./attempts.ts";
import type { Codes } from "./codes.ts";
import type { SessionCookie } from "./cookie.ts";
import type { Passkeys } from "./passkeys.ts";
import type { People } from "./people.ts";
import type { Sessions } from "./sessions.ts";

export type SessionParts = {
  readonly accounts: Accounts;
  readonly people: People;
  readonly sessions: Sessions;
  readonly codes: Codes;
  readonly passkeys: Passkeys;
  readonly cookie: SessionCookie;
  readonly clock: Clock;
  readonly log: Log;
  /** Puts the frame of the console around a page of somebody who has not signed in. */
  readonly frame: (page: Framed) => Html;
};

type Asked = Context<ConsoleEnvironment>;
type Routes = Hono<ConsoleEnvironment>;

const WRONG_CODE = "Enter a code that has been given to you in the last 10 minutes and not been used";
const TOO_MANY = "There were too many wrong codes from here. Wait 10 minutes, or use a passkey.";

/** For those who have not signed in. */
export function publicSessionRoutes(parts: SessionParts): Routes {
  const { clock, codes, passkeys, log } = parts;
  const window = { windowMs: FAILURES_WINDOW_MS, addressesMax: FAILING_ADDRESSES_MAX };
  const failures = new Attempts(clock, { max: FAILURES_PER_ADDRESS_MAX, ...window });
  const ceremonies = new Attempts(clock, { max: CEREMONIES_PER_ADDRESS_MAX, ...window });
  const signInPage = (c: Asked, problem?: string): Html => {
    const above = errorSummary(problem === undefined ? [] : [{ field: "code", text: problem }]);
    const title = problem === undefined ? SIGN_IN_TITLE : `Error: ${SIGN_IN_TITLE}`;
    return parts.frame({
      title,
      heading: SIGN_IN_TITLE,
      above,
      body: signInBody({ problem, ended: c.req.query("ended") !== undefined }),
    });
  };

  const routes: Routes = new Hono<ConsoleEnvironment>();
  routes.get("/sign-in", (c) => c.html(signInPage(c)));
  routes.post("/sign-in", async (c) => {
    const address = addressOf(c);
    if (failures.exhausted(address)) {
      log.warn("console.tooManyCodes");
      return c.html(signInPage(c, TOO_MANY), 429);
    }
    const { code } = await c.req.parseBody();
    const user = typeof code === "string" ? codes.redeem(code) : undefined;
    if (user === undefined || !admit(parts, c, user, "code")) {
      failures.count(address);
      log.warn("console.signInRefused", { method: "code" });
      return c.html(signInPage(c, WRONG_CODE), 422);
    }
    return c.redirect("/", 303);
  });
  routes.post("/sign-in/passkey/options", async (c) => {
    const address = addressOf(c);
    if (ceremonies.exhausted(address)) return c.json({ problem: "Too many attempts. Wait 10 minutes." }, 429);
    ceremonies.count(address);
    return c.json(await passkeys.signInOptions());
  });
  routes.post("/sign-in/passkey", async (c) => {
    const user = await passkeys.signIn((await jsonOf(c))["answer"]);
    if (user === undefined || !admit(parts, c, user, "passkey")) {
      log.warn("console.signInRefused", { method: "passkey" });
      return c.json({ problem: "This passkey does not open the console. Use another one, or a code." }, 403);
    }
    return c.json({ next: "/" });
  });
  return routes;
}

/** False if the user has no seat any more. */
function admit({ people, sessions, cookie, log }: SessionParts, c: Asked, user: string, method: SignInMethod): boolean {
  const person = people.find(user);
  if (person === undefined) return false;
  const before = cookie.read(c);
  const old = before === undefined ? undefined : sessions.use(before);
  if (old !== undefined) sessions.end(old.session.id);
  cookie.write(c, sessions.start(user, method, addressOf(c)));
  log.info("console.signedIn", { method, role: person.role });
  return true;
}

/** For those who have. */
export function ownSessionRoutes(parts: SessionParts): Routes {
  const { sessions, passkeys, cookie, clock, log } = parts;
  const routes: Routes = new Hono<ConsoleEnvironment>();
  routes.post("/sign-out", (c) => {
    sessions.end(c.var.signedIn.session.id);
    cookie.erase(c);
    return c.redirect("/sign-in", 303);
  });
  routes.post("/account/passkeys/options", async (c) => {
    if (!isFresh(c, clock)) return c.json({ problem: "Sign out and in again first." }, 403);
    return c.json(await passkeys.addOptions(c.var.signedIn));
  });
  routes.post("/account/passkeys", async (c) => {
    if (!isFresh(c, clock)) return c.json({ problem: "Sign out and in again first." }, 403);
    const { answer, name } = await jsonOf(c);
    const parsed = line(NAME_LENGTH_MAX).safeParse(typeof name === "string" ? name.trim().normalize("NFC") : "");
    if (!parsed.success) return c.json({ problem: "Enter a name for the passkey, on one line." }, 422);
    try {
      await passkeys.add(c.var.signedIn, answer, parsed.data);
    } catch (error) {
      if (!isCausewayError(error)) throw error;
      log.warn("console.passkeyRefused", { code: error.code });
      return c.json({ problem: "The passkey could not be added. Try again." }, 403);
    }
    log.info("console.passkeyAdded");
    return c.json({ next: "/account?done=passkey-added" });
  });
  routes.post("/account/passkeys/:passkey/remove", (c) => {
    if (!passkeys.remove(c.var.signedIn.person.user, c.req.param("passkey"))) return c.notFound();
    log.info("console.passkeyRemoved");
    return c.redirect("/account?done=passkey-removed", 303);
  });
  routes.post("/account/end-sessions", (c) => {
    sessions.endAllOf(c.var.signedIn.person.user);
    cookie.erase(c);
    return c.redirect("/sign-in", 303);
  });
  routes.post("/sessions/:session/end", (c) => {
    const found = sessions.find(c.req.param("session"));
    if (found === undefined || !mayEnd(c, found.person.user)) return c.notFound();
    sessions.end(found.session.id);
    log.info("console.sessionEnded", { own: found.person.user === c.var.signedIn.person.user });
    return c.redirect("/account?done=session-ended", 303);
  });
  return routes;
}

/** Administrators over others. */
export function peopleRoutes({ accounts, people, sessions, log }: SessionParts): Routes {
  const routes: Routes = new Hono<ConsoleEnvironment>();
  routes.post("/people/:user/end-sessions", (c) => {
    const person = people.find(c.req.param("user"));
    if (person === undefined || !isAdministrator(c)) return c.notFound();
    sessions.endAllOf(person.user);
    log.info("console.sessionsEnded", { role: person.role });
    return c.redirect("/account?done=sessions-ended", 303);
  });
  routes.post("/people/:user/remove", (c) => {
    const person = people.find(c.req.param("user"));
    // An administrator is removed by a directive, not by a colleague.
    if (person?.role !== "auditor" || !isAdministrator(c)) return c.notFound();
    sessions.endAllOf(person.user);
    accounts.removeUser(person.user);
    log.info("console.auditorRemoved");
    return c.redirect("/account?done=auditor-removed", 303);
  });
  return routes;
}

export function isAdministrator(c: Asked): boolean {
  return c.var.signedIn.person.role === "administrator";
}

function mayEnd(c: Asked, owner: string): boolean {
  return owner === c.var.signedIn.person.user || isAdministrator(c);
}

function isFresh(c: Asked, clock: Clock): boolean {
  return clock() - c.var.signedIn.session.startedAtMs < FRESH_SESSION_MS;
}

async function jsonOf(c: Asked): Promise<Record<string, unknown>> {
  const value: unknown = await c.req.json().catch(() => undefined);
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
