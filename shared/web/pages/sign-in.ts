/** The one page for those who have not signed in. */
import { html } from "../html.ts";
import type { Content, Html } from "../html.ts";
import { CODE_LIFE_MS } from "../limits.ts";
import { fieldError, heading, inset, paragraph } from "../pieces.ts";
import { duration } from "../../words/figures.ts";
import { say } from "../../words/say.ts";

export function signInBody(of: {
  readonly problem?: string | undefined;
  readonly ended: boolean;
  readonly codeHelp: Content;
}): Html {
  return html`
    ${of.ended ? inset(say("signIn.ended")) : ""} ${heading(say("signIn.passkey"))}
    <p id="passkey-problem" class="govuk-error-message" role="alert"></p>
    <button
      type="button"
      class="govuk-button"
      hidden
      data-passkey="sign-in"
      data-options="/sign-in/passkey/options"
      data-answer="/sign-in/passkey"
    >
      ${say("signIn.passkeyButton")}
    </button>
    <noscript>${paragraph(say("signIn.noScript"))}</noscript>
    ${heading(say("signIn.code"))} ${paragraph(say("signIn.codeMeans", { span: duration(CODE_LIFE_MS) }))}
    ${codeForm(of.problem)} ${of.codeHelp}
  `;
}

function codeForm(problem: string | undefined): Html {
  const error = problem !== undefined;
  return html`<form method="post" action="/sign-in" novalidate>
    <div class="govuk-form-group ${error ? "govuk-form-group--error" : ""}">
      <label class="govuk-label" for="code">${say("signIn.codeField")}</label>
      <div id="code-hint" class="govuk-hint">${say("signIn.codeHint", { example: "7K2M-Q0XR-3HTB" })}</div>
      ${problem === undefined ? "" : fieldError("code", problem)}
      <input
        class="govuk-input govuk-input--width-20 code-input ${error ? "govuk-input--error" : ""}"
        id="code"
        name="code"
        type="text"
        maxlength="30"
        autocomplete="one-time-code"
        autocapitalize="characters"
        spellcheck="false"
        aria-describedby="code-hint${error ? " code-error" : ""}"
      />
    </div>
    <button type="submit" class="govuk-button" data-module="govuk-button" data-prevent-double-click="true">
      ${say("signIn.codeButton")}
    </button>
  </form>`;
}
