/** Every message that crosses a trust boundary, by the file in `proto/vectors/` that holds its vectors. */
import * as board from "./board.ts";
import { DELIVERY, NOTICE_BATCH } from "./deliveries.ts";
import { DIRECTIVE, FRESHNESS, KEY_OFFER, MEMBER_KEY, SIGNED_DIRECTIVE } from "./directives.ts";
import { PARTY_REQUEST, SEALED, SIGNED } from "./envelopes.ts";
import { EVALUATE_REQUEST, EVALUATE_RESPONSE, EVALUATION_STATEMENT } from "./evaluation.ts";
import type { MessageType } from "./message-type.ts";
import { SUBMISSION } from "./submissions.ts";

export const VECTOR_FILES: Readonly<Record<string, readonly MessageType<unknown>[]>> = {
  envelopes: [SIGNED, SEALED, PARTY_REQUEST],
  submissions: [SUBMISSION],
  deliveries: [DELIVERY, NOTICE_BATCH],
  directives: [DIRECTIVE, SIGNED_DIRECTIVE, KEY_OFFER, MEMBER_KEY, FRESHNESS],
  evaluation: [EVALUATE_REQUEST, EVALUATE_RESPONSE, EVALUATION_STATEMENT],
  board: [
    board.BOARD_PAPER,
    board.INVITATION,
    board.CREDENTIALS_REQUEST,
    board.EVALUATOR_OFFER,
    board.PURGE_ATTESTATION,
    board.COLLECT_PROOF,
    board.ENROLMENT,
  ],
};
