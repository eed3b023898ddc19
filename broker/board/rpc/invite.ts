/** `Invite`: leave for one unit to hand in its public keys. The broker learns a hash of the secret, not the secret. */
import type { CallContext } from "nice-grpc";
import { parseInviteRequest } from "../../../shared/wire/board-requests.ts";
import { signedBytes } from "../../../shared/wire/envelope.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import { signingKeyOf } from "../../../shared/platform/standing.ts";
import { openInvitation } from "../../../shared/wire/board.ts";
import type { InviteRequest, InviteResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { INVITATION_MS_MAX } from "../limits.ts";
import { administratorCalling } from "./callers.ts";
import type { BoardDesk } from "./desk.ts";

export function inviteRpc({ directory, store, clock }: BoardDesk) {
  return async (request: InviteRequest, context: CallContext): Promise<InviteResponse> => {
    const { federation } = directory;
    const caller = administratorCalling(context, federation);
    const { invitation } = parseInviteRequest(request);
    const { value, keyId } = openInvitation(invitation, federation.id, (id) =>
      signingKeyOf({ kind: "administrator", keyId: id }, federation),
    );
    if (keyId !== caller) throw new CausewayError("FORBIDDEN", "an administrator invites under its own name only");
    const nowMs = clock();
    if (value.validUntilMs <= nowMs || value.validUntilMs > nowMs + INVITATION_MS_MAX) {
      throw new CausewayError("INVALID", "an invitation is valid for up to 30 days", { fields: ["validUntilMs"] });
    }
    store.enrolments.invite(value, { author: caller, signed: signedBytes(invitation) }, nowMs);
    return {};
  };
}
