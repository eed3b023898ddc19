/** `ListPapers`: all of a topic, oldest first; without a topic the newest of each administrator, as many as fit into one answer. */
import type { CallContext } from "nice-grpc";
import { parseListPapersRequest } from "../../../shared/wire/board-requests.ts";
import type { ListPapersRequest, ListPapersResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { Signed } from "../../../shared/wire/gen/causeway/v1/signed.ts";
import { fitting } from "../core/fitting.ts";
import { ANSWER_BYTES_MAX } from "../limits.ts";
import { administratorCalling } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function listPapersRpc({ directory, store }: BoardDesk) {
  return async (request: ListPapersRequest, context: CallContext): Promise<ListPapersResponse> => {
    administratorCalling(context, directory.federation);
    const { topic } = parseListPapersRequest(request);
    const papers = topic === "" ? store.papers.newest() : store.papers.ofTopic(topic);
    const listed = fitting(papers, (signed) => signed.length, ANSWER_BYTES_MAX);
    return { papers: listed.map((signed) => Signed.decode(signed)) };
  };
}
