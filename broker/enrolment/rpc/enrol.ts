/** `Enrol`: a party hands in its public keys, once for each invitation. It gives it no right; admission is a directive. */
import type { CallContext } from "nice-grpc";
import { parseEnrolRequest } from "../../../shared/wire/enrolment-requests.ts";
import { toHex } from "../../../shared/core/bytes.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import { keyId } from "../../../shared/crypto/sign.ts";
import { parseEnrolment } from "../../../shared/party/enrolment.ts";
import type { PartyKind } from "../../../shared/party/files.ts";
import { invitationKeys } from "../../../shared/wire/board.ts";
import type { EnrolRequest, EnrolResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { assertLet } from "./enrolment-parts.ts";
import type { EnrolmentParts } from "./enrolment-parts.ts";
import { events } from "../../events.ts";

const INVITED: readonly PartyKind[] = ["node", "evaluator", "administrator"];

export function enrolRpc(parts: EnrolmentParts) {
  return async (request: EnrolRequest, context: CallContext): Promise<EnrolResponse> => {
    assertLet(parts, context);
    const { secret, enrolment } = parseEnrolRequest(request);
    const { kind, signingKey } = parseEnrolment(new TextDecoder().decode(enrolment)).enrolment;
    if (!INVITED.includes(kind)) {
      throw new CausewayError("INVALID", "nobody of this kind is invited", { fields: ["enrolment.kind"] });
    }
    const { desk, clock, log } = parts;
    // Hashes are compared: how long that takes says nothing of a secret, since nobody can steer the hash of a guess.
    const { secretHash } = invitationKeys(secret);
    desk.enrolments.enrol({ secretHash, keyId: toHex(keyId(signingKey)), enrolment, nowMs: clock() });
    events.enrolment.received(log, { kind });
    return {};
  };
}
