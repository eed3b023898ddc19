/** One alarm, and the one thing that an administrator may write here: what came of it. */
import { html } from "../../../shared/web/html.ts";
import { commands } from "../commands.ts";
import type { Alarm } from "../../core/alarm.ts";
import { NOTE_LENGTH_MAX } from "../limits.ts";
import { memberLink } from "../names.ts";
import type { Asked, Page } from "../page.ts";
import { command, facts, heading, live, named, paragraph, tag, time } from "../../../shared/web/pieces.ts";
import type { Html } from "../../../shared/web/html.ts";
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
    title: `Alarm: ${say(`alarm.${kind}`)}`,
    section: "alarms",
    body: html`
      ${live("state", html`<p class="govuk-body">${stateTag(alarm)}</p>`)} ${paragraph(say(`alarm.${kind}.means`))}
      ${facts([
        ["Found", alarm.text],
        ["Member", alarm.member === undefined ? "None in particular" : memberLink(asked.names, alarm.member)],
        ["Seen", say("figures.times", { count: alarm.count })],
        ["First", time(alarm.firstSeenMs)],
        ["Last", time(alarm.lastSeenMs)],
      ])}
      ${heading("What to do")} ${paragraph(say(`alarm.${kind}.advice`))} ${suspendCommand(asked, alarm)}
      ${outcome(asked, alarm, refused)}
    `,
  };
}

function stateTag({ acknowledged }: Alarm): Html {
  return acknowledged === undefined ? tag("Open", "red") : tag("Acknowledged", "grey");
}

function suspendCommand({ names }: Asked, { member }: Alarm): Html {
  const membership = member === undefined ? undefined : names.membership(member);
  if (membership?.standing !== "active") return html``;
  return command("If in doubt, suspend the member while you ask", commands.suspend(membership.admit.slug));
}

function outcome({ person, names }: Asked, { id, acknowledged }: Alarm, refused: RefusedNote | undefined): Html {
  if (acknowledged !== undefined) {
    return html`${heading("What came of it")}
    ${facts([
      ["Note", named(acknowledged.note)],
      ["Acknowledged by", named(names.administrator(acknowledged.by))],
      ["On", time(acknowledged.atMs)],
    ])}`;
  }
  if (person.role !== "administrator") return paragraph("Only an administrator can acknowledge an alarm.");
  return html`${heading("Acknowledge")} ${noteForm(id, refused)}`;
}

function noteForm(id: number, refused: RefusedNote | undefined): Html {
  const describedBy = refused === undefined ? "note-hint" : "note-hint note-error";
  return html`<form method="post" action="/alarms/${id}/acknowledge" novalidate>
    <div class="govuk-form-group ${refused === undefined ? "" : "govuk-form-group--error"}">
      <label class="govuk-label" for="note">What you found out</label>
      <div id="note-hint" class="govuk-hint">
        Kept with your name. It closes the alarm; another sighting opens a new one. Write no personal data of subjects.
        Up to ${NOTE_LENGTH_MAX} characters.
      </div>
      ${
        refused === undefined
          ? ""
          : html`<p id="note-error" class="govuk-error-message">
              <span class="govuk-visually-hidden">Error:</span> ${refused.problem}
            </p>`
      }
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
      Acknowledge
    </button>
  </form>`;
}
