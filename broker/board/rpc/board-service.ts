/** The list of calls of `BoardService`. */
import { grpcService } from "../../../shared/platform/grpc.ts";
import type { GrpcService } from "../../../shared/platform/grpc.ts";
import { BoardServiceDefinition } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { approveRpc } from "./approve.ts";
import type { BoardDesk } from "./desk.ts";
import { inviteRpc } from "./invite.ts";
import { issueSignInCodeRpc } from "./issue-sign-in-code.ts";
import { listEnrolmentsRpc } from "./list-enrolments.ts";
import { listHealthRpc } from "./list-health.ts";
import { listPapersRpc } from "./list-papers.ts";
import { listProposalsRpc } from "./list-proposals.ts";
import { prepareEpochRpc } from "./prepare-epoch.ts";
import { proposeRpc } from "./propose.ts";
import { putPaperRpc } from "./put-paper.ts";

export function boardService(desk: BoardDesk): GrpcService {
  return grpcService(BoardServiceDefinition, {
    listProposals: listProposalsRpc(desk),
    propose: proposeRpc(desk),
    approve: approveRpc(desk),
    putPaper: putPaperRpc(desk),
    listPapers: listPapersRpc(desk),
    prepareEpoch: prepareEpochRpc(desk),
    listHealth: listHealthRpc(desk),
    invite: inviteRpc(desk),
    listEnrolments: listEnrolmentsRpc(desk),
    issueSignInCode: issueSignInCodeRpc(desk),
  });
}
