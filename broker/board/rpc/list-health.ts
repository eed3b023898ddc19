/** `ListHealth`: every member's own signed words, which the reader verifies with the member's key, and what the broker holds. */
import type { CallContext } from "nice-grpc";
import { parseListHealthRequest } from "../../../shared/wire/board-requests.ts";
import { fromHex } from "../../../shared/core/bytes.ts";
import type { ListHealthRequest, ListHealthResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { Signed } from "../../../shared/wire/gen/causeway/v1/signed.ts";
import { administratorCalling } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function listHealthRpc({ directory, oversight, clock }: BoardDesk) {
  return async (request: ListHealthRequest, context: CallContext): Promise<ListHealthResponse> => {
    administratorCalling(context, directory.federation);
    parseListHealthRequest(request);
    const members = oversight.members().map(({ member, health, lastAppliedMs, held, streamsRefused }) => ({
      member: fromHex(member),
      statement: health === undefined ? undefined : Signed.decode(health.signed),
      receivedAtMs: BigInt(health?.receivedAtMs ?? 0),
      lastAppliedMs: BigInt(lastAppliedMs),
      held: held.map(({ epoch, records, tokens }) => ({ epoch, records: BigInt(records), tokens: BigInt(tokens) })),
      streamsRefused,
    }));
    return { members, brokerTimeMs: BigInt(clock()) };
  };
}
