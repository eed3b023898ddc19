/** The one thing that an administrator may write here: what came of an alarm. */
import type { Context } from "hono";
import type { Clock } from "../../shared/world/clock.ts";
import type { Log } from "../../shared/world/log.ts";
import { askedOf } from "./asked.ts";
import type { ConsoleData } from "./console-data.ts";
import type { ConsoleEnvironment } from "./environment.ts";
import { NOTE_LENGTH_MAX } from "./limits.ts";
import type { Page } from "./page.ts";
import { alarmPage } from "./pages/alarm.ts";
import { errorSummary } from "./parts.ts";
import { isAdministrator } from "./session/routes.ts";

type Request = Context<ConsoleEnvironment>;
type Parts = { readonly data: ConsoleData; readonly clock: Clock; readonly log: Log };

/** Control characters other than line breaks: they change how the text around them looks. */
const UNFIT = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

export function acknowledgeRoute(
  { data, clock, log }: Parts,
  refuse: (c: Request, page: Page) => Response | Promise<Response>,
) {
  return async (c: Request): Promise<Response> => {
    if (!isAdministrator(c)) return c.text("only administrators acknowledge alarms", 403);
    const id = Number(c.req.param("alarm"));
    const path = `/alarms/${id}`;
    const { note: typed } = await c.req.parseBody();
    const note =
      typeof typed === "string"
        ? typed
            .replaceAll(/\s*[\r\n]+\s*/g, " ")
            .trim()
            .normalize("NFC")
        : "";
    const problem = problemOf(note);
    if (problem !== undefined) {
      const page = refusedPage({ data, clock, log }, c, note, problem);
      return page === undefined ? c.notFound() : await refuse(c, page);
    }
    if (data.acknowledge(id, { by: c.var.signedIn.person.subject, note })) {
      log.info("console.alarmAcknowledged");
      return c.redirect(`${path}?done=acknowledged`, 303);
    }
    // Somebody was faster: the page shows who.
    return data.alarms().some((alarm) => alarm.id === id) ? c.redirect(path, 303) : c.notFound();
  };
}

function problemOf(note: string): string | undefined {
  if (note === "") return "Enter what you found out";
  if (note.length > NOTE_LENGTH_MAX) return `The note must be ${NOTE_LENGTH_MAX} characters or fewer`;
  return UNFIT.test(note) || !note.isWellFormed() ? "The note must be plain text" : undefined;
}

function refusedPage(parts: Parts, c: Request, note: string, problem: string): Page | undefined {
  const page = alarmPage(askedOf(parts, c), { note, problem });
  const errors = errorSummary([{ field: "note", text: problem }]);
  return page === undefined ? undefined : { ...page, path: c.req.path.replace(/\/acknowledge$/, ""), errors };
}
