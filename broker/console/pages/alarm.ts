/** One alarm, and the one thing that an administrator may write here: what came of it. */
import { html } from "../../../shared/web/html.ts";
import { commands } from "../commands.ts";
import type { Alarm } from "../../core/alarm.ts";
import { NOTE_LENGTH_MAX } from "../limits.ts";
import { memberLink } from "../names.ts";
import type { Asked, Page } from "../page.ts";
import { command, facts, fieldError, heading, live, named, paragraph, tag, time } from "../../../shared/web/pieces.ts";
import type { Content, Html } from "../../../shared/web/html.ts";
import type { Names } from "../../../shared/words/names.ts";
import { say } from "../../../shared/words/say.ts";

/** What was typed and why it cannot be taken. */
export type RefusedNote = { readonly note: string; readonly problem: string };

function alarmOf({ data, parameter }: Pick<Asked, "data" | "parameter">): Alarm | undefined {
  return data.alarms().find(({ id }) => String(id) === parameter("alarm"));
}

export function alarmPage(asked: Asked, refused?: RefusedNote): Page | undefined {
  const alarm = alarmOf(asked);
  if (alarm === undefined) return undefined;
  const { kind } = alarm;
  return {
    title: say("alarmPage.title", { alarm: say(`alarm.${kind}`) }),
    section: "alarms",
    body: html`
      ${live("state", html`<p class="govuk-body">${stateTag(alarm)}</p>`)} ${paragraph(say(`alarm.${kind}.means`))}
      ${facts([
        [say("alarms.found"), alarm.text],
        [
          say("label.member"),
          alarm.member === undefined ? say("alarmPage.nobody") : memberLink(asked.names, alarm.member),
        ],
        [say("alarmPage.seen"), say("figures.times", { count: alarm.count })],
        [say("alarmPage.first"), time(alarm.firstSeenMs)],
        [say("alarmPage.last"), time(alarm.lastSeenMs)],
      ])}
      ${heading(say("alarmPage.whatToDo"))} ${paragraph(say(`alarm.${kind}.advice`))} ${suspendCommand(asked, alarm)}
      ${outcome(asked, alarm, refused)}
    `,
  };
}

function stateTag({ acknowledged }: Alarm): Html {
  return acknowledged === undefined ? tag(say("alarms.open"), "red") : tag(say("alarms.acknowledged"), "grey");
}

/** Who has closed it. */
export function closedBy({ by }: NonNullable<Alarm["acknowledged"]>, names: Names): Content {
  return by === "" ? say("alarms.byItself") : named(names.administrator(by));
}

function suspendCommand({ names }: Asked, { member }: Alarm): Html {
  const membership = member === undefined ? undefined : names.membership(member);
  if (membership?.standing !== "active") return html``;
  return command(say("alarmPage.suspend"), commands.suspend(membership.admit.slug));
}

function outcome({ person, names }: Asked, { id, acknowledged }: Alarm, refused: RefusedNote | undefined): Html {
  if (acknowledged !== undefined) {
    return html`${heading(say("alarmPage.outcome"))}
    ${facts([
      [say("alarms.note"), named(acknowledged.note)],
      [say("alarmPage.acknowledgedBy"), closedBy(acknowledged, names)],
      [say("alarmPage.on"), time(acknowledged.atMs)],
    ])}`;
  }
  if (person.role !== "administrator") return paragraph(say("alarmPage.administratorsOnly"));
  return html`${heading(say("alarmPage.acknowledge"))} ${noteForm(id, refused)}`;
}

function noteForm(id: number, refused: RefusedNote | undefined): Html {
  const describedBy = refused === undefined ? "note-hint" : "note-hint note-error";
  return html`<form method="post" action="/alarms/${id}/acknowledge" novalidate>
    <div class="govuk-form-group ${refused === undefined ? "" : "govuk-form-group--error"}">
      <label class="govuk-label" for="note">${say("alarmPage.note")}</label>
      <div id="note-hint" class="govuk-hint">${say("alarmPage.noteHint", { count: NOTE_LENGTH_MAX })}</div>
      ${refused === undefined ? "" : fieldError("note", refused.problem)}
      <textarea
        class="govuk-textarea ${refused === undefined ? "" : "govuk-textarea--error"}"
        id="note"
        name="note"
        rows="4"
        maxlength="${NOTE_LENGTH_MAX}"
        aria-describedby="${describedBy}"
      >
${refused?.note ?? ""}</textarea>
    </div>
    <button type="submit" class="govuk-button" data-module="govuk-button" data-prevent-double-click="true">
      ${say("alarmPage.acknowledge")}
    </button>
  </form>`;
}
