/** The list of calls of `EnrolmentService`. */
import { grpcService } from "../../../shared/platform/grpc.ts";
import type { GrpcService } from "../../../shared/platform/grpc.ts";
import { EnrolmentServiceDefinition } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { collectRpc } from "./collect.ts";
import { enrolRpc } from "./enrol.ts";
import type { EnrolmentParts } from "./enrolment-parts.ts";
import { getChainRpc } from "./get-chain.ts";

export function enrolmentService(parts: EnrolmentParts): GrpcService {
  return grpcService(EnrolmentServiceDefinition, {
    getChain: getChainRpc(parts),
    enrol: enrolRpc(parts),
    collect: collectRpc(parts),
  });
}
