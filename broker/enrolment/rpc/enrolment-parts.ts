/** What the calls of `EnrolmentService` share, and how often strangers may make them. */
import type { CallContext } from "nice-grpc";
import { CausewayError } from "../../../shared/core/errors.ts";
import type { Clock } from "../../../shared/world/clock.ts";
import type { Log } from "../../../shared/world/log.ts";
import type { Randomness } from "../../../shared/world/world.ts";
import type { Directory } from "../../store/directory.ts";
import type { Turnstile } from "../core/turnstile.ts";
import type { EnrolmentDesk } from "../ports.ts";

export type EnrolmentParts = {
  readonly directory: Pick<Directory, "chain" | "readFreshness">;
  readonly desk: EnrolmentDesk;
  readonly turnstile: Turnstile;
  /** Where members find the NATS server. */
  readonly natsUrl: () => string;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
};

/** Throws EXHAUSTED for a caller, or a time, of too many calls. */
export function assertLet({ turnstile, clock }: EnrolmentParts, { peer }: CallContext): void {
  if (turnstile.lets(addressOf(peer), clock())) return;
  throw new CausewayError("EXHAUSTED", "too many calls; try again in a while");
}

/** Without the port, which is another for each connection. */
function addressOf(peer: string): string {
  return peer.slice(0, Math.max(0, peer.lastIndexOf(":")));
}
