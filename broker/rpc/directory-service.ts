/** The list of calls of `DirectoryService`. */
import { grpcService } from "../../shared/platform/grpc.ts";
import type { GrpcService } from "../../shared/platform/grpc.ts";
import { DirectoryServiceDefinition } from "../../shared/wire/gen/causeway/v1/directory.ts";
import type { DirectoryParts } from "./directory-parts.ts";
import { getFreshnessRpc } from "./get-freshness.ts";
import { listDirectivesRpc } from "./list-directives.ts";

export function directoryService(parts: DirectoryParts): GrpcService {
  return grpcService(DirectoryServiceDefinition, {
    listDirectives: listDirectivesRpc(parts),
    getFreshness: getFreshnessRpc(parts),
  });
}
