/** Gives out codes for the web console, once that stands. */
import { CausewayError } from "../../shared/core/errors.ts";
import type { ConsoleUser, IssueSignInCode, SignInCode } from "./parts.ts";

export class SignInDesk {
  #issue: IssueSignInCode = () => {
    throw new CausewayError("UNAVAILABLE", "this broker serves no web console");
  };

  /** The console stands. */
  open(issue: IssueSignInCode): void {
    this.#issue = issue;
  }

  /** Throws UNAVAILABLE before that, INVALID for an auditor's name of a bad form. */
  issue(user: ConsoleUser): SignInCode {
    return this.#issue(user);
  }
}
