/**
 * `Approve`: one more signature over the very bytes that were proposed. It need not be the caller's: somebody who is to join the board
 * with this directive has no certificate yet, and signs where its keys are.
 */
import type { CallContext } from "nice-grpc";
import { parseApproveRequest } from "../../../shared/wire/board-requests.ts";
import { PROPOSAL_STATE } from "../../../shared/wire/enumerations.ts";
import type { ApproveRequest, ApproveResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { administratorCalling } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function approveRpc({ directory, proposals }: BoardDesk) {
  return async (request: ApproveRequest, context: CallContext): Promise<ApproveResponse> => {
    administratorCalling(context, directory.federation);
    const { digest, signature } = parseApproveRequest(request);
    const { state, tally } = proposals.approve(digest, signature);
    const { signatures, quorum } = tally.scarcest;
    return { state: PROPOSAL_STATE.toWire(state), signatures, quorum };
  };
}
