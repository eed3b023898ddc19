/** `IssueSignInCode`: the caller's own signature is its way into the web console, once; or an auditor's, whom it lets in. */
import type { CallContext } from "nice-grpc";
import { parseIssueSignInCodeRequest } from "../../../shared/wire/board-requests.ts";
import type { IssueSignInCodeRequest, IssueSignInCodeResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { administratorCalling } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function issueSignInCodeRpc({ directory, issueSignInCode }: BoardDesk) {
  return async (request: IssueSignInCodeRequest, context: CallContext): Promise<IssueSignInCodeResponse> => {
    const caller = administratorCalling(context, directory.federation);
    const { auditor } = parseIssueSignInCodeRequest(request);
    const { code, validUntilMs, consoleUrl } = issueSignInCode(
      auditor === "" ? { role: "administrator", keyId: caller } : { role: "auditor", name: auditor },
    );
    return { code, validUntilMs: BigInt(validUntilMs), consoleUrl };
  };
}
