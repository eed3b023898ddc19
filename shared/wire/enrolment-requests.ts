/** (broker) What strangers ask of `EnrolmentService`. All throw INVALID with the paths of everything that is bad. */
import { SMALL_BYTES_MAX } from "./board.ts";
import { bytes32, bytesBetween, bytesOf, requestParser } from "./checks.ts";
import type { Parse } from "./checks.ts";
import { PROOF_BYTES } from "./collect.ts";
import { signedForm } from "./envelope.ts";
import type { SignedMessage } from "./envelope.ts";
import type { CollectRequest, EnrolRequest, GetChainRequest } from "./gen/causeway/v1/board.ts";
import { INVITATION_SECRET_BYTES } from "./invitation-code.ts";

/** An enrolment has about 4,000 bytes. */
const ENROLMENT_BYTES_MAX = 16 * 1024;

export const parseGetChainRequest: Parse<GetChainRequest, { readonly secretHash: Uint8Array }> = requestParser(
  "chain",
  { secretHash: bytes32 },
);

/** `enrolment`: UTF-8, not yet read. */
export const parseEnrolRequest: Parse<EnrolRequest, { readonly secret: Uint8Array; readonly enrolment: Uint8Array }> =
  requestParser("enrolment", {
    secret: bytesOf(INVITATION_SECRET_BYTES),
    enrolment: bytesBetween(1, ENROLMENT_BYTES_MAX).refine(isUtf8),
  });

export const parseCollectRequest: Parse<
  CollectRequest,
  { readonly proof: SignedMessage; readonly request: SignedMessage }
> = requestParser("collection", { proof: signedForm(PROOF_BYTES), request: signedForm(SMALL_BYTES_MAX) });

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
