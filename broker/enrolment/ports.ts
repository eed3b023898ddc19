/** What enrolment needs of the board's store. */
import type { Credentials } from "../../shared/core/board.ts";

export type EnrolmentBook = {
  /**
   * Takes an enrolment in exchange for the open invitation with this secret hash, in one transaction and durably; the invitation is used
   * then. Taking the same enrolment again is not an error: the answer may have been lost. Throws FORBIDDEN if there is no such invitation,
   * it is out of date, or somebody else has used it.
   */
  takeEnrolment(of: {
    readonly secretHash: Uint8Array;
    /** enrolment.json as handed in. */
    readonly enrolment: Uint8Array;
    readonly nowMs: number;
  }): void;
  /** The last ones that the registrar has issued to the key (id, hexadecimal); undefined if there are none. */
  credentialsOf(keyId: string): Credentials | undefined;
  /** Leaves a request for the registrar, `Signed` bytes, in place of an earlier one by the same key. */
  putRequest(keyId: string, request: Uint8Array): void;
};
