/** `ListDirectives`: the chain from a number on. Whoever reads it proves it for itself. */
import type { CallContext } from "nice-grpc";
import { peerOf } from "../../shared/platform/grpc.ts";
import type { ListDirectivesRequest, ListDirectivesResponse } from "../../shared/wire/gen/causeway/v1/directory.ts";
import { assertMayRead } from "./caller.ts";
import type { DirectoryParts } from "./directory-parts.ts";

export function listDirectivesRpc({ directory }: DirectoryParts) {
  return async function* (
    request: ListDirectivesRequest,
    context: CallContext,
  ): AsyncGenerator<ListDirectivesResponse> {
    const { directives, federation } = directory.chain;
    assertMayRead(peerOf(context), federation);
    for (const { directive, payload, signatures } of directives) {
      if (BigInt(directive.number) < request.fromNumber) continue;
      yield { directive: { payload, signatures: [...signatures] }, freshness: undefined };
    }
  };
}
