/** The list of calls of `RegistrarService`. */
import { grpcService } from "../../../shared/platform/grpc.ts";
import type { GrpcService } from "../../../shared/platform/grpc.ts";
import { RegistrarServiceDefinition } from "../../../shared/wire/gen/causeway/v1/board.ts";
import type { BoardDesk } from "./desk.ts";
import { followRequestsRpc } from "./follow-requests.ts";
import { putCredentialsRpc } from "./put-credentials.ts";
import { putFreshnessRpc } from "./put-freshness.ts";

export function registrarService(desk: BoardDesk): GrpcService {
  return grpcService(RegistrarServiceDefinition, {
    putFreshness: putFreshnessRpc(desk),
    followRequests: followRequestsRpc(desk),
    putCredentials: putCredentialsRpc(desk),
  });
}
