/** `ListEnrolments`: invitations that are out, and what units handed in that the chain does not list yet. */
import type { CallContext } from "nice-grpc";
import { parseListEnrolmentsRequest } from "../../../shared/wire/board-requests.ts";
import { toHex } from "../../../shared/core/bytes.ts";
import { keyId } from "../../../shared/crypto/sign.ts";
import type { ListEnrolmentsRequest, ListEnrolmentsResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { fitting } from "../core/fitting.ts";
import { ANSWER_BYTES_MAX, INVITATION_BYTES } from "../limits.ts";
import { administratorCalling } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

const INVITATIONS_SHARE = ANSWER_BYTES_MAX / 4;

export function listEnrolmentsRpc({ directory, store }: BoardDesk) {
  return async (request: ListEnrolmentsRequest, context: CallContext): Promise<ListEnrolmentsResponse> => {
    const { federation } = directory;
    administratorCalling(context, federation);
    parseListEnrolmentsRequest(request);
    const { members, suspended } = federation;
    const listed = new Set([...members.values(), ...suspended.values()].map((admit) => toHex(keyId(admit.signingKey))));
    const waiting = store.enrolments.enrolments().filter((each) => !listed.has(each.keyId));
    const invitations = fitting(store.enrolments.invitations(), () => INVITATION_BYTES, INVITATIONS_SHARE);
    return {
      invitations: invitations.map(({ secretHash, note, validUntilMs }) => ({
        secretHash,
        note,
        validUntilMs: BigInt(validUntilMs),
      })),
      enrolments: fitting(waiting, ({ enrolment }) => enrolment.length, ANSWER_BYTES_MAX - INVITATIONS_SHARE).map(
        (each) => ({
          enrolment: each.enrolment,
          note: each.note,
          receivedAtMs: BigInt(each.receivedAtMs),
        }),
      ),
    };
  };
}
