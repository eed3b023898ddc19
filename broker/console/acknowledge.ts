/** The one thing that an administrator may write here: what came of an alarm. */
import type { Outcome } from "../../shared/web/act.ts";
import { errorSummary } from "../../shared/web/pieces.ts";
import type { Log } from "../../shared/world/log.ts";
import { NOTE_LENGTH_MAX } from "./limits.ts";
import type { Asked } from "./page.ts";
import { alarmPage } from "./pages/alarm.ts";
import { isAdministrator } from "./seats.ts";
import { events } from "./events.ts";
import { say } from "../../shared/words/say.ts";

/** Control characters other than line breaks: they change how the text around them looks. */
const UNFIT = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** `typed`: the note. Line breaks become spaces. */
export function acknowledge(asked: Asked, typed: string, log: Log): Outcome {
  const { data, person, parameter } = asked;
  if (!isAdministrator(person)) return { kind: "forbidden", text: say("alarmPage.forbidden") };
  const id = Number(parameter("alarm"));
  const path = `/alarms/${id}`;
  const note = typed
    .replaceAll(/\s*[\r\n]+\s*/g, " ")
    .trim()
    .normalize("NFC");
  const problem = problemOf(note);
  if (problem !== undefined) return refused(asked, path, note, problem);
  if (data.acknowledge(id, { by: person.subject, note })) {
    events.console.alarmAcknowledged(log);
    return { kind: "next", path, done: "acknowledged" };
  }
  // Somebody was faster: the page shows who.
  return data.alarms().some((alarm) => alarm.id === id) ? { kind: "next", path } : { kind: "unknown" };
}

function problemOf(note: string): string | undefined {
  if (note === "") return say("alarmPage.noteMissing");
  if (note.length > NOTE_LENGTH_MAX) return say("alarmPage.noteTooLong", { count: NOTE_LENGTH_MAX });
  return UNFIT.test(note) || !note.isWellFormed() ? say("alarmPage.noteUnfit") : undefined;
}

function refused(asked: Asked, path: string, note: string, problem: string): Outcome {
  const page = alarmPage(asked, { note, problem });
  const errors = errorSummary([{ field: "note", text: problem }]);
  return page === undefined ? { kind: "unknown" } : { kind: "again", page: { ...page, path, errors } };
}
