/** `Enrol`: a party hands in its public keys, once for each invitation. It gives it no right; admission is a directive. */
import type { CallContext } from "nice-grpc";
import { toHex } from "../../../shared/core/bytes.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import { keyId } from "../../../shared/crypto/sign.ts";
import { parseEnrolment } from "../../../shared/party/enrolment.ts";
import type { PartyKind } from "../../../shared/party/files.ts";
import { invitationSecretHash } from "../../../shared/wire/board.ts";
import type { EnrolRequest, EnrolResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { INVITATION_SECRET_BYTES } from "../../../shared/wire/invitation-code.ts";
import { assertLet } from "./enrolment-parts.ts";
import type { EnrolmentParts } from "./enrolment-parts.ts";
import { events } from "../../events.ts";

/** An enrolment has about 1,500 bytes. */
const ENROLMENT_BYTES_MAX = 12 * 1024;
const INVITED: readonly PartyKind[] = ["node", "evaluator", "administrator"];

export function enrolRpc(parts: EnrolmentParts) {
  return async ({ secret, enrolment }: EnrolRequest, context: CallContext): Promise<EnrolResponse> => {
    assertLet(parts, context);
    if (secret.length !== INVITATION_SECRET_BYTES) throw invalid("secret");
    if (enrolment.length === 0 || enrolment.length > ENROLMENT_BYTES_MAX) throw invalid("enrolment");
    const { kind, signingKey } = parseEnrolment(textOf(enrolment)).enrolment;
    if (!INVITED.includes(kind)) throw invalid("enrolment.kind");
    const { desk, clock, log } = parts;
    // Hashes are compared: how long that takes says nothing of a secret, since nobody can steer the hash of a guess.
    const secretHash = invitationSecretHash(secret);
    desk.enrolments.enrol({ secretHash, keyId: toHex(keyId(signingKey)), enrolment, nowMs: clock() });
    events.enrolment.received(log, { kind });
    return {};
  };
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw invalid("enrolment");
  }
}

function invalid(field: string): CausewayError {
  return new CausewayError("INVALID", "this is not an enrolment with its secret", { fields: [field] });
}
