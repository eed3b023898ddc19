/** `IssueSignInCode`: the caller's certificate is its way into the web console, once. */
import type { CallContext } from "nice-grpc";
import { CausewayError } from "../../../shared/core/errors.ts";
import type { IssueSignInCodeRequest, IssueSignInCodeResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { administratorCalling } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function issueSignInCodeRpc({ directory, issueSignInCode }: BoardDesk) {
  return async (_request: IssueSignInCodeRequest, context: CallContext): Promise<IssueSignInCodeResponse> => {
    const caller = administratorCalling(context, directory.federation);
    const issue = issueSignInCode();
    if (issue === undefined) throw new CausewayError("UNAVAILABLE", "this broker serves no web console");
    const { code, validUntilMs, consoleUrl } = issue(caller);
    return { code, validUntilMs: BigInt(validUntilMs), consoleUrl };
  };
}
