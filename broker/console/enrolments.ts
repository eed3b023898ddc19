/** Enrolments that the board has not decided on. */
import { toHex } from "../../shared/core/bytes.ts";
import type { ConsoleData, ReceivedEnrolment } from "./console-data.ts";

/** Those whose key no directive has ever given to anybody: an admission, or a new key, ends the wait. */
export function openEnrolments(data: Pick<ConsoleData, "chain" | "enrolments">): ReceivedEnrolment[] {
  const { usedKeys } = data.chain().federation;
  return data.enrolments().filter(({ enrolment }) => !usedKeys.has(toHex(enrolment.signingKey)));
}
