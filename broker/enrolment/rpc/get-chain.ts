/**
 * `GetChain`: the directives and the freshness statement, for anybody who asks. They name the members: so does every node's copy; whoever
 * may not know them must not reach this port.
 */
import type { CallContext } from "nice-grpc";
import { parseGetChainRequest } from "../../../shared/wire/enrolment-requests.ts";
import type { GetChainRequest, GetChainResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { Signed } from "../../../shared/wire/gen/causeway/v1/signed.ts";
import { assertLet } from "./enrolment-parts.ts";
import type { EnrolmentParts } from "./enrolment-parts.ts";

export function getChainRpc(parts: EnrolmentParts) {
  return async function* (request: GetChainRequest, context: CallContext): AsyncGenerator<GetChainResponse> {
    assertLet(parts, context);
    parseGetChainRequest(request);
    const { directory } = parts;
    for (const { payload, signatures } of directory.chain.directives) {
      yield { directive: { payload, signatures: [...signatures] }, freshness: undefined };
    }
    yield { directive: undefined, freshness: Signed.decode(directory.readFreshness()) };
  };
}
