/** The list of calls of `MembershipService`. */
import { grpcService } from "../../../shared/platform/grpc.ts";
import type { GrpcService } from "../../../shared/platform/grpc.ts";
import { MembershipServiceDefinition } from "../../../shared/wire/gen/causeway/v1/board.ts";
import type { BoardDesk } from "./desk.ts";
import { getCredentialsRpc } from "./get-credentials.ts";
import { getPreparationRpc } from "./get-preparation.ts";
import { getStandingRpc } from "./get-standing.ts";
import { offerKeyRpc } from "./offer-key.ts";
import { offerShareRpc } from "./offer-share.ts";
import { requestCredentialsRpc } from "./request-credentials.ts";

export function membershipService(desk: BoardDesk): GrpcService {
  return grpcService(MembershipServiceDefinition, {
    requestCredentials: requestCredentialsRpc(desk),
    getCredentials: getCredentialsRpc(desk),
    offerKey: offerKeyRpc(desk),
    offerShare: offerShareRpc(desk),
    getPreparation: getPreparationRpc(desk),
    getStanding: getStandingRpc(desk),
  });
}
