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
import { say } from "../../../shared/words/say.ts";

const STEPS = ["inviteStep", "enrolStep", "compareStep", "admitStep"] as const;

export function joiningPage({ data, nowMs }: Asked): Page {
  const enrolments = openEnrolments(data);
  const invitations = data.invitations();
  return {
    title: say("section.joining"),
    section: "joining",
    body: html`
      ${steps(
        say("joining.how"),
        STEPS.map((step) => ({ title: say(`joining.${step}`), text: say(`joining.${step}.means`) })),
      )}
      ${live("enrolments", [heading(say("joining.enrolments")), enrolmentList(enrolments)])}
      ${live(
        "invitations",
        table({
          caption: say("joining.invitations"),
          columns: [say("joining.for"), say("joining.until"), say("label.state")],
          rows: invitations.map(({ note, validUntilMs }) => [
            named(note),
            time(validUntilMs),
            validity(validUntilMs, nowMs),
          ]),
          empty: say("label.none"),
        }),
      )}
      ${command(say("joining.invite"), commands.invite())}
    `,
  };
}

function validity(validUntilMs: number, nowMs: number): Content {
  return validUntilMs > nowMs ? tag(say("joining.waiting"), "blue") : tag(say("joining.runOut"), "grey");
}

function enrolmentList(enrolments: readonly ReceivedEnrolment[]): Html {
  if (enrolments.length === 0) return paragraph(say("label.none"));
  return html`${warning(say("joining.compare"))} ${enrolments.map(enrolmentCard)}`;
}

function enrolmentCard({ enrolment, fingerprint: digits, note, receivedAtMs }: ReceivedEnrolment): Html {
  const { name, mandate, contact } = enrolment;
  return html`<section class="govuk-summary-card" aria-label="${name}">
    <div class="govuk-summary-card__title-wrapper">
      <h3 class="govuk-summary-card__title">${named(name)}</h3>
    </div>
    <div class="govuk-summary-card__content">
      ${facts([
        [say("joining.invitedAs"), named(note)],
        [say("joining.received"), time(receivedAtMs)],
        [say("joining.fingerprint"), fingerprint(digits)],
        [say("joining.saysOfItself"), mandate === undefined ? "–" : named(mandate)],
        [say("joining.contact"), contact === undefined ? "–" : named([contact.office, contact.phone].join(", "))],
      ])}
      ${commandsFor(enrolment, digits)}
    </div>
  </section>`;
}

/** A unit's keys are those of a new member, or of one whose node was lost; other parties only ever change theirs. */
function commandsFor({ kind, name }: Enrolment, digits: string): Html {
  switch (kind) {
    case "node":
      return html`${command(say("joining.admit"), commands.admit(digits))}
      ${command(say("joining.newKeys"), commands.rotateKey("SLUG", digits))}`;
    case "broker":
      return command(say("joining.brokerKey"), commands.rotateKey("broker", digits));
    case "evaluator":
      return command(say("joining.evaluatorKey"), commands.rotateKey(`evaluator:${name}`, digits));
    case "administrator":
      return command(say("joining.board"), commands.boardChange());
    default:
      return html``;
  }
}
