/** `Propose`: a directive with at least one signature. With a quorum it takes effect at once. */
import type { CallContext } from "nice-grpc";
import { parseProposeRequest } from "../../../shared/wire/board-requests.ts";
import { PROPOSAL_STATE } from "../../../shared/wire/enumerations.ts";
import type { ProposeRequest, ProposeResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { proposalDigest } from "../../../shared/core/proposal.ts";
import { administratorCalling } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function proposeRpc({ directory, proposals }: BoardDesk) {
  return async (request: ProposeRequest, context: CallContext): Promise<ProposeResponse> => {
    administratorCalling(context, directory.federation);
    const { directive: signed } = parseProposeRequest(request);
    const { state } = proposals.propose(signed);
    return { digest: proposalDigest(signed), state: PROPOSAL_STATE.toWire(state) };
  };
}
