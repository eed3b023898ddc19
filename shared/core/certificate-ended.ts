/**
 * A certificate, or a NATS user, has run out: nothing is heard or said until there is another. It has the code of a peer that is away, since
 * programs try again as with that, and go on by themselves once it is replaced; but it says what is wrong, and what is to be done.
 */
import { dayOf, isoDay } from "./days.ts";
import { CausewayError } from "./errors.ts";

const REMEDY =
  "have the registrar's machine issue another (causeway registrar issue), and install it. If the date lies ahead, this machine's clock is wrong";

export class CertificateEnded extends CausewayError {
  /** `whose`: "this party's certificate", "the certificate of the broker". */
  constructor(whose: string, untilMs: number, options: { readonly cause?: unknown } = {}) {
    super("UNAVAILABLE", `${whose} ended on ${isoDay(dayOf(untilMs))}: ${REMEDY}`, options);
  }
}
