/** `ListProposals`: those that wait, all of them, and of the others as many as fit into one answer. */
import type { CallContext } from "nice-grpc";
import { parseListProposalsRequest } from "../../../shared/wire/board-requests.ts";
import { PROPOSAL_STATE } from "../../../shared/wire/enumerations.ts";
import type { ListProposalsRequest, ListProposalsResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { fitting } from "../core/fitting.ts";
import { weightOf } from "../core/proposal.ts";
import { ANSWER_BYTES_MAX } from "../limits.ts";
import { administratorCalling } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function listProposalsRpc({ directory, proposals }: BoardDesk) {
  return async (request: ListProposalsRequest, context: CallContext): Promise<ListProposalsResponse> => {
    administratorCalling(context, directory.federation);
    parseListProposalsRequest(request);
    const listed = fitting(proposals.list(), ({ signed }) => weightOf(signed), ANSWER_BYTES_MAX);
    return {
      proposals: listed.map(({ signed, state, proposedAtMs }) => ({
        directive: { payload: signed.payload, signatures: [...signed.signatures] },
        state: PROPOSAL_STATE.toWire(state),
        proposedAtMs: BigInt(proposedAtMs),
        acceptedAs: state === "accepted" ? BigInt(signed.directive.number) : 0n,
      })),
    };
  };
}
