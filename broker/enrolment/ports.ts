/** What enrolment needs of the board's desk. Key ids are those of signing keys, hexadecimal. */
import type { Credentials } from "../../shared/core/board.ts";

export type EnrolmentDesk = {
  readonly enrolments: {
    /**
     * The invitation with this secret hash, as it was signed, with the key id of whoever has used it. Undefined for one that is not
     * there, or has run out unused.
     */
    invited(
      secretHash: Uint8Array,
      nowMs: number,
    ): { readonly signed: Uint8Array; readonly keyId: string | undefined } | undefined;
    /**
     * Takes an enrolment for the open invitation with this secret hash, in one durable transaction; the invitation is used then. The same
     * enrolment again changes nothing: the answer may have been lost. Throws NOT_FOUND if there is no such invitation, it is out of
     * date, or it was used for something else.
     */
    enrol(of: {
      readonly secretHash: Uint8Array;
      readonly keyId: string;
      readonly enrolment: Uint8Array;
      readonly nowMs: number;
    }): void;
  };
  readonly credentials: {
    /** Leaves a request for the registrar, `Signed` bytes, in place of an earlier one. Throws EXHAUSTED; CONFLICT if a later one is here. */
    ask(keyId: string, signed: Uint8Array, requestedAtMs: number): void;
    /** The last ones that the registrar has issued; undefined if there are none. */
    issued(keyId: string): Credentials | undefined;
  };
};
