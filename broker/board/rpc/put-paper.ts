/** `PutPaper`: an administrator leaves something for the others, under its own name. */
import type { CallContext } from "nice-grpc";
import { parsePutPaperRequest } from "../../../shared/wire/board-requests.ts";
import { signedBytes } from "../../../shared/wire/envelope.ts";
import { toHex } from "../../../shared/core/bytes.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import { keyId as keyIdOf } from "../../../shared/crypto/sign.ts";
import { openPaper } from "../../../shared/wire/board.ts";
import type { PutPaperRequest, PutPaperResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { signingKeyOf } from "../../../shared/platform/standing.ts";
import { administratorCalling } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function putPaperRpc({ directory, store, clock }: BoardDesk) {
  return async (request: PutPaperRequest, context: CallContext): Promise<PutPaperResponse> => {
    const { federation } = directory;
    const caller = administratorCalling(context, federation);
    const { paper } = parsePutPaperRequest(request);
    const { value, keyId } = openPaper(paper, federation.id, (id) =>
      signingKeyOf({ kind: "administrator", keyId: id }, federation),
    );
    if (keyId !== caller) throw new CausewayError("FORBIDDEN", "an administrator leaves its own papers only");
    const board = new Set(federation.found.board.map(({ signingKey }) => toHex(keyIdOf(signingKey))));
    store.papers.put({ topic: value.topic, author: keyId, signed: signedBytes(paper) }, board, clock());
    return {};
  };
}
