/** The one page for those who have not signed in. */
import { html } from "../html.ts";
import type { Content, Html } from "../html.ts";
import { CODE_LIFE_MS } from "../limits.ts";
import { heading, inset, paragraph } from "../pieces.ts";
import { duration } from "../../../shared/words/figures.ts";

export const SIGN_IN_TITLE = "Sign in";

export function signInBody(of: {
  readonly problem?: string | undefined;
  readonly ended: boolean;
  readonly codeHelp: Content;
}): Html {
  return html`
    ${of.ended ? inset("Your session has ended.") : ""} ${heading("With a passkey")}
    <p id="passkey-problem" class="govuk-error-message" role="alert"></p>
    <button
      type="button"
      class="govuk-button"
      hidden
      data-passkey="sign-in"
      data-options="/sign-in/passkey/options"
      data-answer="/sign-in/passkey"
    >
      Sign in with a passkey
    </button>
    <noscript>${paragraph("Passkeys need JavaScript. Without it, use a one-time code.")}</noscript>
    ${heading("With a one-time code")}
    ${paragraph(`For the first time, or where a passkey does not work. A code works once, for ${duration(CODE_LIFE_MS)}.`)}
    ${codeForm(of.problem)} ${of.codeHelp}
  `;
}

function codeForm(problem: string | undefined): Html {
  const error = problem !== undefined;
  return html`<form method="post" action="/sign-in" novalidate>
    <div class="govuk-form-group ${error ? "govuk-form-group--error" : ""}">
      <label class="govuk-label" for="code">One-time code</label>
      <div id="code-hint" class="govuk-hint">12 letters and digits, such as 7K2M-Q0XR-3HTB</div>
      ${
        error
          ? html`<p id="code-error" class="govuk-error-message">
              <span class="govuk-visually-hidden">Error:</span> ${problem}
            </p>`
          : ""
      }
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
      Sign in with the code
    </button>
  </form>`;
}
