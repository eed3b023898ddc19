/**
 * `ListDirectives`: the chain from a number on, and with `follow` whatever comes after it, as it comes. Whoever reads it proves it for
 * itself; whoever may no longer read it hears nothing more.
 */
import type { CallContext } from "nice-grpc";
import { parseListDirectivesRequest } from "../../shared/wire/directory-requests.ts";
import { CAPABILITIES } from "../../shared/core/capabilities.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import { peerOf } from "../../shared/platform/grpc.ts";
import type { ListDirectivesRequest, ListDirectivesResponse } from "../../shared/wire/gen/causeway/v1/directory.ts";
import { Signed } from "../../shared/wire/gen/causeway/v1/signed.ts";
import { LOOK_AGAIN_MS } from "../core/limits.ts";
import { assertMayRead } from "./caller.ts";
import type { DirectoryParts } from "./directory-parts.ts";

export function listDirectivesRpc({ directory }: DirectoryParts) {
  return async function* (
    request: ListDirectivesRequest,
    context: CallContext,
  ): AsyncGenerator<ListDirectivesResponse> {
    const peer = peerOf(context);
    assertMayRead(peer, directory.chain.federation);
    const { fromNumber, follow } = parseListDirectivesRequest(request);
    const changes = directory.listen();
    let next = fromNumber;
    let said = "";
    while (!context.signal.aborted) {
      const { directives, federation } = directory.chain;
      assertMayRead(peer, federation);
      for (const { payload, signatures } of directives.slice(Math.max(0, next - 1))) {
        yield { directive: { payload, signatures: [...signatures] }, freshness: undefined, capabilities: [] };
      }
      next = Math.max(next, federation.head.number + 1);
      if (!follow) return;
      const freshness = freshnessIn(directory);
      if (freshness !== undefined && toHex(freshness) !== said) {
        yield { directive: undefined, freshness: Signed.decode(freshness), capabilities: [...CAPABILITIES] };
        said = toHex(freshness);
      }
      await changes.wait(LOOK_AGAIN_MS, context.signal);
    }
  };
}

function freshnessIn(directory: DirectoryParts["directory"]): Uint8Array | undefined {
  try {
    return directory.readFreshness();
  } catch (error) {
    if (isCausewayError(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}
