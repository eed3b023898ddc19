/** How a unit becomes a member: invitation, enrolment, comparison of fingerprints by telephone, admission. */
import { html } from "../../../shared/web/html.ts";
import { commands } from "../commands.ts";
import type { ReceivedEnrolment } from "../console-data.ts";
import type { Enrolment } from "../../../shared/party/enrolment.ts";
import { openEnrolments } from "../enrolments.ts";
import type { Asked, Page } from "../page.ts";
import {
  command,
  facts,
  fingerprint,
  heading,
  live,
  named,
  paragraph,
  steps,
  table,
  tag,
  time,
  warning,
} from "../../../shared/web/pieces.ts";
import type { Content, Html } from "../../../shared/web/html.ts";

export function joiningPage({ data, nowMs }: Asked): Page {
  const enrolments = openEnrolments(data);
  const invitations = data.invitations();
  return {
    title: "Joining",
    section: "joining",
    body: html`
      ${steps("How a unit joins", [
        { title: "Invite", text: "An administrator hands over a one-time code" },
        { title: "Enrol", text: "The unit's node makes its keys and hands in the public ones" },
        { title: "Compare", text: "You telephone the unit and compare fingerprints" },
        { title: "Admit", text: "The board signs the terms of membership" },
      ])}
      ${live("enrolments", [heading("Enrolments to compare and admit"), enrolmentList(enrolments)])}
      ${live(
        "invitations",
        table({
          caption: "Invitations that nobody has used yet",
          columns: ["For", "Holds until", "State"],
          rows: invitations.map(({ note, validUntilMs }) => [
            named(note),
            time(validUntilMs),
            validity(validUntilMs, nowMs),
          ]),
          empty: "None.",
        }),
      )}
      ${command("Invite a unit. The code is shown to you alone; hand it over by a way you trust", commands.invite())}
    `,
  };
}

function validity(validUntilMs: number, nowMs: number): Content {
  return validUntilMs > nowMs ? tag("Waiting", "blue") : tag("Run out", "grey");
}

function enrolmentList(enrolments: readonly ReceivedEnrolment[]): Html {
  if (enrolments.length === 0) return paragraph("None.");
  return html`${warning(
    "Call a number that you know from elsewhere, not one from the enrolment. Let the unit read its fingerprint to you. If a single digit differs, do not admit it.",
  )}
  ${enrolments.map(enrolmentCard)}`;
}

function enrolmentCard({ enrolment, fingerprint: digits, note, receivedAtMs }: ReceivedEnrolment): Html {
  const { name, mandate, contact } = enrolment;
  return html`<section class="govuk-summary-card" aria-label="${name}">
    <div class="govuk-summary-card__title-wrapper">
      <h3 class="govuk-summary-card__title">${named(name)}</h3>
    </div>
    <div class="govuk-summary-card__content">
      ${facts([
        ["Invited as", named(note)],
        ["Received", time(receivedAtMs)],
        ["Fingerprint to compare", fingerprint(digits)],
        ["Says of itself", mandate === undefined ? "–" : named(mandate)],
        ["Contact it gives", contact === undefined ? "–" : named([contact.office, contact.phone].join(", "))],
      ])}
      ${commandsFor(enrolment, digits)}
    </div>
  </section>`;
}

/** A unit's keys are those of a new member, or of one whose node was lost; other parties only ever change theirs. */
function commandsFor({ kind, name }: Enrolment, digits: string): Html {
  switch (kind) {
    case "node":
      return html`${command("Once the fingerprint agrees: admit it", commands.admit(digits))}
      ${command("Or, if it is a member whose node was lost: give it these keys", commands.rotateKey("SLUG", digits))}`;
    case "broker":
      return command("Once the fingerprint agrees: give the broker this key", commands.rotateKey("broker", digits));
    case "evaluator":
      return command(
        "Once the fingerprint agrees: give the evaluator this key",
        commands.rotateKey(`evaluator:${name}`, digits),
      );
    case "administrator":
      return command("Once the fingerprint agrees: propose another board", commands.boardChange());
    default:
      return html``;
  }
}
