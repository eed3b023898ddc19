/**
 * The broker's door for those who have no certificate yet (protocol section 5): a port of its own, where callers are believed in nothing
 * but what they sign, and may do nothing but fetch the chain, hand in public keys for an invitation, and collect what was issued to them.
 *
 * A caller knows the federation's fingerprint from its invitation and proves the chain, and with it this server's certificate, from that.
 */
import type { GrpcServerOptions, GrpcTls } from "../../shared/platform/grpc.ts";
import type { World } from "../../shared/world/world.ts";
import { Turnstile } from "./core/turnstile.ts";
import type { TurnstileLimits } from "./core/turnstile.ts";
import { enrolmentService } from "./rpc/enrolment-service.ts";
import type { EnrolmentParts } from "./rpc/enrolment-parts.ts";

/** An enrolment or a request, with its framing. */
const REQUEST_BYTES_MAX = 24 * 1024;

/** A party that waits asks every few seconds; units may share one address. */
const LIMITS: TurnstileLimits = {
  perAddress: { burst: 30, perSecond: 2 },
  together: { burst: 300, perSecond: 30 },
  addressesMax: 10_000,
};

/** What its server is started with. */
export function enrolmentDoor(
  of: Omit<EnrolmentParts, "turnstile"> & {
    readonly listen: string;
    readonly tls: GrpcTls;
    readonly world: Pick<World, "after" | "log">;
    readonly limits?: TurnstileLimits;
  },
): GrpcServerOptions {
  const { listen, tls, world, clock, limits = LIMITS } = of;
  const turnstile = new Turnstile(limits, clock());
  return {
    address: listen,
    tls,
    services: [enrolmentService({ ...of, turnstile })],
    world,
    callersProveThemselves: false,
    requestBytesMax: REQUEST_BYTES_MAX,
  };
}
